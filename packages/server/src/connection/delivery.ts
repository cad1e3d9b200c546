import { ConnectionEventError } from '../errors.js';
import type { ReadBuffer } from '../reading/read-buffers.js';
import { isThenable } from '../thenable.js';
import type { Connection, DataCallback } from './connection.js';
import { ConnectionIterator } from './iterator.js';
import type { ConnectionStatus } from './status.js';

/** What the delivery of bytes needs of its connection. @internal */
export interface DeliveryHost {
  readonly face: Connection;
  readonly status: ConnectionStatus;
  readonly error: Error | undefined;
  /** Begins to read. */
  read(): void;
  pauseReading(): void;
  resumeReading(): void;
  /** Keeps our side open until `release`. */
  hold(): void;
  release(): void;
  fail(thrown: unknown): void;
  closeAfterWriteComplete(): void;
}

const discard: DataCallback = () => undefined;

/**
 * Received bytes on their way to the one consumer, chunk by chunk. The socket is paused while a
 * promise of the consumer is pending, so that no more than one read waits in memory.
 * @internal
 */
export class Delivery {
  readonly #host: DeliveryHost;
  #consumer: DataCallback | undefined;
  #iterator: ConnectionIterator | undefined;
  /** The consumer, while a shutdown waits for our FIN to be sent. */
  #setAside: DataCallback | undefined;
  /** A promise of the consumer is pending. */
  #waiting = false;
  /** Where the chunk lies that is with the consumer, if it has to be given back. */
  #memory: ReadBuffer | undefined;
  #whenIdle: (() => void) | undefined;

  constructor(host: DeliveryHost) {
    this.#host = host;
  }

  /** Somebody takes the bytes, or took them once. */
  get taken(): boolean {
    return this.#consumer !== undefined;
  }

  /** Received bytes are still with the consumer. */
  get busy(): boolean {
    return this.#waiting || this.#iterator?.busy === true;
  }

  /** Resolves when nothing received is with the consumer any more, or nobody waits for it. */
  idle(): Promise<void> {
    if (!this.busy) return Promise.resolve();
    return new Promise((resolve) => {
      const before = this.#whenIdle;
      this.#whenIdle = () => {
        before?.();
        resolve();
      };
    });
  }

  /** Sets the consumer, and lets the bytes flow. @throws ConnectionEventError for a second one */
  consume(callback: DataCallback): void {
    if (this.#consumer !== undefined) {
      throw new ConnectionEventError(
        'data: a callback can be registered just once, and this connection has one already',
        'data',
      );
    }
    const open = this.#host.status === 'open';
    this.#consumer = open ? callback : discard;
    if (open) this.#host.read();
  }

  /** The chunks as an iterator. @throws ConnectionEventError for a second consumer */
  iterate(): ConnectionIterator {
    const host = this.#host;
    const iterator = new ConnectionIterator({
      pause: () => host.pauseReading(),
      resume: () => this.#resume(),
      idle: () => this.#becomeIdle(),
      leave: () => host.closeAfterWriteComplete(),
      release: () => host.release(),
    });
    // Nobody tells when the loop's body is through with a chunk, so it may be kept.
    this.consume((chunk) => iterator.push(this.#memory === undefined ? chunk : Buffer.from(chunk)));
    host.hold();
    this.#iterator = iterator;
    if (host.status !== 'open') iterator.finish(host.error);
    return iterator;
  }

  /** A chunk has come; `memory` is released when the consumer is through with it. */
  deliver(chunk: Buffer, memory?: ReadBuffer): void {
    this.#memory = memory;
    let result: unknown;
    try {
      result = this.#consumer!(chunk, this.#host.face);
    } catch (error) {
      this.#host.fail(error);
    }
    if (result !== undefined && isThenable(result)) {
      this.#waitFor(result, memory);
    } else if (memory !== undefined) {
      this.#giveBack(memory);
    }
  }

  /** Keeps the bytes of the chunk that is with the consumer, until what is returned is called. */
  retain(): () => void {
    let memory = this.#memory;
    memory?.retain();
    return () => {
      memory?.release();
      memory = undefined;
    };
  }

  /** No more bytes go to the consumer; an iteration ends, after an error with it. */
  stop(error?: Error): void {
    if (this.#consumer !== undefined) this.#consumer = discard;
    this.#iterator?.finish(error);
  }

  /** As `stop`, but the consumer can be brought back by `resumeUntilEnd`. */
  setAside(): void {
    if (this.#iterator !== undefined) return;
    this.#setAside = this.#consumer;
    this.#host.pauseReading();
  }

  /** True where a consumer waits to be brought back. */
  get isSetAside(): boolean {
    return this.#setAside !== undefined;
  }

  /** What the peer still sends until its FIN goes to the consumer that was set aside. */
  bringBack(): void {
    this.#consumer = this.#setAside;
  }

  #giveBack(memory: ReadBuffer): void {
    if (this.#memory === memory) this.#memory = undefined;
    memory.release();
  }

  #waitFor(promise: PromiseLike<unknown>, memory: ReadBuffer | undefined): void {
    const host = this.#host;
    this.#waiting = true;
    host.hold();
    host.pauseReading();
    promise.then(
      () => this.#settled(memory),
      (error: unknown) => {
        host.fail(error);
        this.#settled(memory);
      },
    );
  }

  #settled(memory: ReadBuffer | undefined): void {
    const host = this.#host;
    this.#waiting = false;
    if (memory !== undefined) this.#giveBack(memory);
    this.#becomeIdle();
    host.release();
    // While a shutdown waits for others the socket stays as it is.
    if (host.status !== 'closed' && host.status !== 'ended') host.resumeReading();
  }

  #resume(): void {
    if (this.#host.status === 'open' && !this.#waiting) this.#host.resumeReading();
  }

  #becomeIdle(): void {
    const { busy } = this;
    if (busy) return;
    this.#whenIdle?.();
    this.#whenIdle = undefined;
  }
}
