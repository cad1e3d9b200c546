import type { Socket } from 'node:net';
import { asError, ProxyHeaderError } from '../errors.js';
import { parseProxyHeader, type ProxyHeader } from './proxy-protocol.js';

/** What becomes of a header. @internal */
export interface ProxyReaderListener {
  done(header: ProxyHeader): void;
  failed(error: Error, reason: 'proxy-header' | 'proxy-timeout'): void;
}

/**
 * Takes the PROXY header off the front of a connection and leaves every byte after it in the
 * socket, where a data listener or TLS finds it.
 * @internal
 */
export class ProxyReader {
  readonly #socket: Socket;
  readonly #listener: ProxyReaderListener;
  readonly #timer: NodeJS.Timeout | undefined;
  #bytes: Buffer = Buffer.alloc(0);
  readonly #read = (): void => this.#onReadable();
  readonly #gone = (): void => this.fail(new ProxyHeaderError('closed before the PROXY header'));

  /** @param timeout milliseconds for the whole header; `Infinity` for none */
  constructor(socket: Socket, timeout: number, listener: ProxyReaderListener) {
    this.#socket = socket;
    this.#listener = listener;
    if (timeout !== Infinity) this.#timer = setTimeout(() => this.#late(), timeout).unref();
    socket.on('readable', this.#read);
    socket.on('close', this.#gone);
    socket.on('end', this.#gone);
  }

  fail(error: Error): void {
    this.#detach();
    this.#listener.failed(error, 'proxy-header');
  }

  #late(): void {
    this.#detach();
    this.#listener.failed(new ProxyHeaderError('no PROXY header in time'), 'proxy-timeout');
  }

  #onReadable(): void {
    const chunk = this.#socket.read() as Buffer | null;
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
    if (rest.length > 0) this.#socket.unshift(rest);
    this.#listener.done(header);
  }

  #detach(): void {
    clearTimeout(this.#timer);
    this.#socket.off('readable', this.#read);
    this.#socket.off('close', this.#gone);
    this.#socket.off('end', this.#gone);
  }
}
