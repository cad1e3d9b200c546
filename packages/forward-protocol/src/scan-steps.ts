import {
  INCOMPLETE,
  ValueSkipper,
  scanEntries,
  type ScanResult,
} from '@sluice/event-stream/packed';

/** Up to so many bytes are looked through at once. */
export const SCAN_STEP = 256 * 1024;
const ENTRIES_PER_STEP = 16 * 1024;
/**
 * One event may have so many values: names, values, and what they hold. Whoever reads a record as a
 * whole, a filter or an output, does so without a break.
 */
export const MOST_VALUES = 256 * 1024;
/** The status where one event is larger than the limit, or has too many values. */
export const EVENT_TOO_LARGE = -4;

/** As `scanEntries` over all of the bytes; yields wherever other work may go on. */
export function* scanSteps(
  bytes: Buffer,
  eventSizeLimit: number,
): Generator<undefined, ScanResult, undefined> {
  const all: ScanResult = {
    end: 0,
    entries: 0,
    invalid: 0,
    zeroTimes: 0,
    extensions: false,
    status: 0,
  };
  while (all.end < bytes.length) {
    let stop = Math.min(all.end + SCAN_STEP, bytes.length);
    let step = scanEntries(bytes, all.end, stop, ENTRIES_PER_STEP);
    if (step.entries === 0 && step.status === INCOMPLETE && stop < bytes.length) {
      // One entry that is larger than a step: its end is looked for first.
      stop = yield* endOfEntry(bytes, all.end, eventSizeLimit);
      if (stop >= 0) step = scanEntries(bytes, all.end, stop, 1);
      else step.status = stop;
    }
    all.end = step.end;
    all.entries += step.entries;
    all.invalid += step.invalid;
    all.zeroTimes += step.zeroTimes;
    all.extensions ||= step.extensions;
    const cut = step.status === INCOMPLETE && step.entries > 0 && stop < bytes.length;
    if (step.status !== 0 && !cut) {
      all.status = step.status;
      return all;
    }
    yield;
  }
  return all;
}

function* endOfEntry(
  bytes: Buffer,
  start: number,
  eventSizeLimit: number,
): Generator<undefined, number, undefined> {
  const skipper = new ValueSkipper();
  skipper.start(start);
  for (;;) {
    const stop = Math.min(Math.max(skipper.pos, start) + SCAN_STEP, bytes.length);
    const next = skipper.advance(bytes, stop);
    const size = Math.min(skipper.pos, bytes.length) - start;
    if (isTooLarge(size, skipper.values, eventSizeLimit)) return EVENT_TOO_LARGE;
    if (next !== INCOMPLETE || stop === bytes.length) return next;
    yield;
  }
}

/** Whether an event of so many bytes and values is beyond the limits. */
export function isTooLarge(size: number, values: number, eventSizeLimit: number): boolean {
  return size > eventSizeLimit || values > MOST_VALUES;
}
