import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseConfig, type ConfigElement } from '@sluice/config';
import { EventStream, EventTime, type EventInput } from '@sluice/event-stream';
import * as formats from '@sluice/formats';
import {
  isPluginDefinition,
  PluginRegistry,
  startPlugins,
  stopPlugins,
  withoutOldParameters,
  type InnerKind,
  type InnerPlugin,
  type Output,
  type PluginContext,
} from '@sluice/plugin';
import { onTestFinished } from 'vitest';
import { fileOutput } from '../../src/index.js';

const registry = new PluginRegistry();
for (const definition of (Object.values(formats) as unknown[]).filter(isPluginDefinition)) {
  registry.add(definition, { from: '@sluice/formats', version: undefined });
}

/** A folder that is removed when the test is over. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'sluice-out-file-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** All that the output tells of itself, in one table. */
export function counters(output: Output): Record<string, unknown> {
  const { counters, gauges, queue } = output.statistics();
  return { ...counters, ...gauges, waiting_bytes: queue?.bytes };
}

export interface LogLine {
  level: string;
  fields: Record<string, unknown>;
  text: string;
}

export interface TestOutput {
  readonly output: Output & { flush(): Promise<void> };
  readonly log: LogLine[];
  readonly stop: () => Promise<void>;
}

/** One file of that very path, which grows by lines of JSON unless `more` says otherwise. */
export function growing(file: string, more = ''): string {
  const { dir, name, ext } = path.parse(file);
  const lines = [`path ${dir}/${name}`, `path_suffix ${ext || '.log'}`, more];
  if (!more.includes('append ')) lines.push('append true');
  if (!more.includes('<buffer')) lines.push('<buffer []>\n</buffer>');
  if (!more.includes('<format')) lines.push('<format>\n@type json\n</format>');
  return lines.join('\n');
}

/** Makes a file output from the lines of a `<match>`; not started. */
export function makeOutput(lines: string, context: { workerId?: number; workers?: number } = {}) {
  const written = parseConfig(`<match **>\n${lines}\n</match>`).elements[0];
  const element = withoutOldParameters(written, fileOutput.oldParameters ?? {});
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
  const own: PluginContext = {
    id: 'file_0',
    log: logger,
    ...context,
    create: <Kind extends InnerKind>(kind: Kind, section: ConfigElement, usual?: string) => {
      const definition = registry.find(kind, section, usual);
      const inner = definition.section.read(section, { log: logger });
      return definition.create(inner, own, section) as InnerPlugin<Kind>;
    },
  };
  const output = fileOutput.create(config, own, element) as TestOutput['output'];
  return { output, log, buffer: fileOutput.bufferOf?.(element) };
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

/** What an output with one field in its records writes as JSON. */
export const lines = (...numbers: number[]): string => numbers.map((n) => `{"n":${n}}\n`).join('');

/** Writes numbered events, and waits until they are kept. */
export async function write({ output }: TestOutput, ...numbers: number[]): Promise<void> {
  await output.write('t', stream(...numbers.map((n) => ({ n }))));
}

/** The files below a folder, by their paths in it, in alphabetical order. */
export function filesIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .sort();
}
