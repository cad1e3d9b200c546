import { isUtf8 } from 'node:buffer';
import { decodeAt, type Value } from '../decode.js';
import {
  writeFloat,
  writeHead,
  writeInteger,
  writeString,
  writeStringHead,
  writeUtf8,
} from './write-parts.js';

/** What {@link JsonPacker.pack} gives for a text that it leaves to others. */
export const NOT_PACKED = -1;
/** What {@link JsonPacker.pack} gives where the target is too small. */
export const NO_ROOM = -2;

/** Deeper records are left to who reads them with more care. */
const mostDepth = 64;
/** The names of a record and of the maps around it, of which equal ones are looked for. */
const mostNames = 1024;

const space = 0x20;
const quote = 0x22;
const comma = 0x2c;
const minus = 0x2d;
const point = 0x2e;
const zero = 0x30;
const colon = 0x3a;
const openList = 0x5b;
const backslash = 0x5c;
const closeList = 0x5d;
const openMap = 0x7b;
const closeMap = 0x7d;

/** 1 for the bytes at which copying a string stops. */
const stops = new Uint8Array(256).fill(1, 0, space);
stops[quote] = 1;
stops[backslash] = 1;

/** What a backslash and a letter stand for; 0 for all that stand for nothing, and for u. */
const meanings = new Map(
  ['""', '\\\\', '//', 'b\b', 'f\f', 'n\n', 'r\r', 't\t'].map(([letter, meaning]) => [
    letter.charCodeAt(0),
    meaning.charCodeAt(0),
  ]),
);
const escaped = Uint8Array.from({ length: 256 }, (_, byte) => meanings.get(byte) ?? 0);

/** Room beyond the size of the text that is left, which the next value may take. */
const margin = 16;
/** Longer strings have heads that are larger than their quotation marks. */
const longString = 0xff_ff;

/** Powers of ten that a double has exactly. */
const powers = Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`));

/**
 * Writes a JSON object as a MessagePack map, from bytes to bytes, without any object of JavaScript
 * between. It knows what log lines are made of; all else (errors, duplicate names, integers beyond 15
 * digits, lone surrogates, bytes that are not UTF-8, names with escapes) is left to the caller's own
 * reader: {@link NOT_PACKED} says nothing about the text.
 *
 * Names keep their order, floats remain floats (1.0 is not 1).
 */
export class JsonPacker {
  /** Where the text goes on behind the object. */
  next = 0;
  /** The value of the field that was asked for; undefined where there is none. */
  value: Value | undefined;

  // Of each container that is open.
  readonly #heads = new Int32Array(mostDepth);
  readonly #counts = new Int32Array(mostDepth);
  /** Where its names begin in #names; -1 for a list. */
  readonly #firstNames = new Int32Array(mostDepth);
  readonly #names = new Int32Array(mostNames);

  // Where reading and writing have come to, for the parts that are functions.
  #from = 0;
  #to = 0;
  /** The text that is known to be UTF-8. */
  #known: Buffer | undefined;

  /** Forgets the text: to be called behind the last object of each. */
  forget(): void {
    this.#known = undefined;
  }

  /**
   * @param text is not changed
   * @param start where the object begins, with its bracket
   * @param end where the text ends
   * @param target gets the map
   * @param offset where in it
   * @param field a field of the object, as UTF-8, whose value is wanted
   * @param keep whether the map has that field, too
   * @returns where the map ends, {@link NOT_PACKED} or {@link NO_ROOM}
   */
  pack(
    text: Buffer,
    start: number,
    end: number,
    target: Buffer,
    offset: number,
    field: Buffer | undefined,
    keep: boolean,
  ): number {
    this.value = undefined;
    let fieldStart = -1;
    let fieldValue = -1;
    let fieldEnd = -1;
    // Whatever is not a float takes no more bytes than its text, but for a few of the last string.
    if (target.length - offset < end - start + margin) return NO_ROOM;
    if (text[start] !== openMap) return NOT_PACKED;
    const heads = this.#heads;
    const counts = this.#counts;
    const firstNames = this.#firstNames;
    const names = this.#names;
    let depth = 0;
    let nameCount = 0;
    let at = start + 1;
    let to = offset + 1;
    heads[0] = offset;
    counts[0] = 0;
    firstNames[0] = 0;
    let inMap = true;
    let fresh = true; // nothing in the container yet

    for (;;) {
      // Before a name, a value, or the end of the container.
      let byte = 0;
      while (at < end && isBlank((byte = text[at]))) at++;
      if (at >= end) return NOT_PACKED;
      if (byte === (inMap ? closeMap : closeList)) {
        let count = counts[depth];
        if (count > 0 && fresh) return NOT_PACKED; // a comma before the end
        if (count > 15 && target.length - to < end - at + margin) return NO_ROOM;
        at++;
        if (depth === 0 && fieldEnd >= 0) {
          this.value = decodeAt(target, fieldValue);
          if (!keep) {
            target.copyWithin(fieldStart, fieldEnd, to);
            to -= fieldEnd - fieldStart;
            count--;
          }
        }
        to = writeHead(target, heads[depth], to, count, inMap);
        if (depth === 0) {
          this.next = at;
          return to;
        }
        if (inMap) nameCount = firstNames[depth];
        depth--;
        inMap = firstNames[depth] >= 0;
      } else {
        if (!fresh) return NOT_PACKED; // no comma
        if (inMap) {
          // A name.
          if (byte !== quote) return NOT_PACKED;
          const from = at + 1;
          let hash = 0;
          let bits = 0;
          let stop = from;
          while (stop < end && stops[(byte = text[stop])] === 0) {
            hash = (Math.imul(hash, 31) + byte) | 0;
            bits |= byte;
            stop++;
          }
          if (stop >= end || byte !== quote || stop - from > longString) return NOT_PACKED;
          if (bits > 0x7f && !this.#isUtf8(text, start, end)) return NOT_PACKED;
          for (let index = firstNames[depth]; index < nameCount; index++) {
            if (names[index] === hash) return NOT_PACKED;
          }
          if (nameCount === mostNames) return NOT_PACKED;
          names[nameCount++] = hash;
          if (depth === 0 && field !== undefined && isSame(text, from, stop, field)) {
            fieldStart = to;
          }
          to = writeString(text, from, stop, target, to);
          at = stop + 1;
          while (at < end && isBlank((byte = text[at]))) at++;
          if (at >= end || byte !== colon) return NOT_PACKED;
          at++;
          while (at < end && isBlank((byte = text[at]))) at++;
          if (at >= end) return NOT_PACKED;
          if (fieldStart >= 0 && fieldValue < 0) fieldValue = to;
        }
        counts[depth]++;
        if (byte === quote) {
          const from = at + 1;
          let bits = 0;
          let stop = from;
          while (stop < end && stops[(byte = text[stop])] === 0) {
            bits |= byte;
            stop++;
          }
          if (stop >= end) return NOT_PACKED;
          if (stop - from > longString && target.length - to < end - from + margin) return NO_ROOM;
          if (bits > 0x7f && !this.#isUtf8(text, start, end)) return NOT_PACKED;
          if (byte === quote) {
            to = writeString(text, from, stop, target, to);
            at = stop + 1;
          } else {
            if (byte !== backslash) return NOT_PACKED;
            // Behind an escape there may be what is not ASCII.
            if (!this.#isUtf8(text, start, end)) return NOT_PACKED;
            if (target.length - to < end - from + margin) return NO_ROOM;
            if (!this.#escaped(text, from, stop, end, target, to)) return NOT_PACKED;
            at = this.#from;
            to = this.#to;
          }
        } else if (byte === openMap || byte === openList) {
          if (++depth === mostDepth) return NOT_PACKED;
          heads[depth] = to++;
          counts[depth] = 0;
          inMap = byte === openMap;
          firstNames[depth] = inMap ? nameCount : -1;
          at++;
          fresh = true;
          continue;
        } else if (byte === minus || (byte >= zero && byte <= 0x39)) {
          // A float may take more than its text.
          if (target.length - to < end - at + margin) return NO_ROOM;
          if (!this.#number(text, at, end, target, to)) return NOT_PACKED;
          at = this.#from;
          to = this.#to;
        } else {
          const word = wordAt(text, at, end);
          if (word === 0) return NOT_PACKED;
          target[to++] = word;
          at += word === 0xc2 ? 5 : 4;
        }
      }
      // Behind a value.
      if (depth === 0 && fieldValue >= 0 && fieldEnd < 0) fieldEnd = to;
      while (at < end && isBlank((byte = text[at]))) at++;
      fresh = at < end && text[at] === comma;
      if (fresh) at++;
    }
  }

  #isUtf8(text: Buffer, start: number, end: number): boolean {
    if (this.#known === text) return true;
    if (!isUtf8(text.subarray(start, end))) return false;
    this.#known = text;
    return true;
  }

  /** The string whose first escape is at `stop`. @returns false where it is left to others */
  #escaped(
    text: Buffer,
    from: number,
    stop: number,
    end: number,
    target: Buffer,
    to: number,
  ): boolean {
    // What the escapes stand for is shorter; the head has its final size only at the end.
    const body = to + 5;
    let out = body;
    let at = from;
    let byte = 0;
    while (at < stop) target[out++] = text[at++];
    for (;;) {
      while (at < end && stops[(byte = text[at])] === 0) {
        target[out++] = byte;
        at++;
      }
      if (at >= end) return false;
      if (byte === quote) break;
      if (byte !== backslash || at + 1 >= end) return false;
      const meaning = escaped[text[at + 1]];
      if (meaning !== 0) {
        target[out++] = meaning;
        at += 2;
        continue;
      }
      let code = unitAt(text, at, end);
      if (code < 0) return false;
      at += 6;
      if (code >= 0xd800 && code < 0xe000) {
        const low = code < 0xdc00 ? unitAt(text, at, end) : -1;
        if (low < 0xdc00 || low >= 0xe000) return false;
        at += 6;
        code = 0x1_00_00 + ((code - 0xd800) << 10) + (low - 0xdc00);
      }
      out = writeUtf8(target, out, code);
    }
    const length = out - body;
    const head = writeStringHead(target, to, length);
    target.copyWithin(head, body, out);
    this.#from = at + 1;
    this.#to = head + length;
    return true;
  }

  #number(text: Buffer, start: number, end: number, target: Buffer, to: number): boolean {
    const negative = text[start] === minus;
    const from = negative ? start + 1 : start;
    let at = from;
    let digits = 0;
    let value = 0;
    let byte = 0;
    while (at < end && (byte = text[at]) >= zero && byte <= 0x39) {
      value = value * 10 + (byte - zero);
      at++;
    }
    digits = at - from;
    if (digits === 0 || digits > 15 || (digits > 1 && text[from] === zero)) return false;
    if (at >= end || (byte !== point && (byte | 0x20) !== 0x65)) {
      this.#from = at;
      this.#to = writeInteger(target, to, negative ? -value : value);
      return true;
    }
    if (byte === point) {
      const first = ++at;
      while (at < end && (byte = text[at]) >= zero && byte <= 0x39) {
        value = value * 10 + (byte - zero);
        at++;
      }
      const decimals = at - first;
      digits += decimals;
      if (decimals === 0) return false;
      if (at >= end || (byte | 0x20) !== 0x65) {
        // Both are exact, so the quotient is the nearest double.
        if (digits <= 15) value /= powers[decimals];
        else value = Number(text.toString('latin1', from, at));
        this.#from = at;
        this.#to = writeFloat(target, to, negative ? -value : value);
        return true;
      }
    }
    at++;
    if (at < end && (text[at] === 0x2b || text[at] === minus)) at++;
    const exponent = at;
    while (at < end && text[at] >= zero && text[at] <= 0x39) at++;
    if (at === exponent || at - from > 400) return false;
    value = Number(text.toString('latin1', start, at));
    if (!Number.isFinite(value)) return false;
    this.#from = at;
    this.#to = writeFloat(target, to, value);
    return true;
  }
}

function isBlank(byte: number): boolean {
  return byte === space || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function isSame(text: Buffer, from: number, to: number, name: Buffer): boolean {
  if (to - from !== name.length) return false;
  for (let index = 0; index < name.length; index++) {
    if (text[from + index] !== name[index]) return false;
  }
  return true;
}

/** The byte of MessagePack for true, false and null; 0 for all else. */
function wordAt(text: Buffer, at: number, end: number): number {
  if (at + 4 > end) return 0;
  const word = text.readInt32BE(at);
  if (word === 0x74727565) return 0xc3;
  if (word === 0x6e756c6c) return 0xc0;
  return word === 0x66616c73 && at + 5 <= end && text[at + 4] === 0x65 ? 0xc2 : 0;
}

/** The code unit of `\uXXXX`; -1 where there is none. */
function unitAt(text: Buffer, at: number, end: number): number {
  if (at + 6 > end || text[at] !== backslash || text[at + 1] !== 0x75) return -1;
  let code = 0;
  for (let index = at + 2; index < at + 6; index++) {
    const byte = text[index];
    const letter = byte | 0x20;
    let digit: number;
    if (byte >= zero && byte <= 0x39) digit = byte - zero;
    else if (letter >= 0x61 && letter <= 0x66) digit = letter - 0x57;
    else return -1;
    code = code * 16 + digit;
  }
  return code;
}
