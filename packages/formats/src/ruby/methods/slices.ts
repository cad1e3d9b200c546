import type { Runtime } from '../runtime.js';
import { RubyRange, type Value } from '../values.js';

/**
 * Where the part is that `[at]`, `[from, count]` or `[a..b]` means.
 *
 * @returns undefined where Ruby gives nil
 */
export function sliceBounds(
  at: Value | undefined,
  count: Value | undefined,
  length: number,
  runtime: Runtime,
): [from: number, to: number] | undefined {
  if (at instanceof RubyRange) {
    let from = at.from === null ? 0 : runtime.index(at.from);
    if (from < 0) from += length;
    if (from < 0 || from > length) return undefined;
    let to = at.to === null ? length : runtime.index(at.to);
    if (to < 0) to += length;
    if (at.to !== null && !at.open) to += 1;
    return [from, Math.min(length, Math.max(from, to))];
  }
  let from = runtime.index(at);
  if (from < 0) from += length;
  if (from < 0 || from > length) return undefined;
  if (count === undefined) return [from, Math.min(length, from + 1)];
  const size = runtime.index(count);
  return size < 0 ? undefined : [from, Math.min(length, from + size)];
}
