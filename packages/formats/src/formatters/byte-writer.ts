import { headSize, inspectAt, isBinary, isString, textAt } from '@sluice/event-stream/packed';

const startSize = 64 * 1024;
/** A burst must not keep its memory for ever. */
const keptSize = 4 * 1024 * 1024;
/** Below this a loop is faster than a copy by the runtime. */
const shortSize = 48;

const isShortText = (first: number): boolean => first >= 0xa0 && first < 0xc0;

/** Collects the bytes of one call of a formatter: formatting is synchronous, one call at a time. */
export class ByteWriter {
  #buffer: Buffer = Buffer.allocUnsafeSlow(startSize);
  /** How many bytes have been written. */
  length = 0;

  /** Forgets what was written. */
  reset(): void {
    this.length = 0;
    if (this.#buffer.length > keptSize) this.#buffer = Buffer.allocUnsafeSlow(startSize);
  }

  /** What was written since the reset; a view, valid until the next one. */
  get written(): Buffer {
    return this.#buffer.subarray(0, this.length);
  }

  /** Writes text as UTF-8. */
  text(text: string): void {
    const size = text.length;
    this.#ensure(size * 3);
    const buffer = this.#buffer;
    if (size > shortSize) {
      this.length += buffer.write(text, this.length);
      return;
    }
    let at = this.length;
    for (let n = 0; n < size; n += 1) {
      const code = text.charCodeAt(n);
      if (code > 0x7f) {
        this.length += buffer.write(text, this.length);
        return;
      }
      buffer[at++] = code;
    }
    this.length = at;
  }

  /** Writes bytes `from` to `to` of another buffer. */
  bytes(source: Buffer, from = 0, to = source.length): void {
    this.#ensure(to - from);
    const buffer = this.#buffer;
    let at = this.length;
    if (to - from > shortSize) {
      source.copy(buffer, at, from, to);
      at += to - from;
    } else {
      for (let n = from; n < to; n += 1) buffer[at++] = source[n];
    }
    this.length = at;
  }

  /** Writes one byte. */
  byte(byte: number): void {
    this.#ensure(1);
    this.#buffer[this.length++] = byte;
  }

  /**
   * Writes a packed value as Ruby's `to_s` does; the bytes of texts as they are, even where they
   * are not UTF-8.
   *
   * @param at - where the value begins
   * @param end - where it ends
   */
  value(packed: Buffer, at: number, end: number): void {
    const first = packed[at];
    if (isShortText(first)) this.bytes(packed, at + 1, end);
    else if (first < 0x80) this.#integer(first);
    else if (isString(first) || isBinary(first)) this.bytes(packed, at + headSize(first), end);
    else if (first === 0xcc) this.#integer(packed[at + 1]);
    else if (first === 0xcd) this.#integer((packed[at + 1] << 8) | packed[at + 2]);
    else this.text(textAt(packed, at));
  }

  /** Writes a packed value as Ruby's `inspect` does. */
  inspected(packed: Buffer, at: number): void {
    this.text(inspectAt(packed, at));
  }

  /** 0 to 65,535. */
  #integer(value: number): void {
    this.#ensure(5);
    const buffer = this.#buffer;
    let digits = 1;
    for (let power = 10; power <= value; power *= 10) digits += 1;
    let rest = value;
    for (let at = this.length + digits - 1; at >= this.length; at -= 1) {
      const next = (rest / 10) | 0;
      buffer[at] = 0x30 + (rest - next * 10);
      rest = next;
    }
    this.length += digits;
  }

  /** Whether any byte from `from` on is one of `set`, which has a 1 for each of its bytes. */
  hasAny(from: number, set: Uint8Array): boolean {
    const buffer = this.#buffer;
    for (let at = from; at < this.length; at += 1) if (set[buffer[at]] === 1) return true;
    return false;
  }

  /** Replaces each `search` from `from` on. */
  replace(from: number, search: Buffer, replacement: Buffer): void {
    const buffer = this.#buffer;
    if (search.length === 1 && replacement.length === 1) {
      for (let at = from; at < this.length; at += 1) {
        if (buffer[at] === search[0]) buffer[at] = replacement[0];
      }
      return;
    }
    const written = buffer.subarray(from, this.length);
    let found = search.length === 0 ? -1 : written.indexOf(search);
    if (found < 0) return;
    const source = Buffer.from(written);
    this.length = from;
    let at = 0;
    for (; found >= 0; found = source.indexOf(search, at)) {
      this.bytes(source, at, found);
      this.bytes(replacement);
      at = found + search.length;
    }
    this.bytes(source, at);
  }

  #ensure(size: number): void {
    if (this.length + size <= this.#buffer.length) return;
    const bigger = Buffer.allocUnsafeSlow(Math.max(this.#buffer.length * 2, this.length + size));
    this.#buffer.copy(bigger, 0, 0, this.length);
    this.#buffer = bigger;
  }
}
