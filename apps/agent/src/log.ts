import type { Logger } from '@sluice/server';
import { levels, pino } from 'pino';
import { formatSeconds } from './local-time.js';
import type { LogLevel } from './log-levels.js';

export { logLevels } from './log-levels.js';
export type { LogLevel } from './log-levels.js';

export interface LogOptions {
  /** Default `info`. */
  readonly level?: LogLevel;
  /** `text` is one line as Fluentd writes it, `json` is pino's own. Default `text`. */
  readonly format?: 'text' | 'json';
  /** Number of this worker, shown as `#0`. */
  readonly workerId?: number;
  /** Takes the finished lines. Default: standard error, so that standard output has only events. */
  readonly write?: (line: string) => void;
}

/** A log that can make another for one plugin, with fields and a level of its own. */
export interface AgentLog extends Logger {
  child(fields: object, options?: { level?: string }): AgentLog;
}

const hidden = new Set(['level', 'time', 'msg', 'worker']);

function fieldText(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'object' && value !== null && 'message' in value) {
    return JSON.stringify(value.message);
  }
  return JSON.stringify(value);
}

/** Turns pino's line into `2026-11-22 08:33:00 +0000 [info]: #0 text key="value"`. */
export function toTextLine(json: string): string {
  const entry = JSON.parse(json) as Record<string, unknown> & { level: number; time: number };
  const label = levels.labels[entry.level] ?? 'info';
  let line = `${formatSeconds(Math.floor(entry.time / 1000))} [${label}]: `;
  if (typeof entry.worker === 'number') line += `#${entry.worker} `;
  line += typeof entry.msg === 'string' ? entry.msg : '';
  for (const [key, value] of Object.entries(entry)) {
    if (!hidden.has(key) && value !== undefined) line += ` ${key}=${fieldText(value)}`;
  }
  return `${line}\n`;
}

/** Makes the log of the agent. */
export function createLog(options: LogOptions = {}): AgentLog {
  const write = options.write ?? ((line: string) => void process.stderr.write(line));
  const text = (options.format ?? 'text') === 'text';
  return pino(
    {
      level: options.level ?? 'info',
      base: options.workerId === undefined ? {} : { worker: options.workerId },
    },
    { write: (line: string) => write(text ? toTextLine(line) : line) },
  );
}
