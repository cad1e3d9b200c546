import { encodeValue } from '../encode.js';
import { EntryCursor } from './entry-cursor.js';
import { isText } from './fields.js';
import { childCount, headSize, skipValue } from './msgpack.js';

/** What {@link setFields} sets in each record. */
export interface PackedFields {
  /** UTF-8 names: fields of these names that a record has are taken out. */
  readonly names: readonly Buffer[];
  /** How many pairs are added. */
  readonly pairs: number;
  /** The packed pairs, the same for each record or made for each. */
  readonly bytes: Buffer | ((entry: EntryCursor) => Buffer);
}

/** Encodes one key and its value. */
export function packPair(name: string, value: unknown): Buffer {
  return Buffer.concat([encodeValue(name), encodeValue(value)]);
}

/** Makes fields ready to be set. */
export function packFields(values: Record<string, unknown>): PackedFields {
  const fields = Object.entries(values);
  return {
    names: fields.map(([name]) => Buffer.from(name)),
    pairs: fields.length,
    bytes: Buffer.concat(fields.map(([name, value]) => packPair(name, value))),
  };
}

/**
 * Sets fields in every record of packed entries, which have been validated. Records are not
 * decoded: their bytes are copied, without the fields of the same names that they have, and the
 * fields are put at the end.
 *
 * @param count - how many entries there are
 * @returns new bytes
 */
export function setFields(bytes: Buffer, count: number, fields: PackedFields): Buffer {
  const { names, pairs: added, bytes: tails } = fields;
  const end = bytes.length;
  let tail = typeof tails === 'function' ? undefined : tails;
  // The head of a map grows by at most four bytes.
  let out = Buffer.allocUnsafe(tail === undefined ? 0 : end + count * (tail.length + 4));
  let length = 0;
  let left = count;
  let pos = 0;
  const entry = new EntryCursor(bytes);
  const gone: number[] = []; // where the pairs that go begin and end
  while (entry.moveTo(pos)) {
    const { start, record } = entry;
    const pairs = childCount(bytes, record) / 2;
    const first = record + headSize(bytes[record]);
    gone.length = 0;
    let at = first;
    for (let more = pairs; more > 0; more--) {
      const next = skipValue(bytes, skipValue(bytes, at, end), end);
      if (isOneOf(bytes, at, names)) gone.push(at, next);
      at = next;
    }
    pos = at;

    if (typeof tails === 'function') {
      tail = tails(entry);
      if (length + (at - start) + 4 + tail.length > out.length) {
        const least = length + (end - start) + left * (tail.length + 4);
        const larger = Buffer.allocUnsafe(Math.max(least, out.length + (out.length >> 2)));
        out.copy(larger, 0, 0, length);
        out = larger;
      }
      left--;
    }
    length = copyBytes(bytes, start, record, out, length);
    length = writeMapHead(out, length, pairs - gone.length / 2 + added);
    let run = first;
    for (let i = 0; i < gone.length; i += 2) {
      length = copyBytes(bytes, run, gone[i], out, length);
      run = gone[i + 1];
    }
    length = copyBytes(bytes, run, at, out, length);
    length = copyBytes(tail!, 0, tail!.length, out, length);
  }
  return out.subarray(0, length);
}

/** @returns the position in `out` after the copy */
function copyBytes(from: Buffer, start: number, end: number, out: Buffer, at: number): number {
  // A call into Node costs more than to copy a few bytes one by one.
  if (end - start > 32) return at + from.copy(out, at, start, end);
  for (let pos = start; pos < end; pos++) out[at++] = from[pos];
  return at;
}

function isOneOf(bytes: Buffer, at: number, names: readonly Buffer[]): boolean {
  for (const name of names) if (isText(bytes, at, name)) return true;
  return false;
}

function writeMapHead(out: Buffer, at: number, pairs: number): number {
  if (pairs < 16) {
    out[at] = 0x80 + pairs;
    return at + 1;
  }
  if (pairs < 0x10000) {
    out[at] = 0xde;
    out.writeUInt16BE(pairs, at + 1);
    return at + 3;
  }
  out[at] = 0xdf;
  out.writeUInt32BE(pairs, at + 1);
  return at + 5;
}
