import { parseConfig } from '@sluice/config';
import { EventStream } from '@sluice/event-stream';
import { describe, expect, test, vi } from 'vitest';
import { bufferSection, memoryStore } from '../src/index.js';
import { buffered, events, type TestBuffer } from './support/buffered.js';

const make = (keys: string, text: string): Promise<TestBuffer> =>
  buffered({ definition: memoryStore, keys, text });

const until = (check: () => void): Promise<void> => vi.waitFor(check, { interval: 2 });

/** Events with times in seconds and other fields. */
const stream = (...records: { time?: number; n: number; [key: string]: unknown }[]): EventStream =>
  EventStream.fromEvents(records.map(({ time = 1, ...record }) => ({ time, record })));

/** What each chunk has in common, and its events. */
function chunksOf({ sink }: TestBuffer): unknown[][] {
  return sink.chunks.map((chunk, index) => [chunk?.metadata, ...sink.attempts[index].slice(1)]);
}

describe('chunk keys', () => {
  test('fields and nested fields divide events, in their order, and travel with the chunk', async () => {
    const made = await make('tag, user, $.k.pod', 'flush_interval 1h');
    await made.buffer.write(
      'a',
      stream(
        { n: 1, user: 'x', k: { pod: 'p' } },
        { n: 2, user: 'y', k: { pod: 'p' } },
        { n: 3, user: 'x', k: { pod: 'p' } },
        { n: 4, user: 'x' },
        { n: 5, user: 7, k: { pod: null } },
      ),
    );
    await made.buffer.write('b', stream({ n: 6, user: 'x', k: { pod: 'p' } }));
    await made.buffer.flush();
    const variables = (user: string, pod: string) => ({ user, '$.k.pod': pod });
    const byNumber = chunksOf(made).toSorted((a, b) => Number(a[1]) - Number(b[1]));
    expect(byNumber).toEqual([
      [{ tag: 'a', variables: variables('x', 'p') }, 1, 3],
      [{ tag: 'a', variables: variables('y', 'p') }, 2],
      [{ tag: 'a', variables: variables('x', '') }, 4],
      [{ tag: 'a', variables: variables('7', '') }, 5],
      [{ tag: 'b', variables: variables('x', 'p') }, 6],
    ]);
  });

  test('a name that is none is an error, which points at it', () => {
    const element = parseConfig('<buffer tag, a b>\n</buffer>').elements[0];
    expect(() => bufferSection.read(element)).toThrow('chunk key "a b" is not a name');
  });
});

describe('time slices', () => {
  // The test's clock begins at a full hour.
  const start = Date.UTC(2026, 0, 1) / 1000;

  test('a slice is written when it and timekey_wait are over', async () => {
    const made = await make('time', 'timekey 1h\ntimekey_wait 5m\ntimekey_use_utc true');
    const { buffer, clock } = made;
    await buffer.write(
      'a',
      stream(
        { time: start + 60, n: 1 },
        { time: start + 3601, n: 2 },
        { time: start + 3599, n: 3 },
      ),
    );
    await clock.advance(3_899_000);
    expect(made.sink.attempts).toEqual([]);
    await clock.advance(2000);
    await until(() => expect(chunksOf(made)).toEqual([[{ tag: 'a', timekey: start }, 1, 3]]));
    await clock.advance(3_600_000);
    await until(() => expect(made.sink.attempts).toHaveLength(2));
    expect(made.sink.chunks[1]?.metadata.timekey).toBe(start + 3600);
  });

  test('what comes late is a chunk of its own, and does not wait', async () => {
    const made = await make('time', 'timekey 1h\ntimekey_wait 5m\ntimekey_use_utc true');
    await made.buffer.write('a', stream({ time: start - 86_400, n: 1 }));
    await made.clock.advance(1000);
    await until(() => expect(chunksOf(made)).toEqual([[{ tag: 'a', timekey: start - 86_400 }, 1]]));
  });

  test('timekey_zone says where a day begins', async () => {
    const made = await make('time', 'timekey 1d\ntimekey_zone +09:00');
    await made.buffer.write('a', stream({ time: start, n: 1 }));
    await made.buffer.flush();
    expect(made.sink.chunks[0]?.metadata.timekey).toBe(start - 9 * 3600);
  });

  test('flush_mode interval writes a slice in parts', async () => {
    const made = await make(
      'time',
      'timekey 1h\ntimekey_use_utc true\nflush_mode interval\nflush_interval 10s',
    );
    await made.buffer.write('a', stream({ time: start, n: 1 }));
    await made.clock.advance(10_100);
    await until(() => expect(made.sink.written).toEqual([['a', 1]]));
  });

  test('a clock that is set forward ends slices, one that is set back does not hold up others', async () => {
    const made = await make('time', 'timekey 1h\ntimekey_wait 0\ntimekey_use_utc true');
    const { buffer, clock, sink } = made;
    await buffer.write('a', stream({ time: start, n: 1 }));
    clock.set((start + 7200) * 1000);
    await clock.advance(61_000); // noticed within a minute
    await until(() => expect(sink.written).toEqual([['a', 1]]));
    clock.set((start - 86_400) * 1000);
    await buffer.write('a', stream({ time: start - 86_400 * 2, n: 2 }));
    await clock.advance(1000);
    await until(() => expect(sink.written).toHaveLength(2));
  });

  test('retries go by the clock that never jumps', async () => {
    const { buffer, clock, sink } = await make(
      '',
      'flush_mode immediate\nretry_wait 10s\nretry_randomize false',
    );
    sink.act = () => {
      if (sink.attempts.length === 1) throw new Error('once');
    };
    await buffer.write('a', events(1));
    await until(() => expect(buffer.statistics().retry?.steps).toBe(1));
    clock.set((start - 86_400) * 1000);
    await clock.advance(9900);
    expect(sink.attempts).toHaveLength(1);
    await clock.advance(200);
    await until(() => expect(sink.written).toEqual([['a', 1]]));
  });
});

test('queue_limit_length, of before total_limit_size, is so many chunks', async () => {
  const size = events(1).bytes.length;
  const { buffer } = await make(
    '',
    `flush_interval 1h\nchunk_limit_size ${size}\nqueue_limit_length 2`,
  );
  expect(buffer.statistics().queue?.limit).toBe(2 * size);
});
