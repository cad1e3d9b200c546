import { EntryCursor } from './entry-cursor.js';
import { bodySize, childCount, headSize, SIZE, u32 } from './msgpack.js';

/**
 * Finds the first entry whose time lies outside of a span of seconds: the quick look before entries are
 * cut by their times. The entries have been validated. The usual ones are walked over by a loop of their
 * own, which takes half of the time of a cursor's.
 *
 * @param at - where the first entry begins that is looked at
 * @param from - the first second of the span
 * @param until - the first second after it
 * @returns where that entry begins; the end of the bytes where all lie within
 */
export function endOfTimes(bytes: Buffer, at: number, from: number, until: number): number {
  const end = bytes.length;
  let entry: EntryCursor | undefined;
  let pos = at;
  while (pos < end) {
    // An array of 2 with an EventTime and a map of up to 15 pairs.
    if (
      bytes[pos] !== 0x92 ||
      bytes[pos + 1] !== 0xd7 ||
      bytes[pos + 11] < 0x80 ||
      bytes[pos + 11] >= 0x90
    ) {
      entry ??= new EntryCursor(bytes);
      entry.moveTo(pos);
      const { seconds } = entry;
      if (seconds < from || seconds >= until) return pos;
      pos = entry.end;
      continue;
    }
    const seconds = u32(bytes, pos + 3);
    if (seconds < from || seconds >= until) return pos;
    let need = (bytes[pos + 11] & 0x0f) * 2;
    pos += 12;
    for (; need > 0; need--) {
      const first = bytes[pos];
      // As in the scan: a branch that is foretold costs less than a look into the table.
      if (first >= 0xa0 && first < 0xc0) pos += first - 0x9f;
      else if (first < 0x80) pos++;
      else if (first === 0xcd) pos += 3;
      else if (first === 0xd9) pos += 2 + bytes[pos + 1];
      else if (SIZE[first] !== 0) pos += SIZE[first];
      else {
        need += childCount(bytes, pos);
        pos += headSize(first) + bodySize(bytes, pos);
      }
    }
  }
  return end;
}
