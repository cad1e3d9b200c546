import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { parseConfig, type ConfigElement } from '@sluice/config';
import { EventStream, EventTime, type EventInput } from '@sluice/event-stream';
import { startPlugins, stopPlugins, type Output } from '@sluice/plugin';
import { onTestFinished } from 'vitest';
import { fileOutput } from '../../src/outputs/file.js';

export interface LogLine {
  level: string;
  fields: Record<string, unknown>;
  text: string;
}

export interface TestOutput {
  readonly output: Output & { stats(): Record<string, number>; flush(): Promise<void> };
  readonly log: LogLine[];
  readonly stop: () => Promise<void>;
}

/** Makes a file output from the lines of a `<match>`; not started. */
export function makeOutput(lines: string, context: { workerId?: number; workers?: number } = {}) {
  const element: ConfigElement = parseConfig(`<match **>\n${lines}\n</match>`).elements[0];
  const log: LogLine[] = [];
  const at = (level: string) => (fields: object, text?: string) => {
    log.push({ level, fields: fields as Record<string, unknown>, text: text ?? '' });
  };
  const logger = {
    trace: at('trace'),
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
  };
  const config = fileOutput.section.read(element, { log: logger });
  const output = fileOutput.create(
    config,
    {
      id: 'file_0',
      log: logger,
      ...context,
      createOutput: () => {
        throw new Error('no outputs inside');
      },
    },
    element,
  ) as TestOutput['output'];
  return { output, log };
}

/** Makes and starts a file output; it is stopped with the test. */
export async function startOutput(
  lines: string,
  context: { workerId?: number; workers?: number } = {},
): Promise<TestOutput> {
  const { output, log } = makeOutput(lines, context);
  await startPlugins([output]);
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopped ??= stopPlugins([output]).then(() => undefined));
  onTestFinished(stop);
  return { output, log, stop };
}

/** A stream of records, all of the same time unless an event says otherwise. */
export function stream(...events: (Record<string, unknown> | EventInput)[]): EventStream {
  return EventStream.fromEvents(
    events.map((event) =>
      'record' in event ? (event as EventInput) : { time: new EventTime(0, 0), record: event },
    ),
  );
}

/** The files below a folder, by their paths in it, in alphabetical order. */
export function filesIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .sort();
}
