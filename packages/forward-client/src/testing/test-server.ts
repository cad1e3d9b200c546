import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import tls, { type TlsOptions } from 'node:tls';
import {
  ForwardReader,
  ServerHandshake,
  encodeAck,
  type ForwardMessage,
  type ForwardSecurity,
  type Refusal,
} from '@sluice/forward-protocol';

/** What a {@link ForwardTestServer} listens on, and how it answers. */
export interface ForwardTestServerOptions {
  /** Default: 127.0.0.1. */
  readonly host?: string;
  /** Default: one that is free. */
  readonly port?: number;
  /** Listens on a Unix socket in place of host and port. Default: it does not. */
  readonly path?: string;
  /** Speaks TLS. Default: it does not. */
  readonly tls?: TlsOptions;
  /** Asks for a shared key. Default: it does not. */
  readonly security?: ForwardSecurity;
  /** Whether a message that asks for an ack gets it. Default: always. */
  readonly ack?: (message: ForwardMessage, socket: Socket) => boolean;
  /** What to do with a connection in place of all that. Default: read messages. */
  readonly onConnection?: (socket: Socket) => void;
}

/** A server of the forward protocol for the tests of a client: it keeps what it got. */
export class ForwardTestServer {
  /** Whole messages, in the order of arrival. */
  readonly messages: ForwardMessage[] = [];
  /** Messages that were not taken, and why. */
  readonly refused: Refusal[] = [];
  /** The connections that are open. */
  readonly sockets = new Set<Socket>();
  /** How many connections it has had. */
  connections = 0;
  readonly #options: ForwardTestServerOptions;
  readonly #server: Server;
  readonly #waiting = new Set<() => void>();

  private constructor(options: ForwardTestServerOptions) {
    this.#options = options;
    const serve = (socket: Socket): void => this.#serve(socket);
    this.#server = options.tls ? tls.createServer(options.tls, serve) : createServer(serve);
    // What a client does wrong during the handshake is the client's test.
    this.#server.on('tlsClientError', () => undefined);
  }

  /** Resolves when it listens. @throws the system's error */
  static async start(options: ForwardTestServerOptions = {}): Promise<ForwardTestServer> {
    const started = new ForwardTestServer(options);
    const { host = '127.0.0.1', port = 0, path } = options;
    started.#server.listen(path === undefined ? { host, port } : { path });
    await once(started.#server, 'listening');
    return started;
  }

  /** The port that it listens on; 0 with a Unix socket. */
  get port(): number {
    const address = this.#server.address();
    return address === null || typeof address === 'string' ? 0 : address.port;
  }

  /** The records of all messages. */
  records(): Record<string, unknown>[] {
    return this.messages.flatMap(({ stream }) => [...stream].map(({ record }) => record));
  }

  /** Resolves when this is so; looks at every connection, message, refusal and end. */
  until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const check = (): void => {
        if (!condition()) return;
        this.#waiting.delete(check);
        resolve();
      };
      this.#waiting.add(check);
      check();
    });
  }

  /** Closes the port and every connection at once. */
  close(): void {
    this.#server.close();
    for (const socket of this.sockets) socket.destroy();
  }

  #changed(): void {
    for (const check of this.#waiting) check();
  }

  #serve(socket: Socket): void {
    this.connections += 1;
    this.sockets.add(socket);
    socket.on('close', () => {
      this.sockets.delete(socket);
      this.#changed();
    });
    socket.on('error', () => undefined);
    if (this.#options.onConnection) this.#options.onConnection(socket);
    else this.#read(socket);
    this.#changed();
  }

  #read(socket: Socket): void {
    const { ack = () => true, security } = this.#options;
    const reader = new ForwardReader({
      onMessage: (message) => {
        message.memory?.retain(); // tests look at it for as long as they like
        this.messages.push(message);
        if (message.chunk !== undefined && ack(message, socket)) {
          socket.write(encodeAck(message.chunk));
        }
        this.#changed();
      },
      onRefused: (refusal) => {
        this.refused.push(refusal);
        this.#changed();
      },
    });
    let handshake =
      security === undefined ? undefined : new ServerHandshake(security, { address: '127.0.0.1' });
    if (handshake !== undefined) socket.write(handshake.helo());
    socket.on('data', (data) => {
      if (handshake === undefined) {
        // Bytes that are not messages end the connection, as in a real server.
        void Promise.resolve()
          .then(() => reader.push(data))
          .catch(() => socket.destroy());
        return;
      }
      const result = handshake.push(data);
      if (result === undefined) return;
      socket.write(result.reply);
      handshake = undefined;
      if (!result.ok) socket.end();
    });
  }
}
