import { writeEventTime } from '../encode.js';
import type { EventTime } from '../event-time.js';
import { EntryCursor } from './entry-cursor.js';
import { skipValue } from './msgpack.js';
import { ENTRY_INVALID, ENTRY_ZERO_TIME, classifyEntry } from './scan.js';

// An EventTime, and how much larger it is than a time 0 or nil at most.
const TIME = 10;
const GROWTH = TIME - 1;
const ENTRIES_PER_STEP = 1024;

/** The most bytes that repaired entries take. */
export function repairedSize(bytes: number, zeroTimes: number): number {
  return bytes + zeroTimes * GROWTH;
}

/**
 * Copies complete entries without the invalid ones and with `now` for every time 0 or nil. The
 * slow way, taken only for streams in which the scan has found such entries.
 *
 * @param zeroTimes - how many entries have such a time
 */
export function repairEntries(bytes: Buffer, zeroTimes: number, now: EventTime): Buffer {
  const steps = repairSteps(bytes, zeroTimes, now);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** As {@link repairEntries}; yields after some entries. */
export function* repairSteps(
  bytes: Buffer,
  zeroTimes: number,
  now: EventTime,
): Generator<undefined, Buffer, undefined> {
  const time = Buffer.allocUnsafe(TIME);
  writeEventTime(time, 0, now);
  const end = bytes.length;
  const out = Buffer.allocUnsafe(repairedSize(end, zeroTimes));
  let length = 0;
  const entry = new EntryCursor(bytes, 0, end);
  // Runs of good entries are copied at once.
  let run = 0;
  let pos = 0;
  for (let entries = 1; pos < end; entries++) {
    const next = skipValue(bytes, pos, end);
    const verdict = classifyEntry(bytes, pos, next);
    if (verdict === ENTRY_INVALID) {
      length = copy(bytes, run, pos, out, length);
      run = next;
    } else if (verdict === ENTRY_ZERO_TIME) {
      entry.moveTo(pos);
      length = copy(bytes, run, entry.time, out, length);
      length = copy(time, 0, TIME, out, length);
      run = skipValue(bytes, entry.time, end);
    }
    pos = next;
    if (entries % ENTRIES_PER_STEP === 0) yield;
  }
  return out.subarray(0, copy(bytes, run, end, out, length));
}

/** @returns the position in `out` after the copy */
function copy(from: Buffer, start: number, end: number, out: Buffer, at: number): number {
  // A call into Node costs more than to copy a few bytes one by one.
  if (end - start > 32) return at + from.copy(out, at, start, end);
  for (let pos = start; pos < end; pos++) out[at++] = from[pos];
  return at;
}
