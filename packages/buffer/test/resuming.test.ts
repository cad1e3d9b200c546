import { appendFileSync, readdirSync, truncateSync } from 'node:fs';
import path from 'node:path';
import { EventStream } from '@sluice/event-stream';
import { TestClock } from '@sluice/plugin/testing';
import { describe, expect, test, vi } from 'vitest';
import { fileStore } from '../src/index.js';
import { temporaryFolder } from './support/behaviour.js';
import { buffered, events, type TestBuffer } from './support/buffered.js';

const start = Date.UTC(2026, 0, 1);
const until = (check: () => void): Promise<void> => vi.waitFor(check, { interval: 2 });

/** A maker of buffers that follow one another in a folder: each time a restart. */
function restarts(text: string, keys = ''): (more?: string) => Promise<TestBuffer> {
  const folder = temporaryFolder();
  let elapsed = start;
  let last: TestBuffer | undefined;
  return async (more = '') => {
    if (last !== undefined) {
      await last.stop();
      elapsed = last.clock.now();
    }
    last = await buffered({
      definition: fileStore,
      storeText: `path ${folder}/buffer`,
      text: `timekey_use_utc true\n${text}\n${more}`,
      keys,
      clock: new TestClock(elapsed),
    });
    return last;
  };
}

const at = (seconds: number, n: number): EventStream =>
  EventStream.fromEvents([{ time: start / 1000 + seconds, record: { n } }]);

/** The file of the only chunk. */
function fileOf({ store }: TestBuffer): string {
  const folder = path.join(store.backupFolder!, '../worker0');
  const [name] = readdirSync(folder).filter((file) => file !== 'lock');
  return path.join(folder, name);
}

describe('a restart', () => {
  test('lets a time slice go on to its end, as one chunk', async () => {
    const restart = restarts('timekey 1h\ntimekey_wait 5m', 'time');
    const first = await restart();
    await first.buffer.write('a', at(10, 1));
    const { buffer, clock, sink } = await restart();
    expect(buffer.statistics().queue).toMatchObject({ chunks: 0, stagedChunks: 1 });
    await buffer.write('a', at(20, 2));
    const due = start + 3_900_000 - clock.now();
    await clock.advance(due - 1000);
    expect(sink.attempts).toEqual([]);
    await clock.advance(2000);
    await until(() => expect(sink.written).toEqual([['a', 1, 2]]));
  });

  test('lets the age of a chunk go on', async () => {
    const restart = restarts('flush_interval 10m');
    const first = await restart();
    await first.buffer.write('a', events(1));
    await first.clock.advance(400_000);
    const { buffer, clock, sink } = await restart(); // a stop takes a minute of the test's clock
    await buffer.write('a', events(2));
    await clock.advance(600_000 - 460_000 - 1000);
    expect(sink.attempts).toEqual([]);
    await clock.advance(2000);
    await until(() => expect(sink.written).toEqual([['a', 1, 2]]));
  });

  test('writes at once what is due meanwhile, full, or of other chunk keys', async () => {
    const restart = restarts('timekey 1h\ntimekey_wait 0', 'time');
    const first = await restart();
    await first.buffer.write('a', at(10, 1));
    await first.clock.advance(3_590_000);
    const { sink } = await restart();
    await until(() => expect(sink.written).toEqual([['a', 1]]));

    const other = restarts('flush_interval 1h\nchunk_limit_records 3');
    const before = await other();
    await before.buffer.write('a', events(1, 2));
    const full = await other('chunk_limit_records 2');
    await until(() => expect(full.sink.written).toEqual([['a', 1, 2]]));

    const folder = temporaryFolder();
    const make = (keys: string): Promise<TestBuffer> =>
      buffered({
        definition: fileStore,
        storeText: `path ${folder}`,
        text: 'flush_interval 1h',
        keys,
      });
    const plain = await make('');
    await plain.buffer.write('a', events(1));
    await plain.stop();
    const keyed = await make('n');
    await until(() => expect(keyed.sink.written).toEqual([['a', 1]]));
  });

  test('of several chunks that belong together only the last one takes more', async () => {
    const restart = restarts('flush_interval 1h\nchunk_limit_records 2\nchunk_full_threshold 1');
    const first = await restart('retry_wait 1h');
    first.sink.act = () => {
      throw new Error('down');
    };
    await first.buffer.write('a', events(1, 2));
    await until(() => expect(first.sink.attempts).toHaveLength(1));
    await first.buffer.write('a', events(3));
    const { buffer, sink } = await restart();
    await until(() => expect(sink.written).toEqual([['a', 1, 2]]));
    await buffer.write('a', events(4));
    await until(() =>
      expect(sink.written).toEqual([
        ['a', 1, 2],
        ['a', 3, 4],
      ]),
    );
  });

  test('keeps the order where the last chunk is due before an earlier one', async () => {
    const restart = restarts('flush_interval 1h\nretry_wait 1h\nchunk_limit_records 4');
    const first = await restart();
    first.sink.act = () => {
      throw new Error('down');
    };
    await first.buffer.write('a', events(1));
    await first.buffer.write('a', events(2, 3, 4, 5));
    const { sink } = await restart();
    await until(() =>
      expect(sink.written).toEqual([
        ['a', 1],
        ['a', 2, 3, 4, 5],
      ]),
    );
  });

  test.each([
    ['cut short', (file: string) => truncateSync(file, 0xa0)],
    [
      'followed by zeros, as a power cut leaves it',
      (file: string) => appendFileSync(file, Buffer.alloc(50)),
    ],
  ])('appends nothing to a file that is %s', async (_, harm) => {
    const restart = restarts('flush_interval 1h');
    const first = await restart();
    await first.buffer.write('a', events(1));
    await first.buffer.write('a', events(2, 3, 4, 5, 6, 7, 8, 9));
    await first.stop();
    harm(fileOf(first));
    const { buffer, sink } = await restart();
    await until(() => expect(sink.written).toHaveLength(1));
    expect(sink.written[0].slice(0, 2)).toEqual(['a', 1]);
    await buffer.write('a', events(10));
    await buffer.flush();
    expect(sink.written[1]).toEqual(['a', 10]);
  });
});
