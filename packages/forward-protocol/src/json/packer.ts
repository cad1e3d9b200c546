import { malformed } from './malformed.js';

// The largest head of a string, an array or a map. Heads are kept free until the size is known.
const HEAD = 5;
// Contents of more than this keep the large head: moving them would cost more than it saves.
const MOST_MOVED = 4096;
const SMALLEST = 256;

const INTEGER = /^-?(?:0|[1-9]\d*)$/;
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** A string, an array or a map whose size is not known yet. */
interface Open {
  /** Where its head is. */
  at: number;
  /** Elements of an array; keys and values of a map. */
  count: number;
  isMap: boolean;
}

/**
 * Writes MessagePack whose sizes become known only at the end of each container, as JSON has it.
 * Heads are as small as the size allows, but for contents beyond 4 KiB.
 */
export class Packer {
  #bytes = Buffer.allocUnsafe(SMALLEST);
  #at = 0;
  #usual = SMALLEST;
  readonly #open: Open[] = [];
  #text = 0;

  /** Bytes of memory that are held. */
  get held(): number {
    return this.#at === 0 ? 0 : this.#bytes.length;
  }

  /** Forgets what is written. */
  drop(): void {
    this.#bytes = Buffer.allocUnsafe(SMALLEST);
    this.#at = 0;
    this.#open.length = 0;
  }

  /** The bytes written, which are the caller's from now on. */
  take(): Buffer {
    const bytes = this.#bytes.subarray(0, this.#at);
    // The next message is likely to be as long.
    this.#usual = Math.min(Math.max(this.#at + 16, SMALLEST), 65_536);
    this.#bytes = Buffer.allocUnsafe(this.#usual);
    this.#at = 0;
    return bytes;
  }

  open(isMap: boolean): void {
    this.#value();
    this.#open.push({ at: this.#head(), count: 0, isMap });
  }

  close(): void {
    const { at, count, isMap } = this.#open.pop()!;
    const size = isMap ? count / 2 : count;
    if (size >= 0x10000 || !this.#canMove(at)) this.#large(at, isMap ? 0xdf : 0xdd, size);
    else if (size < 16) this.#settle(at, 1, (isMap ? 0x80 : 0x90) + size);
    else this.#settle(at, 3, isMap ? 0xde : 0xdc, size);
  }

  openText(): void {
    this.#value();
    this.#text = this.#head();
  }

  /** A part of a string, as it is. */
  text(bytes: Buffer, start: number, end: number): void {
    const size = end - start;
    this.#reserve(size);
    const out = this.#bytes;
    if (size > 24) {
      bytes.copy(out, this.#at, start, end);
      this.#at += size;
    } else {
      for (let pos = start; pos < end; pos++) out[this.#at++] = bytes[pos];
    }
  }

  /** One character of a string. */
  character(code: number): void {
    this.#reserve(4);
    if (code < 0x80) this.#bytes[this.#at++] = code;
    else this.#at += this.#bytes.write(String.fromCodePoint(code), this.#at);
  }

  closeText(): void {
    const at = this.#text;
    const size = this.#at - at - HEAD;
    if (!this.#canMove(at)) this.#large(at, 0xdb, size);
    else if (size < 32) this.#settle(at, 1, 0xa0 + size);
    else if (size < 0x100) this.#settle(at, 2, 0xd9, size);
    else this.#settle(at, 3, 0xda, size);
  }

  /** nil, false, true: their byte. */
  constant(byte: number): void {
    this.#value();
    this.#reserve(1);
    this.#bytes[this.#at++] = byte;
  }

  /** @throws ForwardProtocolError where the text is not a number of JSON */
  number(text: string): void {
    this.#value();
    this.#reserve(9);
    if (INTEGER.test(text)) {
      if (text.length <= 15) this.#integer(Number(text));
      else if (text.length <= 20) this.#longInteger(text);
      else this.#float(Number(text));
    } else if (NUMBER.test(text)) {
      this.#float(Number(text));
    } else {
      throw malformed(`${text.slice(0, 32)} is not a number`);
    }
  }

  /** An integer of at most 15 digits. */
  #integer(value: number): void {
    const out = this.#bytes;
    if (value >= 0) {
      if (value < 0x80) out[this.#at++] = value;
      else if (value < 0x100) this.#byte(0xcc, value);
      else if (value < 0x10000) this.#at = out.writeUInt16BE(value, this.#type(0xcd));
      else if (value < 0x1_0000_0000) this.#at = out.writeUInt32BE(value, this.#type(0xce));
      else this.#at = out.writeBigUInt64BE(BigInt(value), this.#type(0xcf));
    } else if (value >= -0x20) out[this.#at++] = value;
    else if (value >= -0x80) this.#byte(0xd0, value);
    else if (value >= -0x8000) this.#at = out.writeInt16BE(value, this.#type(0xd1));
    else if (value >= -0x8000_0000) this.#at = out.writeInt32BE(value, this.#type(0xd2));
    else this.#at = out.writeBigInt64BE(BigInt(value), this.#type(0xd3));
  }

  /** An integer beyond what a double holds exactly, or beyond 64 bits: the nearest double then. */
  #longInteger(text: string): void {
    const value = BigInt(text);
    const out = this.#bytes;
    if (BigInt.asUintN(64, value) === value) {
      this.#at = out.writeBigUInt64BE(value, this.#type(0xcf));
    } else if (BigInt.asIntN(64, value) === value) {
      this.#at = out.writeBigInt64BE(value, this.#type(0xd3));
    } else {
      this.#float(Number(text));
    }
  }

  #float(value: number): void {
    this.#at = this.#bytes.writeDoubleBE(value, this.#type(0xcb));
  }

  #byte(type: number, value: number): void {
    this.#bytes[this.#at++] = type;
    this.#bytes[this.#at++] = value;
  }

  #type(byte: number): number {
    this.#bytes[this.#at++] = byte;
    return this.#at;
  }

  #value(): void {
    const container = this.#open.at(-1);
    if (container !== undefined) container.count++;
  }

  #head(): number {
    this.#reserve(HEAD);
    const at = this.#at;
    this.#at += HEAD;
    return at;
  }

  #canMove(head: number): boolean {
    return this.#at - head - HEAD <= MOST_MOVED;
  }

  /** Writes a head of `size` bytes, and moves what stands behind it to its end. */
  #settle(at: number, size: number, type: number, value = 0): void {
    const bytes = this.#bytes;
    bytes.copyWithin(at + size, at + HEAD, this.#at);
    this.#at -= HEAD - size;
    bytes[at] = type;
    if (size === 2) bytes[at + 1] = value;
    else if (size === 3) bytes.writeUInt16BE(value, at + 1);
  }

  #large(at: number, type: number, value: number): void {
    this.#bytes[at] = type;
    this.#bytes.writeUInt32BE(value, at + 1);
  }

  #reserve(size: number): void {
    const need = this.#at + size;
    if (need <= this.#bytes.length) return;
    const bigger = Buffer.allocUnsafe(Math.max(need, this.#bytes.length * 2));
    this.#bytes.copy(bigger, 0, 0, this.#at);
    this.#bytes = bigger;
  }
}
