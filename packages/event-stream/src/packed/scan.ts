import {
  INCOMPLETE,
  MAX_DEPTH,
  SIZE,
  bodySize,
  childCount,
  headSize,
  isMap,
  skipValue,
  u16,
  u32,
} from './msgpack.js';

/** The entry is `[time, record]` or `[[time, metadata], record]` with the right types. */
export const ENTRY_VALID = 0;
/** Valid, but its time is 0 or nil, which stands for "now". */
export const ENTRY_ZERO_TIME = 1;
/** Not an entry; its bytes can be left out. */
export const ENTRY_INVALID = 2;

/** What {@link scanEntries} has found. */
export interface ScanResult {
  /** The position after the last complete entry. */
  end: number;
  /** Complete entries, the invalid ones included. */
  entries: number;
  /** Entries that are not `[time, record]`. */
  invalid: number;
  /** Valid entries whose time is 0 or nil. */
  zeroTimes: number;
  /** Whether a record may hold extension values. */
  extensions: boolean;
  /** {@link INCOMPLETE} or {@link MALFORMED} where the scan could not go to the end, else 0. */
  status: number;
}

// The containers of an entry that are always there: its array and its record.
const OWN_DEPTH = 2;

const stack = new Float64Array(MAX_DEPTH);

/**
 * Walks over packed entries and validates each: the one pass over the bytes that a server makes.
 * Flat and without recursion. It does not use the EntryCursor, which may trust its bytes: see
 * docs/decisions/entry-cursor.md.
 *
 * @param max - stop after so many entries
 */
export function scanEntries(
  bytes: Uint8Array,
  at: number,
  end: number,
  max = Infinity,
): ScanResult {
  let entries = 0;
  let invalid = 0;
  let zeroTimes = 0;
  let extensions = false;
  let status = 0;
  let start = at;

  scan: while (entries < max && start < end) {
    let pos = start;
    fast: {
      // The usual entries: an array of 2, an EventTime as fixext 8 or a uint 32, a map; and Fluent
      // Bit's, in which an array of 2 holds the time and an empty map.
      if (pos + 14 > end || bytes[pos] !== 0x92) break fast;
      const inner = bytes[pos + 1] === 0x92;
      if (inner) pos++;
      if (bytes[pos + 1] === 0xd7 && bytes[pos + 2] === 0) {
        if (bytes[pos + 3] === 0) break fast; // before July 1970: perhaps time 0
        pos += 11;
      } else if (bytes[pos + 1] === 0xce && bytes[pos + 2] !== 0) {
        pos += 6;
      } else {
        break fast;
      }
      if (inner && bytes[pos++] !== 0x80) break fast;
      let need = bytes[pos];
      if (need >= 0x80 && need < 0x90) {
        need = (need & 0x0f) * 2;
        pos++;
      } else if (need === 0xde && pos + 3 <= end) {
        need = u16(bytes, pos + 1) * 2;
        pos += 3;
      } else {
        break fast;
      }
      let depth = OWN_DEPTH;
      for (;;) {
        while (need > 0) {
          if (pos >= end) {
            status = INCOMPLETE;
            break scan;
          }
          const first = bytes[pos];
          need--;
          // Short strings and small integers are most of the values. A branch that is foretold costs
          // less here than a look into the table, for which the next position would have to wait.
          if (first >= 0xa0 && first < 0xc0) {
            pos += first - 0x9f;
            continue;
          }
          if (first < 0x80) {
            pos++;
            continue;
          }
          if (first === 0xcd) {
            pos += 3;
            continue;
          }
          if (first === 0xce) {
            pos += 5;
            continue;
          }
          if (first === 0xd9) {
            if (pos + 2 > end) break fast;
            pos += 2 + bytes[pos + 1];
            continue;
          }
          const size = SIZE[first];
          if (size !== 0) {
            pos += size;
            continue;
          }
          let children = 0;
          if (first < 0x90) {
            children = (first & 0x0f) * 2;
            pos++;
          } else if (first < 0xa0) {
            children = first & 0x0f;
            pos++;
          } else if (first === 0xda || first === 0xc5) {
            if (pos + 3 > end) break fast;
            pos += 3 + u16(bytes, pos + 1);
            continue;
          } else if (first === 0xdb || first === 0xc6) {
            if (pos + 5 > end) break fast;
            pos += 5 + u32(bytes, pos + 1);
            continue;
          } else if (first === 0xc4) {
            if (pos + 2 > end) break fast;
            pos += 2 + bytes[pos + 1];
            continue;
          } else if (first >= 0xdc) {
            const head = headSize(first);
            if (pos + head > end) break fast;
            children = childCount(bytes, pos);
            pos += head;
          } else {
            break fast; // extensions, and 0xc1
          }
          if (children > 0) {
            if (depth >= MAX_DEPTH) break fast;
            stack[depth++] = need;
            need = children;
          }
        }
        if (depth === OWN_DEPTH) break;
        need = stack[--depth];
      }
      if (pos > end) {
        status = INCOMPLETE;
        break scan;
      }
      entries++;
      start = pos;
      continue;
    }

    const next = skipValue(bytes, start, end);
    if (next < 0) {
      status = next;
      break;
    }
    const verdict = classifyEntry(bytes, start, next);
    if (verdict === ENTRY_INVALID) invalid++;
    else if (verdict === ENTRY_ZERO_TIME) zeroTimes++;
    extensions = true; // not looked for here: decoding takes the careful way
    entries++;
    start = next;
  }
  return { end: start, entries, invalid, zeroTimes, extensions, status };
}

/** Judges one complete value, whatever it is: a status ENTRY_…. */
export function classifyEntry(bytes: Uint8Array, at: number, end: number): number {
  if (!isArrayOf(bytes, at, 2)) return ENTRY_INVALID;
  let pos = at + headSize(bytes[at]);
  let time: number;
  if (isArrayOf(bytes, pos, 2)) {
    // Fluent Bit: [[time, metadata], record]
    const inner = pos + headSize(bytes[pos]);
    const metadata = skipValue(bytes, inner, end);
    if (!isMap(bytes[metadata])) return ENTRY_INVALID;
    time = classifyTime(bytes, inner);
    pos = skipValue(bytes, metadata, end);
  } else {
    time = classifyTime(bytes, pos);
    pos = skipValue(bytes, pos, end);
  }
  if (time === ENTRY_INVALID || !isMap(bytes[pos])) return ENTRY_INVALID;
  return isTooDeep(bytes, at, end) ? ENTRY_INVALID : time;
}

function isArrayOf(bytes: Uint8Array, at: number, count: number): boolean {
  const first = bytes[at];
  if (first === 0x90 + count) return true;
  return (first === 0xdc || first === 0xdd) && childCount(bytes, at) === count;
}

/**
 * Judges the time of an entry: integers, floats, EventTime (extension 0 of 8 bytes) and nil.
 * The value must be complete.
 */
export function classifyTime(bytes: Uint8Array, at: number): number {
  const first = bytes[at];
  if (first === 0xd7 || (first === 0xc7 && bytes[at + 1] === 8)) {
    const type = first === 0xd7 ? at + 1 : at + 2;
    if (bytes[type] !== 0) return ENTRY_INVALID;
    return u32(bytes, type + 1) === 0 ? ENTRY_ZERO_TIME : ENTRY_VALID;
  }
  if (first === 0xc0 || first === 0) return ENTRY_ZERO_TIME;
  if (first < 0x80 || first >= 0xe0) return ENTRY_VALID;
  if (first >= 0xcc && first <= 0xd3) {
    for (let i = at + 1; i < at + SIZE[first]; i++) if (bytes[i] !== 0) return ENTRY_VALID;
    return ENTRY_ZERO_TIME;
  }
  if (first === 0xca || first === 0xcb) {
    const view = new DataView(bytes.buffer, bytes.byteOffset + at + 1, SIZE[first] - 1);
    const value = first === 0xca ? view.getFloat32(0) : view.getFloat64(0);
    if (!Number.isFinite(value)) return ENTRY_INVALID;
    return Math.trunc(value) === 0 ? ENTRY_ZERO_TIME : ENTRY_VALID;
  }
  return ENTRY_INVALID;
}

/** Whether containers in a complete value are nested deeper than {@link MAX_DEPTH}. */
export function isTooDeep(bytes: Uint8Array, at: number, end: number): boolean {
  let depth = 0;
  let need = 1;
  let pos = at;
  while (pos < end) {
    while (need === 0 && depth > 0) need = stack[--depth];
    need--;
    const head = headSize(bytes[pos]);
    const children = childCount(bytes, pos);
    pos += head + bodySize(bytes, pos);
    if (children > 0) {
      if (depth >= MAX_DEPTH) return true;
      stack[depth++] = need;
      need = children;
    }
  }
  return false;
}
