type Result = IteratorResult<Buffer, undefined>;

/** What an iteration asks of its connection. @internal */
export interface IterationHost {
  pause(): void;
  resume(): void;
  /** No chunk is with the consumer, and none waits. */
  idle(): void;
  /** The loop was left early. */
  leave(): void;
  /** The loop is over: it keeps our side open no longer. */
  release(): void;
}

/**
 * Pulls the chunks of one connection. At most a few chunks wait here: the socket is paused while
 * the consumer is busy, and reads ahead by no more than one read.
 * @internal
 */
export class ConnectionIterator implements AsyncIterableIterator<Buffer, undefined> {
  readonly #host: IterationHost;
  readonly #chunks: Buffer[] = [];
  #waiting: { resolve: (result: Result) => void; reject: (error: Error) => void } | undefined;
  #error: Error | undefined;
  #ended = false;
  #released = false;
  /** A chunk is with the consumer. */
  #consuming = false;

  constructor(host: IterationHost) {
    this.#host = host;
  }

  /** A chunk is with the consumer, or waits for it. */
  get busy(): boolean {
    return this.#consuming || this.#chunks.length > 0;
  }

  push(chunk: Buffer): void {
    if (this.#waiting !== undefined) {
      const { resolve } = this.#waiting;
      this.#waiting = undefined;
      this.#consuming = true;
      resolve({ value: chunk, done: false });
      return;
    }
    this.#chunks.push(chunk);
    this.#host.pause();
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
    const chunk = this.#chunks.shift();
    this.#consuming = chunk !== undefined;
    if (chunk !== undefined) {
      if (this.#chunks.length === 0 && !this.#ended) this.#host.resume();
      return Promise.resolve({ value: chunk, done: false });
    }
    this.#host.idle();
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
    this.#consuming = false;
    this.#chunks.length = 0;
    this.finish();
    this.#host.idle();
    this.#release();
    this.#host.leave();
    return Promise.resolve({ value: undefined, done: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #release(): void {
    if (this.#released) return;
    this.#released = true;
    // What follows the loop in the consumer's code runs first, and may still write.
    setImmediate(() => this.#host.release());
  }
}
