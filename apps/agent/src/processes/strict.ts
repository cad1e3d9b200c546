import type { LogLevel } from '@sluice/log/levels';
import type { RootLog } from '@sluice/log';

/** A configuration gives warnings, and `--strict` was asked for. */
export class StrictError extends Error {
  readonly code = 'ERR_SLUICE_STRICT';
  override readonly name = 'StrictError';
}

/** `1 warning`, `2 warnings`. */
export function warningsText(count: number): string {
  return count === 1 ? '1 warning' : `${count} warnings`;
}

/**
 * Counts the warnings of a log until they are checked. Takes the log's `onWarning`.
 *
 * @returns `check` throws StrictError where there were any, each of them logged already
 */
export function countWarnings(log: RootLog): { readonly count: number; check(): void } {
  let count = 0;
  log.onWarning = () => (count += 1);
  return {
    get count() {
      return count;
    },
    check() {
      if (count === 0) return;
      throw new StrictError(`the configuration gives ${warningsText(count)}, and --strict is set`);
    },
  };
}

/** The level itself, or `warn` where it would hide warnings: a hidden line cannot be counted. */
export function hearingWarnings(level: LogLevel = 'info'): LogLevel {
  return level === 'error' || level === 'fatal' ? 'warn' : level;
}
