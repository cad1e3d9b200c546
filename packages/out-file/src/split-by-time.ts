import type { EventStream } from '@sluice/event-stream';
import { EntryCursor, endOfTimes } from '@sluice/event-stream/packed';
import type { Slice } from './path-template.js';

/** The events of one message that go to the same file. */
export interface Part {
  readonly slice: Slice;
  readonly stream: EventStream;
}

/** Events of one path, as runs of bytes. */
interface Run {
  readonly slice: Slice;
  readonly pieces: Buffer[];
  count: number;
  start: number;
  end: number;
}

/**
 * Cuts a message by the times of its events. Nothing is decoded, and mostly nothing copied: the
 * events of a message tend to be of one time.
 *
 * @param sliceAt where an event of that time goes, and for which times that holds
 */
export function splitByTime(stream: EventStream, sliceAt: (seconds: number) => Slice): Part[] {
  const { bytes } = stream;
  const whole = sliceOfAll(bytes, sliceAt);
  if (whole !== undefined) return [{ slice: whole, stream }];
  let slice: Slice | undefined;
  const runs: Run[] = [];
  let run: Run | undefined;
  const entry = new EntryCursor(bytes);
  while (entry.next()) {
    const { start, end, seconds } = entry;
    if (slice === undefined || seconds < slice.from || seconds >= slice.until) {
      slice = sliceAt(seconds);
    }
    if (run?.slice.path !== slice.path) {
      const { path } = slice;
      run = runs.find((one) => one.slice.path === path);
      if (run === undefined) {
        run = { slice, pieces: [], count: 0, start, end: start };
        runs.push(run);
      }
    }
    if (run.end !== start) {
      run.pieces.push(bytes.subarray(run.start, run.end));
      run.start = start;
    }
    run.end = end;
    run.count += 1;
  }
  if (runs.length === 1) return [{ slice: runs[0].slice, stream }];
  return runs.map((one) => {
    const last = bytes.subarray(one.start, one.end);
    const packed = one.pieces.length === 0 ? last : Buffer.concat([...one.pieces, last]);
    return { slice: one.slice, stream: stream.withEntries(packed, one.count) };
  });
}

/** Where all events go; undefined where they go to several places. */
function sliceOfAll(bytes: Buffer, sliceAt: (seconds: number) => Slice): Slice | undefined {
  const entry = new EntryCursor(bytes);
  let first: Slice | undefined;
  for (let at = 0; entry.moveTo(at);) {
    const slice = sliceAt(entry.seconds);
    first ??= slice;
    if (slice.path !== first.path) return undefined;
    const next = endOfTimes(bytes, at, slice.from, slice.until);
    // A time beyond those that a path can show has a slice of another time.
    if (next === at) return undefined;
    at = next;
  }
  return first;
}
