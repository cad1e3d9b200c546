import { compileStrftime, formatSeconds, localOffset } from '@sluice/formats/time';
import { levels } from 'pino';
import { escapeControls } from './escape.js';

/** Renders a time of the log, in seconds since 1970. */
type RenderTime = (seconds: number, nanoseconds: number) => string;

export interface TextOptions {
  /** strftime's directives. Default: `%Y-%m-%d %H:%M:%S %z`. */
  readonly timeFormat?: string | undefined;
  /** Paint warnings and errors, for a terminal. Default: false. */
  readonly colors?: boolean | undefined;
}

const hidden = new Set(['level', 'time', 'msg', 'worker', 'plugin', 'details']);
/** Of ANSI terminals: yellow, red, bold red. */
const colorOf: Readonly<Record<string, string>> = { warn: '33', error: '31', fatal: '1;31' };

/** The value of a field as text lines have it. */
export function fieldText(value: unknown): string {
  const shown =
    typeof value === 'object' && value !== null && 'message' in value ? value.message : value;
  return escapeControls(JSON.stringify(shown));
}

/**
 * What turns pino's line into `2026-11-22 08:33:00 +0000 [info]: #0 [plugin] text key="value"`.
 *
 * Control characters are escaped, so that what a peer sends cannot look like a line of its own. Only
 * the field `details`, which the agent writes itself, has several lines; they are indented.
 */
export function textRenderer(options: TextOptions = {}): (json: string) => string {
  const renderTime: RenderTime =
    options.timeFormat === undefined
      ? formatSeconds
      : compileStrftime(options.timeFormat, localOffset);
  return (json) => toText(json, renderTime, options.colors === true);
}

function toText(json: string, renderTime: RenderTime, colors: boolean): string {
  const entry = JSON.parse(json) as Record<string, unknown> & { level: number; time: number };
  const label = levels.labels[entry.level] ?? 'info';
  const color = colors ? colorOf[label] : undefined;
  const level = color === undefined ? `[${label}]` : `\u001b[${color}m[${label}]\u001b[0m`;
  const seconds = Math.floor(entry.time / 1000);
  let line = `${renderTime(seconds, (entry.time - seconds * 1000) * 1e6)} ${level}: `;
  if (typeof entry.worker === 'number') line += `#${entry.worker} `;
  if (typeof entry.plugin === 'string') line += `[${escapeControls(entry.plugin)}] `;
  line += typeof entry.msg === 'string' ? escapeControls(entry.msg) : '';
  for (const [key, value] of Object.entries(entry)) {
    if (!hidden.has(key) && value !== undefined) line += ` ${key}=${fieldText(value)}`;
  }
  if (typeof entry.details !== 'string') return `${line}\n`;
  const more = entry.details.split('\n').map((text) => `  ${escapeControls(text)}`.trimEnd());
  return `${[line, ...more].join('\n')}\n`;
}
