import { parseConfig } from '@sluice/config';
import { EventStream } from '@sluice/event-stream';
import {
  KEPT,
  startPlugins,
  stopPlugins,
  type Keeping,
  type Plugin,
  type PluginContext,
} from '@sluice/plugin';
import { onTestFinished } from 'vitest';
import {
  JetStreamInput,
  jetstreamInputSection,
  JetStreamOutput,
  jetstreamOutputSection,
} from '../../src/index.js';

/** One line of the log. */
export interface Line {
  level: string;
  fields: Record<string, unknown>;
  text: string;
}

export interface Logged {
  readonly lines: Line[];
  /** Resolves when there is a line that has these words. */
  readonly line: (words: string) => Promise<Line>;
}

/** A log that can be waited for. */
function logged(): Logged & { log: PluginContext['log'] } {
  const lines: Line[] = [];
  const waiting: { words: string; resolve: (line: Line) => void }[] = [];
  const has = ({ text, fields }: Line, words: string): boolean =>
    `${text} ${JSON.stringify(fields)}`.includes(words);
  const level =
    (name: string): PluginContext['log']['info'] =>
    (...args: unknown[]) => {
      const [fields, text] = args.length > 1 ? args : [{}, args[0]];
      const line = { level: name, fields: fields as Line['fields'], text: String(text) };
      lines.push(line);
      for (const { words, resolve } of waiting) if (has(line, words)) resolve(line);
    };
  return {
    lines,
    line(words) {
      const found = lines.find((line) => has(line, words));
      if (found !== undefined) return Promise.resolve(found);
      return new Promise((resolve) => waiting.push({ words, resolve }));
    },
    log: {
      trace: level('trace'),
      debug: level('debug'),
      info: level('info'),
      warn: level('warn'),
      error: level('error'),
    },
  };
}

/** Starts a plugin, and stops it when the test is over. */
async function run(plugin: Plugin): Promise<void> {
  let stopped = false;
  onTestFinished(() => (stopped ? undefined : stop(plugin)));
  try {
    await startPlugins([plugin]);
  } catch (error) {
    stopped = true;
    throw (error as Error).cause;
  }
}

export async function stop(plugin: Plugin): Promise<void> {
  await stopPlugins([plugin], { limit: 5 });
}

export function readOutput(text: string): ReturnType<(typeof jetstreamOutputSection)['read']> {
  const root = parseConfig(`<match **>\n@type jetstream\n${text}\n</match>\n`, { path: 't.conf' });
  return jetstreamOutputSection.read(root.elements[0]);
}

export function readInput(text: string): ReturnType<(typeof jetstreamInputSection)['read']> {
  const root = parseConfig(`<source>\n@type jetstream\n${text}\n</source>\n`, { path: 't.conf' });
  return jetstreamInputSection.read(root.elements[0]);
}

/** An output that runs until the test is over. */
export async function startOutput(text: string): Promise<Logged & { output: JetStreamOutput }> {
  const { log, ...rest } = logged();
  const output = new JetStreamOutput({ id: 'out', log }, readOutput(text));
  await run(output);
  return { output, ...rest };
}

export interface Received extends Logged {
  readonly input: JetStreamInput;
  readonly streams: { tag: string; stream: EventStream }[];
  /** Resolves when so many streams have been handed on. */
  readonly count: (streams: number) => Promise<void>;
}

/** An input that runs until the test is over. */
export async function startInput(
  text: string,
  emit: (tag: string, stream: EventStream) => Keeping = () => KEPT,
): Promise<Received> {
  const { log, ...rest } = logged();
  const streams: Received['streams'] = [];
  const waiting: { count: number; resolve: () => void }[] = [];
  const input = new JetStreamInput(
    {
      id: 'in',
      log,
      router: {
        emit(tag, stream) {
          streams.push({ tag, stream: stream.copy() });
          const kept = emit(tag, stream);
          for (const { count, resolve } of waiting) if (streams.length >= count) resolve();
          return kept;
        },
      },
    },
    readInput(text),
  );
  await run(input);
  return {
    input,
    streams,
    count(count) {
      if (streams.length >= count) return Promise.resolve();
      return new Promise((resolve) => waiting.push({ count, resolve }));
    },
    ...rest,
  };
}

/** So many events, whose records say which they are. */
export function events(count: number, name = 'e', padding = 0): EventStream {
  return EventStream.fromEvents(
    Array.from({ length: count }, (_, i) => ({
      record: { name: `${name}${i}`, ...(padding > 0 && { padding: 'x'.repeat(padding) }) },
    })),
  );
}

/** The names in the records of packed events. */
export function namesIn(bytes: Buffer): string[] {
  return [...EventStream.fromPacked(bytes)].map(({ record }) => record.name as string);
}
