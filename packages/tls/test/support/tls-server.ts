import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import tls, { type TLSSocket } from 'node:tls';
import {
  createServerContext,
  type PeerVerdict,
  type ServerTls,
  type ServerTlsOptions,
} from '../../src/index.js';

export interface TestServer {
  port: number;
  tls: ServerTls;
  server: tls.Server;
  /** Verdicts in the order of the connections. */
  verdicts: PeerVerdict[];
  /** Messages of failed handshakes. */
  failures: string[];
  close: () => Promise<void>;
}

/** Listens plainly and upgrades, as a server of the helper does; answers `hello` to who may stay. */
export async function startServer(options: ServerTlsOptions): Promise<TestServer> {
  return serve(await createServerContext({ watch: false, ...options }));
}

export async function serve(context: ServerTls): Promise<TestServer> {
  const verdicts: PeerVerdict[] = [];
  const failures: string[] = [];
  const open = new Set<net.Socket>();
  const server = tls.createServer(context.options);
  const detach = context.attach(server);
  server.on('secureConnection', (socket: TLSSocket) => {
    socket.on('error', () => undefined);
    void (async () => {
      const verdict = await context.verifyPeer(socket);
      verdicts.push(verdict);
      if (verdict.ok) socket.end('hello\n');
      else socket.destroy();
    })();
  });
  server.on('tlsClientError', (error) => void failures.push(error.message));
  const listener = net.createServer((raw) => {
    open.add(raw.on('error', () => undefined));
    raw.on('close', () => open.delete(raw));
    server.emit('connection', raw);
  });
  await once(listener.listen(0, '127.0.0.1'), 'listening');
  return {
    port: (listener.address() as AddressInfo).port,
    tls: context,
    server,
    verdicts,
    failures,
    async close() {
      for (const socket of open) socket.destroy();
      detach();
      context.close();
      listener.close();
      await once(listener, 'close');
    },
  };
}
