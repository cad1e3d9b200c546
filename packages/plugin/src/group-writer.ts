import { WriteQueue } from './write-queue.js';

interface Group {
  readonly chunks: Buffer[];
  bytes: number;
}

/** How a {@link GroupWriter} makes groups. */
export interface GroupWriterOptions {
  /** Milliseconds that the first chunk of a group waits for others. Default: 0, not at all. */
  readonly interval?: number;
  /** Bytes up to which a group is made of several chunks. Default: 8 MiB. */
  readonly groupBytes?: number;
}

const defaultGroupBytes = 8 * 1024 * 1024;

/**
 * Writes in groups: what comes while a write is under way goes into the next one together, in
 * order, so that however many wait there is one system call for them.
 */
export class GroupWriter {
  readonly #queue: WriteQueue<Group>;
  readonly #groupBytes: number;

  /** @param sink writes the chunks of one group; never called while it is still busy */
  constructor(sink: (chunks: Buffer[]) => Promise<void>, options: GroupWriterOptions = {}) {
    const { interval = 0, groupBytes = defaultGroupBytes } = options;
    this.#groupBytes = groupBytes;
    this.#queue = new WriteQueue({ write: ({ chunks }) => sink(chunks), interval });
  }

  /** Whether nothing waits and nothing is being written. */
  get isIdle(): boolean {
    return this.#queue.isIdle;
  }

  /**
   * @param bytes must not change until the promise settles
   * @returns resolves when the sink has taken them; rejects with the sink's error
   */
  write(bytes: Buffer): Promise<void> {
    let group = this.#queue.last;
    if (group === undefined || group.bytes + bytes.length > this.#groupBytes) {
      // The one before takes no more, and so waits for nothing.
      if (group !== undefined) this.flush();
      group = { chunks: [], bytes: 0 };
      this.#queue.push(group);
    }
    group.chunks.push(bytes);
    group.bytes += bytes.length;
    return this.#queue.written();
  }

  /** Ends the waiting for more, so that what has come is written now. */
  flush(): void {
    this.#queue.flush();
  }

  /** Resolves when nothing waits any more; never rejects. */
  idle(): Promise<void> {
    return this.#queue.idle();
  }
}
