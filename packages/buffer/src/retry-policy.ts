import type { BufferConfig } from './buffer-section.js';

/** Where no longest wait is set, and the exponential has grown beyond all bounds. */
const longestWait = 24 * 3600;

/** When a chunk that could not be written is tried again, and for how long. Times in milliseconds. */
export interface RetryPolicy {
  /**
   * Until the next attempt.
   *
   * @param failures how many attempts have failed
   * @param failing for how long
   * @returns undefined where there is none
   */
  wait(failures: number, failing: number): number | undefined;
  /** Whether it is time for `<secondary>`. */
  wantsSecondary(failures: number, failing: number): boolean;
  /** Which limit was reached, for the log. */
  limit(failures: number): string;
}

/** @param random from 0 to below 1; tests have one that they know */
export function retryPolicy(config: BufferConfig, random: () => number = Math.random): RetryPolicy {
  const { retryForever, retryMaxTimes = Infinity, retrySecondaryThreshold } = config;
  const timeout = config.retryTimeout * 1000;
  return {
    wait(failures, failing) {
      const wait = waitOf(config, failures, random) * 1000;
      if (retryForever) return wait;
      if (failures > retryMaxTimes || failing >= timeout) return undefined;
      // The last attempt is at the very end of the time.
      return Math.min(wait, timeout - failing);
    },
    wantsSecondary: (failures, failing) =>
      !retryForever &&
      failures > 0 &&
      (failing >= timeout * retrySecondaryThreshold ||
        failures > retryMaxTimes * retrySecondaryThreshold),
    limit: (failures) => (failures > retryMaxTimes ? 'retry_max_times' : 'retry_timeout'),
  };
}

function waitOf(config: BufferConfig, failures: number, random: () => number): number {
  const { retryType, retryWait, retryExponentialBackoffBase, retryMaxInterval } = config;
  const grown =
    retryType === 'periodic'
      ? retryWait
      : retryWait * retryExponentialBackoffBase ** (failures - 1);
  const wait = Math.min(grown, retryMaxInterval ?? longestWait);
  return config.retryRandomize ? wait * (0.875 + random() / 4) : wait;
}
