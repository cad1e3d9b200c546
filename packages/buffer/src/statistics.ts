import type { RetryStatistics } from '@sluice/plugin';
import type { Clock } from '@sluice/plugin';
import type { HeldChunk } from './held-chunk.js';

/** What is being repeated, of all chunks that have failed. */
export function retryStatistics(
  failing: readonly HeldChunk[],
  clock: Clock,
): RetryStatistics | undefined {
  if (failing.length === 0) return undefined;
  const wall = (elapsed: number): number => (clock.now() + elapsed - clock.elapsed()) / 1000;
  let [steps, start, next] = [0, Infinity, Infinity];
  let reason = '';
  for (const chunk of failing) {
    if (chunk.failures > steps) ({ failures: steps, reason } = chunk);
    start = Math.min(start, chunk.failingSince);
    next = Math.min(next, chunk.notBefore);
  }
  return { steps, start: wall(start), nextTime: wall(next), reason };
}
