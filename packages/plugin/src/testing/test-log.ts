import type { Logger } from '@sluice/server';
import type { HostLog } from '../hosting/plugin-maker.js';

/** One line of a plugin's log. */
export interface LogLine {
  /** The method that was called. */
  readonly level: keyof Logger;
  /** What names the cause: peer, reason, tag and so on. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** The message for people. */
  readonly text: string;
}

/** What `@log_level` can be; all lines are kept. */
export const testLogLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;

/** A log that keeps its lines for the test. */
export function testLog(lines: LogLine[]): HostLog {
  const at = (level: keyof Logger) => (fields: object, text: string) => {
    lines.push({ level, fields: fields as Record<string, unknown>, text });
  };
  return {
    trace: at('trace'),
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: () => testLog(lines),
  };
}
