import { setImmediate } from 'node:timers/promises';

/** For so many milliseconds a filter may hold the event loop. */
const sliceTime = 4;

/** Ends when the work that is not done at once, of all filters of the process, is done. */
let turn = Promise.resolve();

/** Goes on for one slice. */
function slice<T>(steps: Iterator<undefined, T>): IteratorResult<undefined, T> {
  const end = performance.now() + sliceTime;
  for (;;) {
    const step = steps.next();
    if (step.done === true || performance.now() >= end) return step;
  }
}

/**
 * Does work that may take long in slices of a few milliseconds, and lets everything else go on in
 * between. One such work is under way at a time, so that the memory of what is half made is that of
 * one stream.
 *
 * @param steps yields wherever the work may be interrupted
 * @returns the result, or a promise of it where the first slice is not enough
 */
export function inSlices<T>(steps: Iterator<undefined, T>): T | Promise<T> {
  const first = slice(steps);
  return first.done === true ? first.value : goOn(steps);
}

async function goOn<T>(steps: Iterator<undefined, T>): Promise<T> {
  const before = turn;
  let release!: () => void;
  turn = new Promise((resolve) => {
    release = resolve;
  });
  try {
    await before;
    for (;;) {
      await setImmediate();
      const step = slice(steps);
      if (step.done === true) return step.value;
    }
  } finally {
    release();
  }
}
