import { bodySize, childCount, headSize, isArray, isMap, isString, skipValue } from './msgpack.js';

/** A field that is looked up in packed records: the way to it, with names as UTF-8 bytes. */
export interface PackedField {
  /** Names of fields as UTF-8, and numbers of array elements, from the outside in. */
  readonly path: readonly (Buffer | number)[];
}

/**
 * Makes a way into a record ready for look-ups.
 *
 * @param path - names of fields, and numbers of array elements (from the end, if negative)
 */
export function packField(path: readonly (string | number)[]): PackedField {
  return { path: path.map((step) => (typeof step === 'string' ? Buffer.from(step) : step)) };
}

/** Whether the value at `at` is a string with these bytes, however its length is written. */
export function isText(bytes: Buffer, at: number, text: Buffer): boolean {
  const first = bytes[at];
  let body = at + 1;
  if (first >= 0xa0 && first < 0xc0) {
    // Most names have the shortest head: their length costs no call.
    if ((first & 0x1f) !== text.length) return false;
  } else {
    if (!isString(first) || bodySize(bytes, at) !== text.length) return false;
    body = at + headSize(first);
  }
  for (let i = 0; i < text.length; i++) if (bytes[body + i] !== text[i]) return false;
  return true;
}

/**
 * Walks over one record, once, and notes where the fields of these names are.
 *
 * @param record - where the record begins
 * @param names - UTF-8 names
 * @param found - gets the position of each name's value, or -1; of a duplicate name the last
 *   counts, as it does when a record is decoded
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

/**
 * Follows the rest of a path into a value.
 *
 * @param at - where the value begins that the first steps have led to
 * @param first - the step to go on with
 * @returns where the value begins that the path leads to, or -1 where it leads nowhere
 */
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
