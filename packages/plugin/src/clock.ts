/** The time, as a plugin that waits for something takes it: a test puts a clock of its own there. */
export interface Clock {
  /** Unix time in milliseconds. */
  now(): number;
  /**
   * Calls back once.
   *
   * @param callback what is called
   * @param milliseconds when, from now
   * @param options.background the process may end before. Default: false
   * @returns ends it; nothing happens where it has been called already
   */
  setTimeout(
    callback: () => void,
    milliseconds: number,
    options?: { readonly background?: boolean },
  ): () => void;
}

/** The clock of the system. */
export const systemClock: Clock = {
  now: () => Date.now(),
  setTimeout(callback, milliseconds, { background = false } = {}) {
    const timer = setTimeout(callback, milliseconds);
    if (background) timer.unref();
    return () => clearTimeout(timer);
  },
};
