/** The time, as a plugin that waits for something takes it: a test puts a clock of its own there. */
export interface Clock {
  /** Unix time in milliseconds: it jumps when somebody sets the clock. */
  now(): number;
  /** Milliseconds from any point on: they never jump. */
  elapsed(): number;
  /**
   * Calls back once.
   *
   * @param callback what is called
   * @param milliseconds when, from now; after 24 days at the latest
   * @param options.background the process may end before. Default: false
   * @returns ends it; nothing happens where it has been called already
   */
  setTimeout(
    callback: () => void,
    milliseconds: number,
    options?: { readonly background?: boolean },
  ): () => void;
}

/** Node's timers ring at once for more. It is more than 24 days. */
const longestTimer = 2 ** 31 - 1;

/** The clock of the system. */
export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  setTimeout(callback, milliseconds, { background = false } = {}) {
    const timer = setTimeout(callback, Math.min(milliseconds, longestTimer));
    if (background) timer.unref();
    return () => clearTimeout(timer);
  },
};
