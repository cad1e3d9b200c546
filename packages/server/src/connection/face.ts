import type { Socket } from 'node:net';
import { ConnectionEventError } from '../errors.js';
import type {
  Connection,
  ConnectionEvent,
  ConnectionListener,
  DataCallback,
  HandOverOptions,
} from './connection.js';
import type { ConnectionState } from './state.js';

/** {@link Connection} for its users: nothing but what is public, over the state. @internal */
export class ConnectionFace implements Connection {
  readonly #state: ConnectionState;

  constructor(state: ConnectionState) {
    this.#state = state;
  }

  get socket(): Socket {
    return this.#state.socket;
  }
  get title(): string {
    return this.#state.owner.title;
  }
  get protocol(): 'tcp' | 'tls' | 'unix' {
    return this.#state.owner.protocol;
  }
  get remoteAddr(): string {
    return this.#state.source.address;
  }
  get remotePort(): number | undefined {
    return this.#state.source.port;
  }
  get remoteHost(): string {
    return this.#state.owner.names?.cached(this.remoteAddr) ?? this.remoteAddr;
  }
  get peer(): string {
    return this.#state.peer;
  }
  get bytesRead(): number {
    return this.socket.bytesRead;
  }
  get bytesWritten(): number {
    return this.socket.bytesWritten;
  }
  get closed(): boolean {
    return !this.#state.writable;
  }

  retain(): () => void {
    return this.#state.delivery.retain();
  }
  resolveRemoteHost(): string | Promise<string> {
    return this.#state.owner.names?.resolve(this.remoteAddr) ?? this.remoteAddr;
  }
  write(data: Uint8Array | string): boolean {
    return this.#state.write(data);
  }
  close(): void {
    this.#state.close();
  }
  closeAfterWriteComplete(): void {
    this.#state.closeAfterWriteComplete();
  }

  on(event: 'data', listener: DataCallback): this;
  on(event: ConnectionEvent, listener: ConnectionListener): this;
  on(event: string, listener: DataCallback | ConnectionListener): this {
    if (typeof listener !== 'function') {
      throw new ConnectionEventError(`${event}: the listener must be a function`, event);
    }
    if (event === 'data') {
      this.#state.consume(listener as DataCallback);
    } else if (event === 'writeComplete' || event === 'end' || event === 'close') {
      this.#state.on(event, listener as ConnectionListener);
    } else {
      const message =
        `unknown event ${JSON.stringify(event)}: ${this.protocol} connections have ` +
        'data, writeComplete, end and close';
      throw new ConnectionEventError(message, event);
    }
    return this;
  }

  handOver(options: HandOverOptions = {}): Socket {
    return this.#state.handOver(options);
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<Buffer, undefined> {
    return this.#state.delivery.iterate();
  }
}
