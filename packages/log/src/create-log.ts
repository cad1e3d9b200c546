import type { Logger } from '@sluice/server';
import { levels, pino } from 'pino';
import type { LogLevel } from './levels.js';
import { LineRate, shortened } from './line-limits.js';
import { RepeatedLines, type RepeatOptions } from './repeated-lines.js';
import { textRenderer } from './text-lines.js';

/** Options of the log. */
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
  /** Makes a log whose lines have these fields, with a level of its own. */
  child(fields: object, options?: { level?: string }): AgentLog;
}

/** What holds unless something else is asked for. */
const usualRepeats: RepeatOptions = { interval: 60, burst: 5 };

/** Whether a stream is a terminal that shows colors; it knows NO_COLOR and FORCE_COLOR. */
function hasColors(stream: NodeJS.WriteStream): boolean {
  // Both are there on a terminal only.
  return stream.isTTY && stream.hasColors();
}

/** From pino's line to what is written, as the options say. */
function renderer(options: LogOptions): (line: string) => string {
  if (options.format === 'json') return (line) => line;
  const colors = options.write === undefined && hasColors(process.stderr);
  return textRenderer({ timeFormat: options.timeFormat, colors });
}

function repeatsOf({ repeatInterval }: LogOptions): RepeatOptions {
  return repeatInterval === undefined ? usualRepeats : { interval: repeatInterval, burst: 1 };
}

/** What a line of the log consists of, besides its level. */
export type LineParts = readonly [
  /** The id of the plugin that logged it; none where it is the host's own line. */
  plugin: string | undefined,
  fields: object,
  text: string,
];

/** Hears of every line that is logged. */
export type LineListener = (level: LogLevel, ...line: LineParts) => void;

/** Hears of every warning and error that is logged. */
export type WarningListener = (level: 'warn' | 'error', ...line: LineParts) => void;

/** The log of a whole process, whose look can be changed while it is used. */
export interface RootLog extends AgentLog {
  /**
   * Changes level, format, time format and repeats. Logs that were made from it before keep their
   * level.
   */
  change(options: LogOptions): void;
  /** Default: none. */
  onWarning: WarningListener | undefined;
  /** Is called after the line was written. Default: none. */
  onLine: LineListener | undefined;
}

const warnLevel = levels.values.warn;
const errorLevel = levels.values.error;

/** Makes the log of a process. */
export function createLog(options: LogOptions = {}): RootLog {
  const write = options.write ?? ((line: string) => void process.stderr.write(line));
  let render = renderer(options);
  const rate = new LineRate((line) => write(render(line)));
  const repeats = new RepeatedLines((line) => rate.push(line), repeatsOf(options));
  // What is held back is logged at the end; standard error takes it at once.
  if (options.write === undefined) {
    process.once('exit', () => {
      repeats.flush();
      rate.flush();
    });
  }
  const log = pino(
    {
      level: options.level ?? 'info',
      base: options.workerId === undefined ? {} : { worker: options.workerId },
      hooks: {
        logMethod(args, method, level) {
          method.apply(this, args);
          heard(this.bindings(), args, level);
        },
      },
    },
    { write: (line: string) => repeats.push(shortened(line)) },
  );
  const heard = (bindings: object, args: unknown[], level: number): void => {
    if (root.onLine === undefined && level < warnLevel) return;
    const [fields, text] = args;
    const { plugin } = bindings as { plugin?: unknown };
    const line: LineParts = [
      typeof plugin === 'string' ? plugin : undefined,
      typeof fields === 'object' && fields !== null ? fields : {},
      String(text ?? fields),
    ];
    if (level >= warnLevel) root.onWarning?.(level >= errorLevel ? 'error' : 'warn', ...line);
    root.onLine?.(levels.labels[level] as LogLevel, ...line);
  };
  const root: RootLog = Object.assign(log as AgentLog, {
    onWarning: undefined,
    onLine: undefined,
    change(change: LogOptions) {
      render = renderer({ ...change, ...(options.write && { write: options.write }) });
      repeats.options = repeatsOf(change);
      log.level = change.level ?? 'info';
    },
  });
  return root;
}
