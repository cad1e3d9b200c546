import type { EventStream } from '@sluice/event-stream';

/** A stream may grow to this size, in bytes, whatever it was before. */
const leastLimit = 32 * 1024 * 1024;
/** A larger one may grow by this factor. */
const mostGrowth = 2;

/** Thrown where a small message would become more than the memory should hold. */
export class FilterLimitError extends Error {
  readonly code = 'ERR_SLUICE_FILTER_LIMIT';
  override readonly name = 'FilterLimitError';

  constructor(
    /** The most bytes that the filter may make of the stream. */
    readonly limit: number,
  ) {
    super(`the records of one message would become larger than ${limit} bytes`);
  }
}

/** Bounds what a filter makes of one stream. */
export class MadeBytes {
  readonly #limit: number;
  #bytes = 0;

  constructor(stream: EventStream) {
    this.#limit = Math.max(leastLimit, stream.bytes.length * mostGrowth);
  }

  /** @throws FilterLimitError */
  add(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes > this.#limit) throw new FilterLimitError(this.#limit);
  }
}

/** Entries that are made one after another. */
export class MadeEntries {
  count = 0;
  readonly #parts: Buffer[] = [];

  constructor(readonly made: MadeBytes) {}

  /** @throws FilterLimitError */
  add(entry: Buffer): void {
    this.made.add(entry.length);
    this.#parts.push(entry);
    this.count += 1;
  }

  /** All of them, as they travel with what they were made of. */
  stream(source: EventStream): EventStream {
    return source.withEntries(Buffer.concat(this.#parts), this.count);
  }
}
