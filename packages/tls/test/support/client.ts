import tls, { type ConnectionOptions, type TLSSocket } from 'node:tls';

export interface Visit {
  /** What the server sent, `hello\n` where the client was let in. */
  text: string;
  protocol: string | null;
  resumed: boolean;
  alpn: string | false | null;
  /** Common name of the certificate that the server served. */
  served: string | undefined;
  session: Buffer | undefined;
  error: string | undefined;
}

/** Connects, reads until the server closes, and tells about it. */
export async function visit(
  port: number,
  options: ConnectionOptions & { hello?: boolean } = {},
): Promise<Visit> {
  const socket = tls.connect({ host: '127.0.0.1', port, rejectUnauthorized: false, ...options });
  let session: Buffer | undefined;
  socket.on('session', (data: Buffer) => {
    session = data;
    // TLS 1.3 tickets come after the handshake.
    // Not from within the event: OpenSSL is still at the record.
    if (options.hello === true) setImmediate(() => socket.write('hello'));
  });
  let text = '';
  socket.on('data', (chunk: Buffer) => void (text += chunk.toString()));
  if (options.hello === true && options.session) socket.write('hello');
  let about: Omit<Visit, 'text' | 'session'> = none;
  socket.on('secureConnect', () => {
    about = {
      protocol: socket.getProtocol(),
      resumed: socket.isSessionReused(),
      alpn: socket.alpnProtocol,
      served: servedName(socket),
      error: undefined,
    };
  });
  // A server that refuses may close before the client has seen the handshake's end.
  socket.on('error', (error) => (about = { ...about, error: error.message }));
  await new Promise((resolve) => socket.on('close', resolve));
  return { ...about, text, session };
}

const none = { protocol: null, resumed: false, alpn: null, served: undefined, error: undefined };

function servedName(socket: TLSSocket): string | undefined {
  const certificate = socket.getPeerCertificate() as { subject?: { CN?: string } };
  return certificate.subject?.CN;
}
