interface Group {
  readonly chunks: Buffer[];
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
  return { chunks: [], done, resolve, reject };
}

/**
 * Writes in groups: what comes while a write is under way goes into the next one together, in
 * order, so that however many wait there is one system call for them.
 */
export class GroupWriter {
  #waiting: Group | undefined;
  #running: Promise<void> | undefined;

  /** @param sink writes the chunks of one group; never called while it is still busy */
  constructor(readonly sink: (chunks: Buffer[]) => Promise<void>) {}

  /**
   * @param bytes must not change until the promise settles
   * @returns resolves when the sink has taken them; rejects with the sink's error
   */
  write(bytes: Buffer): Promise<void> {
    this.#waiting ??= newGroup();
    const { chunks, done } = this.#waiting;
    chunks.push(bytes);
    this.#running ??= this.#run();
    return done;
  }

  /** Resolves when nothing waits any more; never rejects. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  async #run(): Promise<void> {
    // Let everything that came with the same turn of the event loop join the first group.
    await Promise.resolve();
    for (let group = this.#waiting; group !== undefined; group = this.#waiting) {
      this.#waiting = undefined;
      try {
        await this.sink(group.chunks);
        group.resolve();
      } catch (error) {
        group.reject(error);
      }
    }
    this.#running = undefined;
  }
}
