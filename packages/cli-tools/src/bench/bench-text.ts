import { bytesText, countText, eventsText } from '../terminal/numbers.js';
import type { LoadProgress } from './load.js';

/** `3s  120,000 events/s  24.0 MB/s  8,000 under way` of what came since the last time. */
export function progressText(now: LoadProgress, before: LoadProgress): string {
  const seconds = Math.max(now.seconds - before.seconds, 0.001);
  const rate = (now.kept - before.kept) / seconds;
  const bytes = (now.bytes - before.bytes) / seconds;
  return [
    `${now.seconds.toFixed(0)}s`,
    `${countText(rate)} events/s`,
    `${bytesText(bytes)}/s`,
    `${countText(now.sent - now.kept)} under way`,
  ].join('  ');
}

/**
 * The result in one line.
 *
 * @param how `acknowledged by 127.0.0.1:24224`, or `sent to …`
 */
export function resultText({ kept, bytes, seconds }: LoadProgress, how: string): string {
  const rate = kept / Math.max(seconds, 0.001);
  const byteRate = bytes / Math.max(seconds, 0.001);
  return (
    `${eventsText(kept)} (${bytesText(bytes)}) ${how} in ${seconds.toFixed(1)} s: ` +
    `${countText(rate)} events/s, ${bytesText(byteRate)}/s`
  );
}
