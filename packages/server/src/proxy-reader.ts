import type { Socket } from 'node:net';
import { asError, ProxyHeaderError } from './errors.js';
import { parseProxyHeader, type ProxyHeader } from './proxy-protocol.js';

/**
 * Takes the PROXY header off the front of a connection and leaves every byte after it in the
 * socket, where a data listener or TLS finds it.
 * @internal
 */
export class ProxyReader {
  readonly socket: Socket;
  readonly startedAt = performance.now();
  #bytes: Buffer = Buffer.alloc(0);
  readonly #done: (header: ProxyHeader) => void;
  readonly #failed: (error: Error) => void;
  readonly #read = (): void => this.#onReadable();
  readonly #gone = (): void => this.fail(new ProxyHeaderError('closed before the PROXY header'));

  constructor(socket: Socket, done: (header: ProxyHeader) => void, failed: (error: Error) => void) {
    this.socket = socket;
    this.#done = done;
    this.#failed = failed;
    socket.on('readable', this.#read);
    socket.on('close', this.#gone);
    socket.on('end', this.#gone);
  }

  fail(error: Error): void {
    this.#detach();
    this.#failed(error);
  }

  #onReadable(): void {
    const chunk = this.socket.read() as Buffer | null;
    if (chunk === null) return;
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
    let header: ProxyHeader | undefined;
    try {
      header = parseProxyHeader(this.#bytes);
    } catch (error) {
      this.fail(asError(error));
      return;
    }
    if (header === undefined) return;
    this.#detach();
    const rest = this.#bytes.subarray(header.length);
    if (rest.length > 0) this.socket.unshift(rest);
    this.#done(header);
  }

  #detach(): void {
    this.socket.off('readable', this.#read);
    this.socket.off('close', this.#gone);
    this.socket.off('end', this.#gone);
  }
}
