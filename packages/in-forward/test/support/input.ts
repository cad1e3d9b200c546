import { parseConfig } from '@sluice/config';
import type { Event, EventStream } from '@sluice/event-stream';
import { KEPT, type InputContext, type Keeping } from '@sluice/plugin';
import type { Logger } from '@sluice/server';
import { onTestFinished } from 'vitest';
import { forwardSection } from '../../src/index.js';
import { ForwardInput } from '../../src/index.js';

/** One line of the log. */
export interface Line {
  level: string;
  fields: Record<string, unknown>;
  text: string;
}

/** What came out of an input under test. */
export interface Received {
  input: ForwardInput;
  port: number;
  lines: Line[];
  streams: { tag: string; stream: EventStream }[];
  events(): (Event & { tag: string })[];
  warnings(): Line[];
}

/** An input that runs until the end of the test, from the text inside `<source>`. */
export async function startInput(
  text: string,
  emit?: (tag: string, stream: EventStream) => Keeping,
): Promise<Received> {
  const lines: Line[] = [];
  const streams: Received['streams'] = [];
  const level =
    (level: string): Logger['info'] =>
    (...args: unknown[]) => {
      const [fields, message] = args.length > 1 ? args : [{}, args[0]];
      lines.push({ level, fields: fields as Record<string, unknown>, text: String(message) });
    };
  const log: Logger = {
    trace: level('trace'),
    debug: level('debug'),
    info: level('info'),
    warn: level('warn'),
    error: level('error'),
  };
  const context: InputContext = {
    id: 'test',
    log,
    router: {
      emit(tag, stream) {
        streams.push({ tag, stream: stream.copy() }); // the input uses its bytes again
        return emit?.(tag, stream) ?? KEPT;
      },
    },
  };
  const input = new ForwardInput(context, readSection(text));
  onTestFinished(async () => {
    const servers = input.startedServers;
    await servers?.stop();
    await servers?.shutdown();
    await servers?.close();
    await servers?.terminate();
    await input.terminate();
  });
  await input.start();
  const listening = lines.find((line) => line.text.startsWith('listening'));
  return {
    input,
    port: Number(listening?.fields.port ?? 0),
    lines,
    streams,
    events: () => streams.flatMap(({ tag, stream }) => [...stream].map((e) => ({ tag, ...e }))),
    // A certificate made for the run is worth a warning, but none about the input.
    warnings: () =>
      lines.filter((line) => line.level === 'warn' && line.fields.option !== 'insecure'),
  };
}

/** Reads what stands inside `<source>`; on 127.0.0.1 and a free port where it names none. */
export function readSection(text: string): ReturnType<(typeof forwardSection)['read']> {
  const port = /^\s*port /m.test(text) ? '' : 'port 0\n';
  const root = parseConfig(`<source>\n@type forward\n${port}bind 127.0.0.1\n${text}\n</source>\n`, {
    path: 'test.conf',
  });
  return forwardSection.read(root.elements[0]);
}
