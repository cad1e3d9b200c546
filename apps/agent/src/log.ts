import { compileStrftime, formatSeconds, localOffset } from '@sluice/formats';
import type { Logger } from '@sluice/server';
import { levels, pino } from 'pino';
import type { LogLevel } from './log-levels.js';
import { RepeatedLines, type RepeatOptions } from './log-repeats.js';

export { logLevels } from './log-levels.js';
export type { LogLevel } from './log-levels.js';

export interface LogOptions {
  /** Default `info`. */
  readonly level?: LogLevel;
  /** `text` is one line as Fluentd writes it, `json` is pino's own. Default `text`. */
  readonly format?: 'text' | 'json';
  /** The time in text, in strftime's directives. Default `%Y-%m-%d %H:%M:%S %z`. */
  readonly timeFormat?: string;
  /**
   * Seconds in which lines that are the same but for their time are only counted. Without it a line
   * may come a few times in a minute before it is; 0 never counts. Fluentd: `ignore_same_log_interval`.
   */
  readonly repeatInterval?: number;
  /** Number of this worker, shown as `#0`. */
  readonly workerId?: number;
  /** Takes the finished lines. Default: standard error, so that standard output has only events. */
  readonly write?: (line: string) => void;
}

/** A log that can make another for one plugin, with fields and a level of its own. */
export interface AgentLog extends Logger {
  child(fields: object, options?: { level?: string }): AgentLog;
}

/** What holds unless something else is asked for. */
const usualRepeats: RepeatOptions = { interval: 60, burst: 5 };

const hidden = new Set(['level', 'time', 'msg', 'worker', 'plugin']);

function fieldText(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'object' && value !== null && 'message' in value) {
    return JSON.stringify(value.message);
  }
  return JSON.stringify(value);
}

/** Renders a time of the log, in seconds since 1970. */
type RenderTime = (seconds: number, nanoseconds: number) => string;

/** Turns pino's line into `2026-11-22 08:33:00 +0000 [info]: #0 [plugin] text key="value"`. */
export function toTextLine(json: string, renderTime: RenderTime = formatSeconds): string {
  const entry = JSON.parse(json) as Record<string, unknown> & { level: number; time: number };
  const label = levels.labels[entry.level] ?? 'info';
  const seconds = Math.floor(entry.time / 1000);
  let line = `${renderTime(seconds, (entry.time - seconds * 1000) * 1e6)} [${label}]: `;
  if (typeof entry.worker === 'number') line += `#${entry.worker} `;
  if (typeof entry.plugin === 'string') line += `[${entry.plugin}] `;
  line += typeof entry.msg === 'string' ? entry.msg : '';
  for (const [key, value] of Object.entries(entry)) {
    if (!hidden.has(key) && value !== undefined) line += ` ${key}=${fieldText(value)}`;
  }
  return `${line}\n`;
}

/** From pino's line to what is written, as the options say. */
function renderer(options: LogOptions): (line: string) => string {
  if (options.format === 'json') return (line) => line;
  if (options.timeFormat === undefined) return (line) => toTextLine(line);
  const time = compileStrftime(options.timeFormat, localOffset);
  return (line) => toTextLine(line, time);
}

function repeatsOf({ repeatInterval }: LogOptions): RepeatOptions {
  return repeatInterval === undefined ? usualRepeats : { interval: repeatInterval, burst: 1 };
}

/** Hears of every warning and error that is logged. */
export type WarningListener = (
  level: 'warn' | 'error',
  /** The id of the plugin that logged it; none where it is the host's own line. */
  plugin: string | undefined,
  fields: object,
  text: string,
) => void;

/** The log of a whole process, whose look can be changed while it is used. */
export interface RootLog extends AgentLog {
  /**
   * Changes level, format, time format and repeats. Logs that were made from it before keep their
   * level.
   */
  change(options: LogOptions): void;
  /** Default: none. */
  onWarning: WarningListener | undefined;
}

const warnLevel = levels.values.warn;
const errorLevel = levels.values.error;

/** Makes the log of the agent. */
export function createLog(options: LogOptions = {}): RootLog {
  const write = options.write ?? ((line: string) => void process.stderr.write(line));
  let render = renderer(options);
  const repeats = new RepeatedLines((line) => write(render(line)), repeatsOf(options));
  // What is held back is told at the end; standard error takes it at once.
  if (options.write === undefined) process.once('exit', () => repeats.flush());
  const log = pino(
    {
      level: options.level ?? 'info',
      base: options.workerId === undefined ? {} : { worker: options.workerId },
      hooks: {
        logMethod(args, method, level) {
          if (level >= warnLevel) heard(this.bindings(), args, level);
          method.apply(this, args);
        },
      },
    },
    { write: (line: string) => repeats.push(line) },
  );
  const heard = (bindings: object, args: unknown[], level: number): void => {
    const [fields, text] = args;
    const { plugin } = bindings as { plugin?: unknown };
    root.onWarning?.(
      level >= errorLevel ? 'error' : 'warn',
      typeof plugin === 'string' ? plugin : undefined,
      typeof fields === 'object' && fields !== null ? fields : {},
      String(text ?? fields),
    );
  };
  const root: RootLog = Object.assign(log as AgentLog, {
    onWarning: undefined,
    change(change: LogOptions) {
      render = renderer(change);
      repeats.options = repeatsOf(change);
      log.level = change.level ?? 'info';
    },
  });
  return root;
}
