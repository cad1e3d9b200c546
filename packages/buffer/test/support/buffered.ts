import { parseConfig } from '@sluice/config';
import { EventStream } from '@sluice/event-stream';
import {
  Output,
  type ChunkInfo,
  type ChunkStore,
  type ChunkStoreDefinition,
  type EventSink,
} from '@sluice/plugin';
import { silentLogger, type Logger } from '@sluice/server';
import { onTestFinished } from 'vitest';
import { BufferedOutput, bufferSection } from '../../src/index.js';
import { TestClock } from '@sluice/plugin/testing';

/** What was written: the tag, and the field n of each record. */
export type Written = readonly [tag: string, ...ns: number[]];

/** An output that takes down what it is given, and fails or waits as a test wants. */
export class Sink extends Output {
  readonly attempts: Written[] = [];
  readonly written: Written[] = [];
  readonly chunks: (ChunkInfo | undefined)[] = [];
  /** Called for each write: may throw or wait. */
  act: (tag: string, ns: number[]) => void | Promise<void> = () => undefined;

  async write(tag: string, stream: EventStream, chunk?: ChunkInfo): Promise<void> {
    const ns = [...stream].map(({ record }) => record.n as number);
    this.attempts.push([tag, ...ns]);
    this.chunks.push(chunk);
    await this.act(tag, ns);
    this.written.push([tag, ...ns]);
  }
}

/** A promise that a test settles. */
export class Gate {
  open!: () => void;
  readonly passed = new Promise<void>((resolve) => (this.open = resolve));
}

export const events = (...ns: number[]): EventStream =>
  EventStream.fromEvents(ns.map((n) => ({ time: 1, record: { n } })));

/** Events whose bytes the test can overwrite, as an input does once they are kept. */
export function lentEvents(...ns: number[]): EventStream {
  const stream = events(...ns);
  return stream.copy();
}

export interface LogLine {
  readonly level: string;
  readonly text: string;
  readonly fields: Record<string, unknown>;
}

export function recordingLog(lines: LogLine[]): Logger {
  const at =
    (level: string) =>
    (fields: object, text: string): void => {
      lines.push({ level, text, fields: fields as Record<string, unknown> });
    };
  return { ...silentLogger, info: at('info'), warn: at('warn'), error: at('error') };
}

export interface TestBuffer {
  readonly sink: Sink;
  readonly buffer: BufferedOutput;
  readonly store: ChunkStore;
  readonly clock: TestClock;
  readonly log: LogLine[];
  readonly stop: () => Promise<void>;
}

export interface TestBufferOptions {
  readonly definition: ChunkStoreDefinition;
  /** Lines that the store needs in `<buffer>`. */
  readonly storeText?: string;
  readonly text: string;
  readonly keys?: string;
  readonly secondary?: EventSink;
  /** Default: one that begins at a full hour. */
  readonly clock?: TestClock;
}

/** A buffer in front of a {@link Sink}, with the test's clock. */
export async function buffered(options: TestBufferOptions): Promise<TestBuffer> {
  const { definition, text, keys = '', storeText = '', secondary } = options;
  const element = parseConfig(`<buffer ${keys}>\n${storeText}\n${text}\n</buffer>`).elements[0];
  const log: LogLine[] = [];
  const { clock = new TestClock(Date.UTC(2026, 0, 1)) } = options;
  const context = { id: 'test', log: recordingLog(log), clock };
  const sink = new Sink(context);
  const store = definition.create(definition.section.read(element), context, element);
  const buffer = new BufferedOutput(context, {
    output: sink,
    store,
    config: bufferSection.read(element),
    element,
    secondary,
  });
  await store.start();
  await buffer.start();
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    stopped ??= (async () => {
      const ended = buffer.afterShutdown();
      await clock.advance(60_000);
      await ended;
      await store.close();
    })();
    return stopped;
  };
  onTestFinished(stop);
  return { sink, buffer, store, clock, log, stop };
}
