/** How the batches of a {@link WriteQueue} are written. */
export interface WriteQueueOptions<Batch> {
  /** Writes one batch; never called while it is still busy. */
  readonly write: (batch: Batch) => Promise<void>;
  /** Milliseconds that a batch waits for more, where it is the only one. Default: 0, not at all. */
  readonly interval?: number;
  /** Whether a batch takes no more, and so waits for nothing. Default: none does. */
  readonly isFull?: (batch: Batch) => boolean;
}

interface Waiting<Batch> {
  readonly batch: Batch;
  readonly done: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Writes one batch after the other: what comes while a write is under way goes into the batch that
 * waits, in order, so that however many writes wait they are few system calls.
 */
export class WriteQueue<Batch> {
  readonly #options: WriteQueueOptions<Batch>;
  readonly #interval: number;
  readonly #waiting: Waiting<Batch>[] = [];
  #running: Promise<void> | undefined;
  #wake: (() => void) | undefined;

  constructor(options: WriteQueueOptions<Batch>) {
    this.#options = options;
    this.#interval = options.interval ?? 0;
  }

  /** Whether nothing waits and nothing is being written. */
  get isIdle(): boolean {
    return this.#running === undefined;
  }

  /** The batch that takes more, unless it is full; undefined where none waits. */
  get last(): Batch | undefined {
    return this.#waiting.at(-1)?.batch;
  }

  /** Puts a batch behind those that wait. */
  push(batch: Batch): void {
    let resolve!: () => void;
    let reject!: (error: unknown) => void;
    const done = new Promise<void>((yes, no) => {
      resolve = yes;
      reject = no;
    });
    // Whoever writes awaits the promise or not; a rejection nobody awaits must not end the process.
    done.catch(() => undefined);
    this.#waiting.push({ batch, done, resolve, reject });
  }

  /** Takes the last batch back, which nobody waits for. */
  dropLast(): void {
    this.#waiting.pop();
  }

  /**
   * Has what waits written.
   *
   * @returns settles with the write of the last batch; only where one waits
   */
  written(): Promise<void> {
    this.#running ??= this.#run();
    return this.#waiting.at(-1)!.done;
  }

  /** Ends the waiting for more, so that what has come is written now. */
  flush(): void {
    this.#wake?.();
  }

  /** Resolves when nothing waits any more; never rejects. */
  async idle(): Promise<void> {
    this.flush();
    while (this.#running !== undefined) await this.#running;
  }

  async #run(): Promise<void> {
    const { write, isFull } = this.#options;
    // Let everything that came with the same turn of the event loop join the first batch.
    await Promise.resolve();
    for (;;) {
      if (this.#interval > 0 && this.#waiting.length === 1) {
        if (isFull?.(this.#waiting[0].batch) !== true) await this.#pause();
      }
      const next = this.#waiting.shift();
      if (next === undefined) break;
      try {
        await write(next.batch);
        next.resolve();
      } catch (error) {
        next.reject(error);
      }
    }
    this.#running = undefined;
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#wake?.(), this.#interval);
      this.#wake = () => {
        clearTimeout(timer);
        this.#wake = undefined;
        resolve();
      };
    });
  }
}
