/** The time, as a plugin that waits for something takes it: a test puts a clock of its own there. */
export interface Clock {
  /** Unix time in milliseconds. */
  now(): number;
  /**
   * Calls back once. The process does not stay alive for it.
   *
   * @param callback what is called
   * @param milliseconds when, from now
   * @returns ends it; nothing happens where it has been called already
   */
  setTimeout(callback: () => void, milliseconds: number): () => void;
}

/** The clock of the system. */
export const systemClock: Clock = {
  now: () => Date.now(),
  setTimeout(callback, milliseconds) {
    const timer = setTimeout(callback, milliseconds).unref();
    return () => clearTimeout(timer);
  },
};
