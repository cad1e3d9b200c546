import {
  INCOMPLETE,
  ValueSkipper,
  scanEntries,
  type ScanResult,
} from '@sluice/event-stream/packed';

/** As much as is looked through in one turn of the event loop, in bytes. */
export const SCAN_STEP = 8 * 1024 * 1024;

/** As `scanEntries` over all of the bytes, but other work of the event loop goes on in between. */
export async function scanInSteps(bytes: Buffer): Promise<ScanResult> {
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
    let step = scanEntries(bytes, all.end, stop);
    if (step.entries === 0 && step.status === INCOMPLETE && stop < bytes.length) {
      // One entry that is larger than a step: its end is looked for first.
      stop = await endOfEntry(bytes, all.end);
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
    await turn();
  }
  return all;
}

async function endOfEntry(bytes: Buffer, start: number): Promise<number> {
  const skipper = new ValueSkipper();
  skipper.start(start);
  for (;;) {
    const stop = Math.min(Math.max(skipper.pos, start) + SCAN_STEP, bytes.length);
    const next = skipper.advance(bytes, stop);
    if (next !== INCOMPLETE || stop === bytes.length) return next;
    await turn();
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
