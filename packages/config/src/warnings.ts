import type { ConfigLogger } from './logger.js';

/** A logger that keeps the warnings it passes on. */
export interface WarningList extends ConfigLogger {
  /** The texts, in order. */
  readonly warnings: readonly string[];
}

/**
 * Keeps the warnings that reading a configuration gives, so that a dry run can count them, or a
 * strict one refuse the file: hand it to `loadConfig` and `section.read` as `log`.
 *
 * @param log - gets the warnings too (default: nobody)
 */
export function collectWarnings(log?: ConfigLogger): WarningList {
  const warnings: string[] = [];
  return {
    warnings,
    warn(fields, text) {
      warnings.push(text);
      log?.warn(fields, text);
    },
  };
}
