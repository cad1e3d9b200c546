import type { Connection } from './connection.js';

type Result = IteratorResult<Buffer, undefined>;

/**
 * Pulls the chunks of one connection. At most a few chunks wait here: the socket is paused while
 * the consumer is busy, and reads ahead by no more than one read.
 */
export class ConnectionIterator implements AsyncIterableIterator<Buffer, undefined> {
  readonly #connection: Connection;
  readonly #chunks: Buffer[] = [];
  #waiting: { resolve: (result: Result) => void; reject: (error: Error) => void } | undefined;
  #error: Error | undefined;
  #ended = false;
  #released = false;
  /** A chunk is with the consumer, or waits for it. */
  #busy = false;

  constructor(connection: Connection) {
    this.#connection = connection;
    connection.hold();
  }

  get busy(): boolean {
    return this.#busy || this.#chunks.length > 0;
  }

  push(chunk: Buffer): void {
    if (this.#waiting !== undefined) {
      const { resolve } = this.#waiting;
      this.#waiting = undefined;
      this.#busy = true;
      resolve({ value: chunk, done: false });
      return;
    }
    this.#chunks.push(chunk);
    this.#connection.socket.pause();
  }

  /** No more chunks will come; those that are here are still given. */
  finish(error?: Error): void {
    this.#ended = true;
    this.#error ??= error;
    if (this.#waiting === undefined) return;
    const { resolve, reject } = this.#waiting;
    this.#waiting = undefined;
    this.#release();
    if (this.#error !== undefined) reject(this.#error);
    else resolve({ value: undefined, done: true });
  }

  next(): Promise<Result> {
    this.#busy = false;
    const chunk = this.#chunks.shift();
    if (chunk !== undefined) {
      this.#busy = true;
      if (this.#chunks.length === 0 && !this.#ended) this.#connection.resumeReading();
      return Promise.resolve({ value: chunk, done: false });
    }
    if (this.#ended) {
      this.#release();
      const error = this.#error;
      this.#error = undefined;
      if (error !== undefined) return Promise.reject(error);
      return Promise.resolve({ value: undefined, done: true });
    }
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }

  /** Leaving the loop early closes the connection once what was written has been sent. */
  return(): Promise<Result> {
    this.#busy = false;
    this.#chunks.length = 0;
    this.finish();
    this.#release();
    this.#connection.closeAfterWriteComplete();
    return Promise.resolve({ value: undefined, done: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #release(): void {
    if (this.#released) return;
    this.#released = true;
    // What follows the loop in the consumer's code runs first, and may still write.
    setImmediate(() => this.#connection.release());
  }
}
