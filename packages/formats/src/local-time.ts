const pad = (value: number, width: number): string => String(value).padStart(width, '0');

let cachedSecond = NaN;
let cachedText = '';
let cachedOffset = '';

/** `+0000`, the offset of local time from UTC at that moment. */
function offsetOf(date: Date): string {
  const minutes = -date.getTimezoneOffset();
  const size = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${pad(Math.floor(size / 60), 2)}${pad(size % 60, 2)}`;
}

function remember(seconds: number): void {
  if (seconds === cachedSecond) return;
  const date = new Date(seconds * 1000);
  cachedSecond = seconds;
  cachedText =
    `${pad(date.getFullYear(), 4)}-${pad(date.getMonth() + 1, 2)}-${pad(date.getDate(), 2)} ` +
    `${pad(date.getHours(), 2)}:${pad(date.getMinutes(), 2)}:${pad(date.getSeconds(), 2)}`;
  cachedOffset = offsetOf(date);
}

/**
 * `2026-11-22 08:33:00 +0000` in local time, as Fluentd's log has it.
 *
 * @param seconds Unix time, whole seconds
 */
export function formatSeconds(seconds: number): string {
  remember(seconds);
  return `${cachedText} ${cachedOffset}`;
}

/**
 * `2026-11-22 08:33:00.123456789 +0000` in local time, as Fluentd's stdout output has it.
 *
 * @param seconds Unix time, whole seconds
 * @param nanoseconds 0 to 999,999,999
 */
export function formatNanoseconds(seconds: number, nanoseconds: number): string {
  remember(seconds);
  return `${cachedText}.${pad(nanoseconds, 9)} ${cachedOffset}`;
}
