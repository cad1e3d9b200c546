/** Buffers beyond this are not kept for the next text. */
const keptCapacity = 64 * 1024;
const nothing = Buffer.alloc(0);

/** Cuts bytes as they come into texts with a delimiter behind each. */
export class DelimitedReader {
  readonly #delimiter: Buffer;
  readonly #limit: number;
  readonly #tooLong: (bytes: number) => void;
  /** The beginning of a text whose end has not come. */
  #held = nothing;
  #heldBytes = 0;
  /** The rest of a text that is too long is left out up to the next delimiter. */
  #skipping = false;

  /**
   * @param delimiter what ends each text; it does not belong to it
   * @param limit bytes that a text may have
   * @param tooLong called once for each text that has more, which is left out
   */
  constructor(delimiter: string, limit: number, tooLong: (bytes: number) => void) {
    this.#delimiter = Buffer.from(delimiter);
    this.#limit = limit;
    this.#tooLong = tooLong;
  }

  /** Bytes that wait for the end of their text. */
  get waitingBytes(): number {
    return this.#heldBytes;
  }

  /**
   * Takes the next bytes.
   *
   * @param data not needed any more after the call
   * @param found gets each whole text, valid during the call only
   */
  push(data: Buffer, found: (text: Buffer) => void): void {
    const { length } = this.#delimiter;
    if (this.#heldBytes === 0) {
      this.#hold(data, this.#cut(data, 0, found));
      return;
    }
    // The delimiter may have been cut: it is looked for where it could begin, too.
    const from = Math.max(0, this.#heldBytes - length + 1);
    this.#append(data);
    const bytes = this.#held.subarray(0, this.#heldBytes);
    this.#heldBytes = 0;
    this.#hold(bytes, this.#cut(bytes, from, found));
  }

  /** @returns where the text begins that has no end yet */
  #cut(bytes: Buffer, from: number, found: (text: Buffer) => void): number {
    let start = 0;
    let end = bytes.indexOf(this.#delimiter, from);
    while (end >= 0) {
      if (this.#skipping) this.#skipping = false;
      else if (end - start > this.#limit) this.#tooLong(end - start);
      else found(bytes.subarray(start, end));
      start = end + this.#delimiter.length;
      end = bytes.indexOf(this.#delimiter, start);
    }
    return start;
  }

  #hold(bytes: Buffer, start: number): void {
    const partly = this.#delimiter.length - 1;
    let rest = bytes.subarray(start);
    if (!this.#skipping && rest.length > this.#limit + partly) {
      this.#tooLong(rest.length);
      this.#skipping = true;
    }
    // Of what is left out, no more is needed than the beginning of a delimiter.
    if (this.#skipping) rest = rest.subarray(Math.max(0, rest.length - partly));
    if (rest.length === 0) {
      if (this.#held.length > keptCapacity) this.#held = nothing;
      return;
    }
    this.#append(rest);
  }

  #append(data: Buffer): void {
    const needed = this.#heldBytes + data.length;
    if (needed > this.#held.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, 2 * this.#held.length));
      this.#held.copy(larger, 0, 0, this.#heldBytes);
      this.#held = larger;
    }
    // It may be a part of the same buffer: copy moves such bytes rightly.
    data.copy(this.#held, this.#heldBytes);
    this.#heldBytes = needed;
  }
}
