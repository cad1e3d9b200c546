import { writeEventTime } from '../encode.js';
import type { EventTime } from '../event-time.js';
import { EntryCursor } from './entry-cursor.js';
import { skipValue } from './msgpack.js';
import { ENTRY_INVALID, ENTRY_ZERO_TIME, classifyEntry } from './scan.js';

/**
 * Copies complete entries without the invalid ones and with `now` for every time 0 or nil. The
 * slow way, taken only for streams in which the scan has found such entries.
 */
export function repairEntries(bytes: Buffer, start: number, end: number, now: EventTime): Buffer {
  const time = Buffer.allocUnsafe(10);
  writeEventTime(time, 0, now);
  const parts: Buffer[] = [];
  const entry = new EntryCursor(bytes, start, end);
  // Runs of good entries are copied at once.
  let run = start;
  let pos = start;
  while (pos < end) {
    const next = skipValue(bytes, pos, end);
    const verdict = classifyEntry(bytes, pos, next);
    if (verdict === ENTRY_INVALID) {
      parts.push(bytes.subarray(run, pos));
      run = next;
    } else if (verdict === ENTRY_ZERO_TIME) {
      entry.moveTo(pos);
      parts.push(bytes.subarray(run, entry.time), time);
      run = skipValue(bytes, entry.time, end);
    }
    pos = next;
  }
  parts.push(bytes.subarray(run, end));
  return Buffer.concat(parts);
}
