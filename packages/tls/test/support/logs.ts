import type { Logger } from '../../src/index.js';

export interface LogLine {
  level: 'debug' | 'info' | 'warn';
  fields: Record<string, unknown>;
  message: string;
}

/** A logger that keeps its lines. */
export function recordingLogger(): { log: Logger; lines: LogLine[]; warnings: () => string[] } {
  const lines: LogLine[] = [];
  const at =
    (level: LogLine['level']) =>
    (fields: Record<string, unknown>, message: string): void =>
      void lines.push({ level, fields, message });
  return {
    lines,
    log: { debug: at('debug'), info: at('info'), warn: at('warn') },
    warnings: () => lines.filter(({ level }) => level === 'warn').map(({ message }) => message),
  };
}
