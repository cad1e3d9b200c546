import { parseConfig } from '@sluice/config';
import { EventStream } from '@sluice/event-stream';
import { silentLogger } from '@sluice/server';
import { expect, onTestFinished, test } from 'vitest';
import { KEPT, Output } from '@sluice/plugin';
import { BufferedOutput, bufferSection } from '../src/index.js';

class Sink extends Output {
  readonly written: number[][] = [];
  /** Fails so many times. */
  failing = 0;
  gate: Promise<void> | undefined;
  changed: () => void = () => undefined;

  async write(_tag: string, stream: EventStream): Promise<void> {
    await this.gate;
    this.changed();
    if (this.failing-- > 0) throw new Error('not now');
    this.written.push([...stream].map(({ record }) => record.n as number));
  }
}

const read = (text: string, arg = '') =>
  bufferSection.read(parseConfig(`<buffer ${arg}>\n${text}\n</buffer>`).elements[0]);

function buffered(text: string): { sink: Sink; buffer: BufferedOutput } {
  const context = { id: 'test', log: silentLogger };
  const sink = new Sink(context);
  const buffer = new BufferedOutput(context, sink, read(text));
  buffer.start();
  onTestFinished(() => buffer.afterShutdown());
  return { sink, buffer };
}

const events = (...ns: number[]): EventStream =>
  EventStream.fromEvents(ns.map((n) => ({ time: 1, record: { n } })));

test('takes events at once, and writes the streams of a tag together', async () => {
  const { sink, buffer } = buffered('flush_interval 1h');
  expect(buffer.write('a', events(1))).toBe(KEPT);
  expect(buffer.write('a', events(2, 3))).toBe(KEPT);
  expect(sink.written).toEqual([]);
  await buffer.flush();
  expect(sink.written).toEqual([[1, 2, 3]]);
  expect(buffer.statistics()).toMatchObject({
    queue: { bytes: 0 },
    counters: { written_events: 3 },
  });
});

test('tries again until it succeeds, and not beyond retry_max_times', async () => {
  const { sink, buffer } = buffered('flush_mode immediate\nretry_wait 0.01\nretry_max_times 2');
  const attempts = (count: number): Promise<void> =>
    new Promise((resolve) => {
      sink.changed = () => {
        if (--count === 0) resolve();
      };
    });
  sink.failing = 2;
  let enough = attempts(3);
  void buffer.write('a', events(1));
  await enough;
  await expect.poll(() => sink.written).toEqual([[1]]);
  sink.failing = 3;
  enough = attempts(3);
  void buffer.write('a', events(2));
  await enough;
  await expect.poll(() => buffer.statistics()).toMatchObject({ counters: { dropped_events: 1 } });
  expect(sink.written).toEqual([[1]]);
  expect(buffer.statistics()).toMatchObject({ queue: { bytes: 0 }, counters: { retries: 4 } });
});

const small = `flush_interval 1h\nchunk_limit_size 30\ntotal_limit_size 40`;

test('throw_exception refuses what does not fit', async () => {
  const { buffer } = buffered(small);
  void buffer.write('a', events(1, 2));
  await expect(buffer.write('a', events(3, 4))).rejects.toMatchObject({
    code: 'ERR_SLUICE_BUFFER_OVERFLOW',
  });
});

test('block waits for room', async () => {
  const { sink, buffer } = buffered(`${small}\noverflow_action block`);
  let open = (): void => undefined;
  sink.gate = new Promise((resolve) => (open = resolve));
  void buffer.write('a', events(1, 2));
  const waiting = buffer.write('a', events(3, 4));
  expect(waiting).toBeInstanceOf(Promise);
  open();
  await waiting;
  await buffer.flush();
  expect(sink.written.flat()).toEqual([1, 2, 3, 4]);
});

test('drop_oldest_chunk makes room', async () => {
  const { sink, buffer } = buffered(
    `${small.replace('30', '40')}\noverflow_action drop_oldest_chunk`,
  );
  void buffer.write('a', events(1, 2));
  void buffer.write('b', events(3, 4));
  await buffer.flush();
  expect(sink.written).toEqual([[3, 4]]);
  expect(buffer.statistics()).toMatchObject({ counters: { dropped_events: 2 } });
});

test('refuses what it cannot do by name', () => {
  expect(() => read('@type file')).toThrow(/@type file is not supported/);
  expect(() => read('', 'time')).toThrow(/chunk key time/);
  expect(() => read('timekey 1d')).toThrow(/only the file output/);
});
