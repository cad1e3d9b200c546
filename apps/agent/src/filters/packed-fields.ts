import {
  bodySize,
  childCount,
  decodeValue,
  headSize,
  isArray,
  isMap,
  isString,
  skipValue,
} from '@sluice/event-stream';
import type { FieldPath } from './record-accessor.js';
import { valueText } from './value-text.js';

/** A field that is looked up in packed records, its names as bytes. */
export interface PackedField {
  readonly path: readonly (Buffer | number)[];
}

export function packField(path: FieldPath): PackedField {
  return { path: path.map((step) => (typeof step === 'string' ? Buffer.from(step) : step)) };
}

/** Where the record of a valid entry begins: behind the time, and Fluent Bit's metadata. */
export function entryRecord(bytes: Buffer, entry: number): number {
  const time = entry + headSize(bytes[entry]);
  return bytes[time] === 0xd7 ? time + 10 : skipValue(bytes, time, bytes.length);
}

/** Whether the value at `at` is the text with these bytes. */
function isText(bytes: Buffer, at: number, text: Buffer): boolean {
  if (!isString(bytes[at]) || bodySize(bytes, at) !== text.length) return false;
  let pos = at + headSize(bytes[at]);
  for (const byte of text) if (bytes[pos++] !== byte) return false;
  return true;
}

/**
 * Walks over one record, once, and notes where the fields of these names are.
 *
 * @param found gets the position of each name's value, or -1; of a name that is there twice the
 *   last counts, as it does when a record is decoded
 * @returns where the record ends
 */
export function findFields(
  bytes: Buffer,
  record: number,
  names: readonly Buffer[],
  found: number[],
): number {
  found.fill(-1);
  const end = bytes.length;
  let pos = record + headSize(bytes[record]);
  for (let pairs = childCount(bytes, record) / 2; pairs > 0; pairs--) {
    const value = skipValue(bytes, pos, end);
    for (let i = 0; i < names.length; i++) if (isText(bytes, pos, names[i])) found[i] = value;
    pos = skipValue(bytes, value, end);
  }
  return pos;
}

/** Follows the rest of a path into a value. @returns the position, or -1 where it leads nowhere */
export function descend(
  bytes: Buffer,
  at: number,
  path: readonly (Buffer | number)[],
  first: number,
): number {
  let pos = at;
  for (let i = first; i < path.length && pos >= 0; i++) {
    const step = path[i];
    if (typeof step === 'number') pos = element(bytes, pos, step);
    else if (isMap(bytes[pos])) {
      const found = [-1];
      findFields(bytes, pos, [step], found);
      pos = found[0];
    } else pos = -1;
  }
  return pos;
}

function element(bytes: Buffer, at: number, index: number): number {
  if (!isArray(bytes[at])) return -1;
  const count = childCount(bytes, at);
  const wanted = index < 0 ? count + index : index;
  if (wanted < 0 || wanted >= count) return -1;
  let pos = at + headSize(bytes[at]);
  for (let i = 0; i < wanted; i++) pos = skipValue(bytes, pos, bytes.length);
  return pos;
}

/** The text of one value, decoding nothing else; empty where there is none (`at` is -1). */
export function textAt(bytes: Buffer, at: number): string {
  if (at < 0) return '';
  const first = bytes[at];
  if (isString(first)) {
    const start = at + headSize(first);
    return bytes.toString('utf8', start, start + bodySize(bytes, at));
  }
  // Ruby writes a float that has no fraction with one: 1.0
  const value = decodeValue(bytes, at, skipValue(bytes, at, bytes.length));
  const wholeFloat = (first === 0xca || first === 0xcb) && Number.isInteger(value);
  const text = valueText(value);
  return wholeFloat && /^-?\d+$/.test(text) ? `${text}.0` : text;
}
