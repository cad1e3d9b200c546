import type { Socket } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import { asError } from '../errors.js';
import type { PeerVerdict, ServerTls } from '@sluice/tls';

/** What becomes of an upgrade. @internal */
export interface UpgradeListener {
  secured(raw: Socket, socket: TLSSocket): void;
  /** The socket is about to be closed, and an alert that TLS has sent has to arrive. */
  beforeClose(raw: Socket): void;
  handshakeFailed(raw: Socket, reason: string, error: Error): void;
}

function ignoreError(): void {
  // TLS reports what happens to the socket under it.
}

/**
 * Turns accepted sockets into TLS sockets, by a `tls.Server` that never listens: Node's own
 * handling of contexts, SNI, tickets and timeouts, on the accept path that all protocols share.
 * @internal
 */
export class TlsUpgrade {
  readonly #context: ServerTls;
  readonly #server: Server;
  readonly #listener: UpgradeListener;
  readonly #detach: () => void;
  /** Accepted sockets whose handshake, or the check of whose peer, has not ended. */
  readonly #pending = new Set<Socket>();

  constructor(context: ServerTls, handshakeTimeout: number, listener: UpgradeListener) {
    this.#context = context;
    this.#listener = listener;
    const { requestCert } = context.options;
    this.#server = createServer({
      ...context.options,
      // OpenSSL then tells a client without a certificate, by an alert. See `keylog` below.
      rejectUnauthorized: requestCert === true,
      allowHalfOpen: true,
      handshakeTimeout: handshakeTimeout === Infinity ? 0x7fffffff : handshakeTimeout,
    });
    this.#detach = context.attach(this.#server);
    this.#server.on('secureConnection', (socket) => this.#secured(socket));
    // Node would also close on a certificate that does not verify, before the context's own policy
    // is asked. This event is the one that gives the socket before that; the keys go nowhere.
    if (requestCert === true) {
      this.#server.on('keylog', (_, socket) => {
        (socket as unknown as { _rejectUnauthorized: boolean })._rejectUnauthorized = false;
      });
    }
    this.#server.on('tlsClientError', (error, socket) => {
      const raw = rawSocket(socket);
      this.#listener.beforeClose(raw);
      this.#failed(raw, reasonOf(error, socket), error);
      // Node leaves a handshake that has timed out open.
      if (!socket.destroyed) socket.destroy();
    });
  }

  get pending(): ReadonlySet<Socket> {
    return this.#pending;
  }

  get context(): ServerTls {
    return this.#context;
  }

  start(raw: Socket): void {
    this.#pending.add(raw);
    raw.on('error', ignoreError);
    this.#server.emit('connection', raw);
  }

  close(): void {
    this.#detach();
    this.#context.close();
  }

  #secured(socket: TLSSocket): void {
    const raw = rawSocket(socket);
    let verdict: PeerVerdict | Promise<PeerVerdict>;
    try {
      verdict = this.#context.verifyPeer(socket);
    } catch (error) {
      this.#unverified(raw, socket, 'verifier', asError(error));
      return;
    }
    if (!('then' in verdict)) {
      this.#judge(raw, socket, verdict);
      return;
    }
    // Broken records may come meanwhile, too, and Node leaves the socket open then.
    const onError = (error: Error): void => {
      const { code } = error as NodeJS.ErrnoException;
      this.#unverified(raw, socket, code ?? error.message, error);
    };
    socket.on('error', onError);
    verdict.then(
      (result) => {
        socket.off('error', onError);
        this.#judge(raw, socket, result);
      },
      (error: unknown) => this.#unverified(raw, socket, 'verifier', asError(error)),
    );
  }

  #judge(raw: Socket, socket: TLSSocket, verdict: PeerVerdict): void {
    if (!verdict.ok) {
      this.#unverified(raw, socket, verdict.code, new Error(verdict.reason));
    } else if (socket.destroyed) {
      this.#failed(raw, 'ECONNRESET', new Error('closed during the check of the certificate'));
    } else if (this.#pending.delete(raw)) {
      this.#listener.secured(raw, socket);
    }
  }

  #unverified(raw: Socket, socket: TLSSocket, reason: string, error: Error): void {
    this.#listener.beforeClose(raw);
    this.#failed(raw, reason, error);
    // As Node's own TLS server: an end in order, not a reset that looks like a broken network.
    socket.destroy();
    raw.destroy();
  }

  #failed(raw: Socket, reason: string, error: Error): void {
    if (this.#pending.delete(raw)) this.#listener.handshakeFailed(raw, reason, error);
  }
}

/** Node's code, in the words of the context where it says the same thing. */
function reasonOf(error: Error, socket: TLSSocket): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE') return 'NO_PEER_CERTIFICATE';
  // Where Node has refused a certificate after all, it says ECONNRESET.
  return (socket.authorizationError as unknown as string | null) ?? code ?? error.message;
}

/**
 * The socket under a `TLSSocket` made from one. Node has kept it in this field since 0.11, and has
 * no public name for it; the compliance suite runs on every Node that is supported.
 */
function rawSocket(socket: TLSSocket): Socket {
  return (socket as unknown as { _parent: Socket })._parent;
}
