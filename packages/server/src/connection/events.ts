import type { Socket } from 'node:net';
import { isThenable } from '../thenable.js';
import type { Connection, ConnectionEvent, ConnectionListener } from './connection.js';

/** What the events of a connection need of it. @internal */
export interface EventsHost {
  readonly face: Connection;
  readonly socket: Socket;
  /** Keeps our side open until `release`. */
  hold(): void;
  release(): void;
  fail(thrown: unknown): void;
}

/** The listeners of one connection, made with the first of them. @internal */
export class ConnectionEvents {
  readonly #host: EventsHost;
  readonly #listeners: Readonly<Record<ConnectionEvent, ConnectionListener[]>> = {
    writeComplete: [],
    end: [],
    close: [],
  };
  /** Something was written since the last `writeComplete`. */
  #unflushed: boolean;
  /** For `socket.write`: called when the kernel has the bytes. */
  readonly #flushed = (): void => {
    if (!this.#unflushed || this.#host.socket.writableLength > 0) return;
    this.#unflushed = false;
    this.emit('writeComplete');
  };

  constructor(host: EventsHost) {
    this.#host = host;
    this.#unflushed = host.socket.bytesWritten > 0;
  }

  has(event: ConnectionEvent): boolean {
    return this.#listeners[event].length > 0;
  }

  add(event: ConnectionEvent, listener: ConnectionListener): void {
    this.#listeners[event].push(listener);
    if (event !== 'writeComplete' || !this.#unflushed) return;
    const { socket } = this.#host;
    if (socket.writableLength === 0) process.nextTick(this.#flushed);
    else socket.write('', this.#flushed);
  }

  /** Something is about to be written; what is returned goes to `socket.write` with it. */
  writing(): () => void {
    this.#unflushed = true;
    return this.#flushed;
  }

  /** Calls the listeners; promises of `end` listeners keep our side open until they settle. */
  emit(event: ConnectionEvent): void {
    const host = this.#host;
    for (const listener of this.#listeners[event]) {
      try {
        const result = listener(host.face);
        if (isThenable(result)) this.#waitFor(result, event === 'end');
      } catch (error) {
        host.fail(error);
      }
    }
  }

  #waitFor(result: PromiseLike<unknown>, holds: boolean): void {
    const host = this.#host;
    if (holds) host.hold();
    const done = (): void => {
      if (holds) host.release();
    };
    result.then(done, (error: unknown) => {
      host.fail(error);
      done();
    });
  }
}
