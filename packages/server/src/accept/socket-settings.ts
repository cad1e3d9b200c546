import type { Socket as UdpSocket } from 'node:dgram';
import type { Server, Socket } from 'node:net';
import type { Logger } from '../logger.js';
import {
  applySocketOptions,
  clearLinger,
  closeWithLinger,
  sendQueueOf,
  type ValidatedSocketOptions,
} from '@sluice/socket-options';

/** How one server's socket options are kept. @internal */
export class SocketSettings {
  readonly #title: string;
  readonly #options: ValidatedSocketOptions;
  readonly #log: Logger;
  readonly #linger: number;

  constructor(title: string, options: ValidatedSocketOptions, log: Logger) {
    this.#title = title;
    // What has been done by the time a socket is there, or is nothing for the kernel.
    this.#options = { ...options, reusePort: undefined, resolveName: undefined };
    this.#log = log;
    // Without the option a close resets, too, but by itself: the kernel is told nothing.
    this.#linger = options.lingerTimeout ?? 0;
  }

  /** Nothing to set. */
  get empty(): boolean {
    return Object.values(this.#options).every((value: unknown) => value === undefined);
  }

  /** The socket options that are bounds in time, in seconds (0: none). */
  get timeouts(): { recvTimeout: number; sendTimeout: number } {
    const { recvTimeout = 0, sendTimeout = 0 } = this.#options;
    return { recvTimeout, sendTimeout };
  }

  /** The one peer of a UDP socket, so that replies must not name another. */
  get connected(): boolean {
    return this.#options.connect !== undefined;
  }

  /** On a listener, so that accepted sockets inherit, or on one socket. */
  apply(target: Server | Socket | UdpSocket): void {
    if (this.empty) return;
    const { unsupported } = applySocketOptions(target, this.#options);
    for (const { option, reason } of unsupported) {
      const fields = { title: this.#title, option, reason };
      this.#log.warn(fields, `socket option ${option} is not supported here: ${reason}`);
    }
  }

  /** Closes as the linger timeout says. A Unix socket has no RST, and nothing to wait for. */
  close(socket: Socket, raw: Socket): void {
    closeWithLinger(socket, this.#linger, raw);
  }

  /** Resets at once, whatever the linger timeout says. */
  reset(socket: Socket, raw: Socket): void {
    closeWithLinger(socket, 0, raw);
  }

  /**
   * True where an orderly end may be a reset, as the document has it for a linger timeout of 0:
   * it leaves no TIME_WAIT behind, and nothing is lost by it because the peer's kernel has
   * acknowledged everything that was written.
   */
  mayReset(socket: Socket, raw: Socket): boolean {
    if (this.#options.lingerTimeout !== 0 || socket.readableEnded) return false;
    return socket.writableLength === 0 && sendQueueOf(raw).inKernel === 0;
  }

  /** Closes with a FIN, because the alert that TLS has sent has to arrive. */
  closeAfterAlert(socket: Socket, raw: Socket): void {
    this.beforeGracefulEnd(raw);
    socket.destroy();
    raw.destroy();
  }

  /**
   * A FIN is about to be sent, and what was written before it has to arrive: with a linger timeout
   * of 0 in the kernel, closing the descriptor would drop what the peer has not acknowledged yet,
   * the FIN included: the peer may then see a reset where there was none to send.
   */
  beforeGracefulEnd(raw: Socket): void {
    if (this.#options.lingerTimeout === 0) clearLinger(raw);
  }
}
