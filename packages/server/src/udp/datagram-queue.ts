import type { BatchCallback, Datagram, DatagramCallback, DatagramPeer } from './datagram.js';
import { asError } from '../errors.js';
import { isThenable } from '../thenable.js';

/** What a datagram takes in memory beside its bytes: without it, empty ones would be free. */
const overhead = 256;

interface QueueOptions {
  batch: number | undefined;
  maxBytes: number;
  dropped(peer: DatagramPeer): void;
  failed(error: Error, peer: DatagramPeer | undefined): void;
}

/**
 * Datagrams that wait: for the end of a turn of the event loop (batches), and for a consumer's
 * promise. UDP cannot be paused, so the queue is bounded and drops the newest, as the kernel does
 * with its own.
 * @internal
 */
export class DatagramQueue {
  readonly #callback: DatagramCallback | BatchCallback;
  readonly #options: QueueOptions;
  #waiting: Datagram[] = [];
  #bytes = 0;
  #busy = false;
  #scheduled = false;
  #whenIdle: (() => void) | undefined;

  constructor(callback: DatagramCallback | BatchCallback, options: QueueOptions) {
    this.#callback = callback;
    this.#options = options;
  }

  /** Nothing waits, and no promise is pending. */
  get idle(): boolean {
    return !this.#busy && this.#waiting.length === 0;
  }

  add(datagram: Datagram): boolean {
    const cost = datagram.data.length + overhead;
    if (this.#bytes + cost > this.#options.maxBytes) {
      this.#options.dropped(datagram);
      return false;
    }
    this.#bytes += cost;
    this.#waiting.push(datagram);
    return true;
  }

  /** For batches: keeps the datagram until this turn of the loop has read what there is. */
  collect(datagram: Datagram): void {
    if (!this.add(datagram) || this.#busy) return;
    if (this.#waiting.length >= this.#options.batch!) {
      this.#next();
    } else if (!this.#scheduled) {
      this.#scheduled = true;
      setImmediate(() => {
        this.#scheduled = false;
        if (!this.#busy) this.#next();
        if (this.idle) this.#whenIdle?.();
      });
    }
  }

  /** The callback returned something: if it is a promise, what comes meanwhile waits. */
  waitFor(result: unknown, peer: DatagramPeer | undefined): void {
    if (!isThenable(result)) return;
    this.#busy = true;
    result.then(
      () => this.#settled(),
      (error: unknown) => {
        this.#options.failed(asError(error), peer);
        this.#settled();
      },
    );
  }

  /** Waits until all has been consumed; gives the number of datagrams that are left. */
  async drained(milliseconds: number): Promise<number> {
    if (!this.idle) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, milliseconds);
        this.#whenIdle = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    const left = this.#waiting.length;
    this.#waiting = [];
    this.#bytes = 0;
    return left;
  }

  #settled(): void {
    this.#busy = false;
    while (this.#waiting.length > 0 && this.#next());
    if (this.idle) this.#whenIdle?.();
  }

  /** Gives the callback what is next; false where its promise has to be waited for. */
  #next(): boolean {
    const { batch } = this.#options;
    if (this.#waiting.length === 0) return true;
    let datagrams: Datagram[];
    if (batch === undefined) {
      datagrams = [this.#waiting.shift()!];
    } else if (this.#waiting.length > batch) {
      datagrams = this.#waiting.splice(0, batch);
    } else {
      datagrams = this.#waiting;
      this.#waiting = [];
    }
    for (const { data } of datagrams) this.#bytes -= data.length + overhead;
    const first = datagrams[0];
    try {
      const result =
        batch === undefined
          ? (this.#callback as DatagramCallback)(first.data, first)
          : (this.#callback as BatchCallback)(datagrams);
      if (result !== undefined) this.waitFor(result, first);
    } catch (error) {
      this.#options.failed(asError(error), first);
    }
    return !this.#busy;
  }
}
