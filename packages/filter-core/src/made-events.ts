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

const smallest = 1024;
/** What is larger gets memory for as much as may be made; the system gives it as it is written to. */
const largestDoubled = 4 * 1024 * 1024;

/** Bounds what a filter makes of one stream. */
export class MadeBytes {
  /** The most bytes. */
  readonly limit: number;
  #bytes = 0;

  constructor(stream: EventStream) {
    this.limit = Math.max(leastLimit, stream.bytes.length * mostGrowth);
  }

  /** @throws FilterLimitError */
  add(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes > this.limit) throw new FilterLimitError(this.limit);
  }
}

/** Entries that are made one after another, collected in one piece: there may be millions. */
export class MadeEntries {
  count = 0;
  #bytes = Buffer.alloc(0);
  #length = 0;

  constructor(readonly made: MadeBytes) {}

  /** @throws FilterLimitError */
  add(entry: Buffer): void {
    this.made.add(entry.length);
    const at = this.#length;
    this.#length += entry.length;
    if (this.#length > this.#bytes.length) this.#grow(at);
    entry.copy(this.#bytes, at);
    this.count += 1;
  }

  /** All of them, as they travel with what they were made of. */
  stream(source: EventStream): EventStream {
    return source.withEntries(this.#bytes.subarray(0, this.#length), this.count);
  }

  #grow(used: number): void {
    const doubled = Math.max(smallest, this.#bytes.length * 2, this.#length);
    const size = doubled > largestDoubled ? this.made.limit : doubled;
    const larger = Buffer.allocUnsafeSlow(size);
    this.#bytes.copy(larger, 0, 0, used);
    this.#bytes = larger;
  }
}
