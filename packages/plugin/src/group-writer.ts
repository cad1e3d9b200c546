interface Group {
  readonly chunks: Buffer[];
  bytes: number;
  readonly done: Promise<void>;
  resolve: () => void;
  reject: (error: unknown) => void;
}

function newGroup(): Group {
  let resolve!: () => void;
  let reject!: (error: unknown) => void;
  const done = new Promise<void>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  // Whoever writes awaits the promise or not; a rejection nobody awaits must not end the process.
  done.catch(() => undefined);
  return { chunks: [], bytes: 0, done, resolve, reject };
}

export interface GroupWriterOptions {
  /** Milliseconds that the first chunk of a group waits for others. Default 0: not at all. */
  readonly interval?: number;
  /** A group of so many bytes waits for nothing, and no greater one is made of smaller chunks. */
  readonly groupBytes?: number;
}

const defaultGroupBytes = 8 * 1024 * 1024;

/**
 * Writes in groups: what comes while a write is under way goes into the next one together, in
 * order, so that however many wait there is one system call for them.
 */
export class GroupWriter {
  readonly #waiting: Group[] = [];
  readonly #interval: number;
  readonly #groupBytes: number;
  #running: Promise<void> | undefined;
  #wake: (() => void) | undefined;

  /** @param sink writes the chunks of one group; never called while it is still busy */
  constructor(
    readonly sink: (chunks: Buffer[]) => Promise<void>,
    options: GroupWriterOptions = {},
  ) {
    this.#interval = options.interval ?? 0;
    this.#groupBytes = options.groupBytes ?? defaultGroupBytes;
  }

  /** Whether nothing waits and nothing is being written. */
  get isIdle(): boolean {
    return this.#running === undefined;
  }

  /**
   * @param bytes must not change until the promise settles
   * @returns resolves when the sink has taken them; rejects with the sink's error
   */
  write(bytes: Buffer): Promise<void> {
    let group = this.#waiting.at(-1);
    if (group === undefined || group.bytes + bytes.length > this.#groupBytes) {
      group = newGroup();
      this.#waiting.push(group);
      if (this.#waiting.length > 1) this.flush();
    }
    group.chunks.push(bytes);
    group.bytes += bytes.length;
    this.#running ??= this.#run();
    return group.done;
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
    // Let everything that came with the same turn of the event loop join the first group.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      if (this.#interval > 0 && this.#waiting.length === 1) await this.#pause();
      const group = this.#waiting.shift();
      if (group === undefined) break;
      try {
        await this.sink(group.chunks);
        group.resolve();
      } catch (error) {
        group.reject(error);
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
