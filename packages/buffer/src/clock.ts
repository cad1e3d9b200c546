/** The time, and calls at a later time; tests have one that they move. */
export interface Clock {
  /** Unix time in milliseconds: it jumps when somebody sets the clock. */
  now(): number;
  /** Milliseconds from any point on: they never jump. */
  elapsed(): number;
  /** Calls a function once, after so many milliseconds. @returns takes the call back */
  after(milliseconds: number, call: () => void): () => void;
}

/** Node's timers ring at once for more. It is more than 24 days. */
const longestTimer = 2 ** 31 - 1;

/** The clock of this machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  after(milliseconds, call) {
    const timer = setTimeout(call, Math.min(milliseconds, longestTimer));
    return () => clearTimeout(timer);
  },
};
