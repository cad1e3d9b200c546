import { encodeValue } from '../encode.js';
import { EntryCursor } from './entry-cursor.js';
import { isText } from './fields.js';
import { childCount, headSize, skipValue } from './msgpack.js';

const ENTRIES_PER_STEP = 1024;

/** What {@link setFields} sets in each record. */
export interface PackedFields {
  /** UTF-8 names of the pairs, in their order. */
  readonly names: readonly Buffer[];
  /** The packed pairs, the same for each record or made for each. */
  readonly bytes: Buffer | ((entry: EntryCursor) => Buffer);
  /** Where only the last value changes from record to record: a shorter way to the same as JSON. */
  readonly changing?: ChangingField;
}

/** The last of the fields that are set, and what comes before it. */
export interface ChangingField {
  /** The packed pairs before it. */
  readonly before: Buffer;
  /** The packed name. */
  readonly name: Buffer;
  /** The value for one record, as JSON. */
  readonly json: (entry: EntryCursor) => string;
}

/** Encodes one key and its value. */
export function packPair(name: string, value: unknown): Buffer {
  return Buffer.concat([encodeValue(name), encodeValue(value)]);
}

/** Makes fields ready to be set. */
export function packFields(values: Record<string, unknown>): PackedFields & {
  /** The packed pairs, the same for each record. */
  readonly bytes: Buffer;
} {
  const fields = Object.entries(values);
  return {
    names: fields.map(([name]) => Buffer.from(name)),
    bytes: Buffer.concat(fields.map(([name, value]) => packPair(name, value))),
  };
}

/**
 * Sets fields in every record of packed entries, which have been validated. Records are not
 * decoded: their bytes are copied. As in a hash of Ruby, a field that a record has keeps its place
 * and gets the new value, and the others are put at the end.
 *
 * @param count - how many entries there are
 * @returns new bytes
 */
export function setFields(bytes: Buffer, count: number, fields: PackedFields): Buffer {
  const steps = setFieldsSteps(bytes, count, fields);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** As {@link setFields}; yields after some entries. */
export function* setFieldsSteps(
  bytes: Buffer,
  count: number,
  fields: PackedFields,
): Generator<undefined, Buffer, undefined> {
  const { names, bytes: tails } = fields;
  const end = bytes.length;
  let tail = typeof tails === 'function' ? undefined : tails;
  // The head of a map grows by at most four bytes.
  let out = Buffer.allocUnsafe(tail === undefined ? 0 : end + count * (tail.length + 4));
  let length = 0;
  let left = count;
  let pos = 0;
  const entry = new EntryCursor(bytes);
  const known: Known[] = []; // fields that the record has
  for (let entries = 1; entry.moveTo(pos); entries++) {
    if (entries % ENTRIES_PER_STEP === 0) yield;
    const { start, record } = entry;
    const pairs = childCount(bytes, record) / 2;
    const first = record + headSize(bytes[record]);
    known.length = 0;
    let at = first;
    for (let more = pairs; more > 0; more--) {
      const next = skipValue(bytes, skipValue(bytes, at, end), end);
      const index = indexOf(bytes, at, names);
      if (index >= 0) known.push({ index, start: at, end: next });
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
    if (known.length === 0) {
      length = writeMapHead(out, length, pairs + names.length);
      length = copyBytes(bytes, first, at, out, length);
      length = copyBytes(tail!, 0, tail!.length, out, length);
      continue;
    }
    // Of equal names the first keeps the place.
    const places = new Map<number, number>();
    for (const { index, start: place } of known) {
      if (!places.has(index)) places.set(index, place);
    }
    length = writeMapHead(out, length, pairs - known.length + names.length);
    const bounds = pairBounds(tail!);
    let run = first;
    for (const { index, start: from, end: to } of known) {
      length = copyBytes(bytes, run, from, out, length);
      if (places.get(index) === from) {
        length = copyBytes(tail!, bounds[index], bounds[index + 1], out, length);
      }
      run = to;
    }
    length = copyBytes(bytes, run, at, out, length);
    for (let index = 0; index < names.length; index++) {
      if (places.has(index)) continue;
      length = copyBytes(tail!, bounds[index], bounds[index + 1], out, length);
    }
  }
  return out.subarray(0, length);
}

/** A pair of a record whose name is one of those that are set. */
interface Known {
  readonly index: number;
  readonly start: number;
  readonly end: number;
}

/** Where each of the packed pairs begins, and where the last one ends. */
function pairBounds(pairs: Buffer): number[] {
  const bounds = [0];
  for (let at = 0; at < pairs.length;) {
    at = skipValue(pairs, skipValue(pairs, at, pairs.length), pairs.length);
    bounds.push(at);
  }
  return bounds;
}

/** @returns the position in `out` after the copy */
function copyBytes(from: Buffer, start: number, end: number, out: Buffer, at: number): number {
  // A call into Node costs more than to copy a few bytes one by one.
  if (end - start > 32) return at + from.copy(out, at, start, end);
  for (let pos = start; pos < end; pos++) out[at++] = from[pos];
  return at;
}

function indexOf(bytes: Buffer, at: number, names: readonly Buffer[]): number {
  for (let index = 0; index < names.length; index++) {
    if (isText(bytes, at, names[index])) return index;
  }
  return -1;
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
