import type { Logger } from '../../src/index.js';

export interface LogLine extends Record<string, unknown> {
  level: string;
  message: string;
}

/** A logger whose lines can be looked at, and waited for. */
export class MemoryLog implements Logger {
  readonly lines: LogLine[] = [];
  readonly #waiting: { matches: (line: LogLine) => boolean; resolve: (line: LogLine) => void }[] =
    [];
  readonly trace = this.#method('trace');
  readonly debug = this.#method('debug');
  readonly info = this.#method('info');
  readonly warn = this.#method('warn');
  readonly error = this.#method('error');

  /** The first line whose fields are these, now or later. */
  line(fields: Record<string, unknown>): Promise<LogLine> {
    const matches = (line: LogLine): boolean =>
      Object.entries(fields).every(([name, value]) => line[name] === value);
    const found = this.lines.find(matches);
    if (found !== undefined) return Promise.resolve(found);
    return new Promise((resolve) => this.#waiting.push({ matches, resolve }));
  }

  #method(level: string): (fields: object, message: string) => void {
    return (fields, message) => {
      const line = { ...fields, level, message };
      this.lines.push(line);
      for (const { matches, resolve } of this.#waiting) if (matches(line)) resolve(line);
    };
  }
}
