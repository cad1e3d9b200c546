import {
  bodySize,
  childCount,
  decodeValue,
  EventTime,
  headSize,
  isArray,
  isString,
  skipValue,
  u32,
} from '@sluice/event-stream';

/** Where one entry of an EventStream lies in its bytes, and its time. */
export interface PackedEntry {
  start: number;
  /** Where the record begins. */
  record: number;
  end: number;
  seconds: number;
  nanoseconds: number;
}

function timeAt(bytes: Buffer, at: number, end: number): EventTime {
  const value = decodeValue(bytes, at, end);
  if (value instanceof EventTime) return value;
  return typeof value === 'number' || typeof value === 'bigint'
    ? EventTime.fromSeconds(Number(value))
    : new EventTime(0, 0);
}

/**
 * Calls `each` for every entry, in order, without decoding any record. The object that it gets is
 * the same one each time.
 *
 * @param bytes validated entries, as an EventStream has them
 */
export function forEachEntry(bytes: Buffer, each: (entry: PackedEntry) => void): void {
  const entry: PackedEntry = { start: 0, record: 0, end: 0, seconds: 0, nanoseconds: 0 };
  const size = bytes.length;
  let pos = 0;
  while (pos < size) {
    entry.start = pos;
    pos += headSize(bytes[pos]);
    const withMetadata = isArray(bytes[pos]);
    if (withMetadata) pos += headSize(bytes[pos]);
    if (bytes[pos] === 0xd7) {
      entry.seconds = u32(bytes, pos + 2);
      entry.nanoseconds = u32(bytes, pos + 6);
      pos += 10;
    } else {
      const next = skipValue(bytes, pos, size);
      ({ seconds: entry.seconds, nanoseconds: entry.nanoseconds } = timeAt(bytes, pos, next));
      pos = next;
    }
    if (withMetadata) pos = skipValue(bytes, pos, size);
    entry.record = pos;
    pos = skipValue(bytes, pos, size);
    entry.end = pos;
    each(entry);
  }
}

/** A key's name as bytes to compare with. */
function isKey(bytes: Buffer, at: number, key: Buffer): boolean {
  const first = bytes[at];
  if (!isString(first) || bodySize(bytes, at) !== key.length) return false;
  const body = at + headSize(first);
  for (let i = 0; i < key.length; i++) if (bytes[body + i] !== key[i]) return false;
  return true;
}

/**
 * Looks a key up among those of a record.
 *
 * @param at where the record's map begins
 * @returns where the key's value begins, or -1
 */
export function findField(bytes: Buffer, at: number, key: Buffer): number {
  let pos = at + headSize(bytes[at]);
  for (let pairs = childCount(bytes, at) / 2; pairs > 0; pairs--) {
    const value = skipValue(bytes, pos, bytes.length);
    if (isKey(bytes, pos, key)) return value;
    pos = skipValue(bytes, value, bytes.length);
  }
  return -1;
}

/**
 * The parts of a record's body without the keys given.
 *
 * @returns how many pairs are left; their bytes are appended to `parts`
 */
export function withoutFields(
  bytes: Buffer,
  at: number,
  end: number,
  keys: readonly Buffer[],
  parts: Buffer[],
): number {
  const all = childCount(bytes, at) / 2;
  let left = all;
  let pos = at + headSize(bytes[at]);
  let run = pos;
  for (let pairs = all; pairs > 0; pairs--) {
    const next = skipValue(bytes, skipValue(bytes, pos, end), end);
    if (keys.some((key) => isKey(bytes, pos, key))) {
      if (run < pos) parts.push(bytes.subarray(run, pos));
      run = next;
      left--;
    }
    pos = next;
  }
  if (run < end) parts.push(bytes.subarray(run, end));
  return left;
}

/** The head of a map of so many pairs. */
export function mapHead(pairs: number): Buffer {
  if (pairs < 16) return Buffer.from([0x80 | pairs]);
  const head = Buffer.allocUnsafe(pairs < 0x1_0000 ? 3 : 5);
  if (head.length === 3) {
    head[0] = 0xde;
    head.writeUInt16BE(pairs, 1);
  } else {
    head[0] = 0xdf;
    head.writeUInt32BE(pairs, 1);
  }
  return head;
}
