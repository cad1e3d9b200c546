import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { KEPT, UnrecoverableError, type ChunkStoreDefinition } from '@sluice/plugin';
import { silentLogger } from '@sluice/server';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { buffered, events, Gate, lentEvents, Sink, type TestBuffer } from './buffered.js';

/** A store to run the suite with. */
export interface StoreUnderTest {
  readonly definition: ChunkStoreDefinition;
  /** Whether chunks outlive the process. */
  readonly persistent: boolean;
  /** Lines of `<buffer>` that it needs; called for each test. */
  readonly text: () => string;
}

export function temporaryFolder(): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'sluice-buffer-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** What a buffer does, whatever store it stands on: one suite, run for each. */
export function describeBuffer(name: string, under: StoreUnderTest): void {
  const make = (
    text: string,
    more: { keys?: string; secondary?: Sink; storeText?: string } = {},
  ): Promise<TestBuffer> =>
    buffered({ definition: under.definition, storeText: under.text(), text, ...more });
  const until = (check: () => void): Promise<void> => vi.waitFor(check, { interval: 2 });
  const wrote = (sink: Sink, ...expected: (readonly [string, ...number[]])[]): Promise<void> =>
    until(() => expect(sink.written).toEqual(expected));
  const attempted = (sink: Sink, count: number): Promise<void> =>
    until(() => expect(sink.attempts).toHaveLength(count));
  const counts = ({ buffer }: TestBuffer): unknown => buffer.statistics().counters;

  describe(`a buffer on ${name}`, () => {
    test('writes the streams of a tag together when flush_interval is over', async () => {
      const { sink, buffer, clock } = await make('flush_interval 10s');
      await buffer.write('a', events(1));
      await buffer.write('a', events(2, 3));
      await buffer.write('b', events(4));
      await clock.advance(9900);
      expect(sink.attempts).toEqual([]);
      expect(buffer.statistics().queue).toMatchObject({ chunks: 0, stagedChunks: 2 });
      await clock.advance(200);
      await wrote(sink, ['a', 1, 2, 3], ['b', 4]);
      await until(() => expect(buffer.statistics().queue).toMatchObject({ bytes: 0, chunks: 0 }));
    });

    test('needs the bytes of a stream only until it is kept', async () => {
      const { sink, buffer } = await make('flush_interval 1h');
      const stream = lentEvents(1, 2);
      await buffer.write('a', stream);
      stream.bytes.fill(0xc1);
      await buffer.flush();
      expect(sink.written).toEqual([['a', 1, 2]]);
    });

    test('flush_interval 0 writes without waiting', async () => {
      const { sink, buffer, clock } = await make('flush_interval 0');
      await buffer.write('a', events(1));
      await clock.advance(0);
      await wrote(sink, ['a', 1]);
    });

    test('immediate writes each stream by itself', async () => {
      const { sink, buffer } = await make('flush_mode immediate');
      await buffer.write('a', events(1));
      await buffer.write('a', events(2));
      await wrote(sink, ['a', 1], ['a', 2]);
    });

    test('tells of a write that takes longer than slow_flush_log_threshold', async () => {
      const made = await make('flush_mode immediate\nslow_flush_log_threshold 2.5');
      const { sink, buffer, clock, log } = made;
      const waits = [2500, 2600];
      sink.act = () => clock.advance(waits.shift()!);
      await buffer.write('a', events(1));
      await wrote(sink, ['a', 1]);
      expect(log).toEqual([]);
      await buffer.write('a', events(2));
      await wrote(sink, ['a', 1], ['a', 2]);
      await until(() => expect(counts(made)).toMatchObject({ slow_writes: 1, written_events: 2 }));
      expect(log.map(({ text }) => text)).toEqual([
        'a write took 2.6 seconds: slow_flush_log_threshold is 2.5',
      ]);
    });

    test('lazy writes a chunk only when it is full', async () => {
      const { sink, buffer, clock } = await make(
        'flush_mode lazy\nflush_interval 1s\nchunk_limit_records 2',
      );
      await buffer.write('a', events(1));
      await clock.advance(7_200_000);
      expect(sink.attempts).toEqual([]);
      await buffer.write('a', events(2));
      await wrote(sink, ['a', 1, 2]);
    });

    test('chunk_limit_records bounds every chunk, and cuts a stream that has more', async () => {
      const { sink, buffer } = await make('flush_interval 1h\nchunk_limit_records 3');
      await buffer.write('a', events(1, 2));
      await buffer.write('a', events(3, 4));
      await buffer.write('b', events(5, 6, 7, 8));
      await buffer.flush();
      expect(sink.written).toEqual(
        expect.arrayContaining([
          ['a', 1, 2],
          ['a', 3, 4],
          ['b', 5, 6, 7],
          ['b', 8],
        ]),
      );
    });

    test('chunk_full_threshold says when a chunk is full', async () => {
      const size = events(1).bytes.length;
      const { sink, buffer } = await make(
        `flush_interval 1h\nchunk_limit_size ${10 * size}\nchunk_full_threshold 0.5`,
      );
      await buffer.write('a', events(1, 2, 3, 4));
      expect(buffer.statistics().queue?.stagedChunks).toBe(1);
      await buffer.write('a', events(5));
      await wrote(sink, ['a', 1, 2, 3, 4, 5]);
    });

    test('an event that is larger than a chunk has one of its own', async () => {
      const { sink, buffer } = await make('flush_interval 1h\nchunk_limit_size 8');
      await buffer.write('a', events(1, 2));
      await wrote(sink, ['a', 1], ['a', 2]);
    });

    test('flush_thread_count chunks are written at a time, of each tag one', async () => {
      const { sink, buffer } = await make('flush_mode immediate\nflush_thread_count 2');
      const gate = new Gate();
      sink.act = () => gate.passed;
      for (const tag of ['a', 'a', 'b', 'c']) await buffer.write(tag, events(1));
      await attempted(sink, 2);
      expect(sink.attempts).toEqual([
        ['a', 1],
        ['b', 1],
      ]);
      gate.open();
      await until(() => expect(sink.written).toHaveLength(4));
    });

    test('keeps the order of a tag when a chunk has to be tried again', async () => {
      const { sink, buffer, clock } = await make(
        'flush_mode immediate\nflush_thread_count 4\nretry_wait 1s\nretry_randomize false',
      );
      let failing = true;
      sink.act = (tag) => {
        if (tag === 'a' && failing) throw new Error('not now');
      };
      await buffer.write('a', events(1));
      await buffer.write('a', events(2));
      await buffer.write('b', events(3));
      await wrote(sink, ['b', 3]);
      failing = false;
      await clock.advance(1000);
      await wrote(sink, ['b', 3], ['a', 1], ['a', 2]);
    });

    test('waits longer before each retry, up to retry_max_interval', async () => {
      const { sink, buffer, clock } = await make(
        'flush_mode immediate\nretry_wait 1s\nretry_max_interval 3s\nretry_randomize false',
      );
      sink.act = () => {
        throw new Error('the disk is full');
      };
      await buffer.write('a', events(1));
      for (const [attempts, wait] of [
        [1, 1],
        [2, 2],
        [3, 3],
        [4, 3],
      ]) {
        await attempted(sink, attempts);
        await until(() => expect(buffer.statistics().retry?.steps).toBe(attempts));
        const { nextTime } = buffer.statistics().retry!;
        expect(nextTime).toBeCloseTo(clock.now() / 1000 + wait, 3);
        await clock.advance(wait * 1000 - 10);
        expect(sink.attempts).toHaveLength(attempts);
        await clock.advance(10);
      }
      await attempted(sink, 5);
      await until(() =>
        expect(buffer.statistics().retry).toMatchObject({ steps: 5, reason: 'the disk is full' }),
      );
      expect(buffer.statistics().retry?.start).toBeCloseTo(clock.now() / 1000 - 9, 3);
      sink.act = () => undefined;
      await clock.advance(3000);
      await wrote(sink, ['a', 1]);
      await until(() => expect(buffer.statistics().retry).toBeUndefined());
    });

    test.each(['retry_max_times 2', 'retry_timeout 3s'])(
      'gives a chunk up after %s, and sets it aside',
      async (limit) => {
        const folder = temporaryFolder();
        const made = await make(
          `flush_mode immediate\nretry_type periodic\nretry_wait 1.5s\nretry_randomize false\n${limit}\nbackup_path ${folder}`,
        );
        const { sink, buffer, clock, log } = made;
        sink.act = (tag) => {
          if (tag === 'a') throw new Error('never');
        };
        await buffer.write('a', events(1));
        for (const attempts of [1, 2, 3]) {
          await attempted(sink, attempts);
          await until(() => expect(buffer.statistics().retry?.steps ?? attempts).toBe(attempts));
          if (attempts < 3) await clock.advance(1500);
        }
        await until(() => expect(counts(made)).toMatchObject({ backed_up_events: 1 }));
        expect(readdirSync(folder)).toHaveLength(1);
        const reason = `${limit.split(' ')[0]}: never`;
        expect(log.filter(({ level }) => level === 'error')).toMatchObject([
          { fields: { reason } },
        ]);
        await until(() => expect(buffer.statistics().queue).toMatchObject({ bytes: 0, chunks: 0 }));
        await buffer.write('b', events(2));
        await wrote(sink, ['b', 2]);
      },
    );

    test('retry_forever goes on beyond every limit', async () => {
      const { sink, buffer, clock } = await make(
        'flush_mode immediate\nretry_type periodic\nretry_wait 1s\nretry_randomize false\nretry_timeout 2s\nretry_max_times 1\nretry_forever true',
      );
      sink.act = () => {
        throw new Error('not now');
      };
      await buffer.write('a', events(1));
      for (let attempts = 1; attempts < 6; attempts += 1) {
        await attempted(sink, attempts);
        await until(() => expect(buffer.statistics().retry?.steps).toBe(attempts));
        await clock.advance(1000);
      }
      sink.act = () => undefined;
      await clock.advance(1000);
      await wrote(sink, ['a', 1]);
    });

    test('disable_chunk_backup drops what is given up', async () => {
      const folder = path.join(temporaryFolder(), 'backup');
      const made = await make(
        `flush_mode immediate\nretry_max_times 0\ndisable_chunk_backup true\nbackup_path ${folder}`,
      );
      made.sink.act = () => {
        throw new Error('never');
      };
      await made.buffer.write('a', events(1));
      await until(() => expect(counts(made)).toMatchObject({ dropped_events: 1 }));
      expect(existsSync(folder)).toBe(false);
    });

    test('an UnrecoverableError gives the chunk up at once', async () => {
      const folder = temporaryFolder();
      const made = await make(`flush_mode immediate\nbackup_path ${folder}`);
      made.sink.act = () => {
        throw new UnrecoverableError('too long a name');
      };
      await made.buffer.write('a', events(1));
      await until(() => expect(counts(made)).toMatchObject({ backed_up_events: 1, retries: 0 }));
    });

    test('<secondary> gets what the output did not take for a part of the time', async () => {
      const secondary = new Sink({ id: 'second', log: silentLogger });
      const made = await make(
        'flush_mode immediate\nretry_type periodic\nretry_wait 1s\nretry_randomize false\nretry_max_times 10\nretry_secondary_threshold 0.2',
        { secondary },
      );
      const { sink, buffer, clock } = made;
      sink.act = () => {
        throw new Error('never');
      };
      await buffer.write('a', events(1));
      for (const attempts of [1, 2, 3]) {
        await attempted(sink, attempts);
        await until(() => expect(buffer.statistics().retry?.steps).toBe(attempts));
        await clock.advance(1000);
      }
      await wrote(secondary, ['a', 1]);
      expect(sink.attempts).toHaveLength(3);
      await until(() => expect(counts(made)).toMatchObject({ secondary_events: 1 }));
    });

    test('a chunk that never settles harms only its tag', async () => {
      const made = await make('flush_mode immediate\ndelayed_commit_timeout 5s');
      const { sink, buffer, clock } = made;
      const gate = new Gate();
      sink.act = (tag) => (tag === 'hung' ? gate.passed : undefined);
      await buffer.write('hung', events(1));
      await attempted(sink, 1);
      await buffer.write('b', events(2));
      await clock.advance(4900);
      expect(sink.attempts).toHaveLength(1);
      await clock.advance(200);
      await wrote(sink, ['b', 2]);
      expect(counts(made)).toMatchObject({ stuck_writes: 1 });
      gate.open();
      await wrote(sink, ['b', 2], ['hung', 1]);
    });

    test('a chunk that never settles is given up in the end, and its tag goes on', async () => {
      const folder = temporaryFolder();
      const made = await make(
        `flush_mode immediate\ndelayed_commit_timeout 5s\nretry_timeout 10s\nbackup_path ${folder}`,
      );
      const { sink, buffer, clock } = made;
      const gate = new Gate();
      sink.act = (_tag, [n]) => (n === 1 ? gate.passed : undefined);
      await buffer.write('hung', events(1));
      await attempted(sink, 1);
      await buffer.write('hung', events(2));
      await clock.advance(14_900);
      expect(sink.attempts).toHaveLength(1);
      await clock.advance(200);
      await wrote(sink, ['hung', 2]);
      expect(readdirSync(folder)).toHaveLength(1);
      expect(counts(made)).toMatchObject({ stuck_writes: 1, backed_up_events: 1 });
      gate.open(); // whatever becomes of the old write is of no consequence
      await wrote(sink, ['hung', 2], ['hung', 1]);
      await until(() => expect(buffer.statistics().queue).toMatchObject({ bytes: 0, chunks: 0 }));
      expect(counts(made)).toMatchObject({ retries: 0, backed_up_events: 1 });
    });

    test('a chunk that never settles goes to <secondary> in the end', async () => {
      const secondary = new Sink({ id: 'second', log: silentLogger });
      const { sink, buffer, clock } = await make(
        'flush_mode immediate\ndelayed_commit_timeout 5s\nretry_timeout 10s',
        { secondary },
      );
      sink.act = () => new Gate().passed;
      await buffer.write('hung', events(1));
      await attempted(sink, 1);
      await clock.advance(15_100);
      await wrote(secondary, ['hung', 1]);
    });

    test('an output that returns no promise fails its chunk alone', async () => {
      const { sink, buffer } = await make('flush_mode immediate');
      const write = sink.write.bind(sink);
      sink.write = (tag, stream) =>
        (tag === 'a' ? undefined : write(tag, stream)) as unknown as Promise<void>;
      await buffer.write('a', events(1));
      await buffer.write('b', events(2));
      await wrote(sink, ['b', 2]);
      await until(() => expect(buffer.statistics().retry?.reason).toMatch(/must return KEPT/));
    });

    test('the same chunk has the same id in each attempt', async () => {
      const { sink, buffer, clock } = await make(
        'flush_mode immediate\nretry_wait 1s\nretry_randomize false',
      );
      sink.act = () => {
        if (sink.attempts.length === 1) throw new Error('once');
      };
      await buffer.write('a', events(1));
      await attempted(sink, 1);
      await until(() => expect(buffer.statistics().retry?.steps).toBe(1));
      await clock.advance(1000);
      await wrote(sink, ['a', 1]);
      const [first, second] = sink.chunks;
      expect(first?.id).toMatch(/./);
      expect(second).toEqual(first);
    });

    test('queued_chunks_limit_size lets chunks that are due grow while others wait', async () => {
      const { sink, buffer, clock } = await make('flush_interval 1s\nqueued_chunks_limit_size 1');
      const gate = new Gate();
      sink.act = () => gate.passed;
      await buffer.write('a', events(1));
      await buffer.write('b', events(2));
      await clock.advance(1100); // a is being written, b waits
      await attempted(sink, 1);
      await buffer.write('c', events(3));
      await clock.advance(1100);
      await buffer.write('c', events(4));
      expect(buffer.statistics().queue).toMatchObject({ chunks: 1, stagedChunks: 1 });
      gate.open();
      await wrote(sink, ['a', 1], ['b', 2], ['c', 3, 4]);
    });

    describe('when it is full', () => {
      const size = events(1).bytes.length;
      const small = `flush_interval 1h\nchunk_limit_size ${2 * size}\nchunk_full_threshold 1\ntotal_limit_size ${3 * size}`;

      test('throw_exception refuses', async () => {
        const made = await make(small);
        const gate = new Gate();
        made.sink.act = () => gate.passed;
        await made.buffer.write('a', events(1, 2));
        await expect(made.buffer.write('a', events(3, 4))).rejects.toMatchObject({
          code: 'ERR_SLUICE_BUFFER_OVERFLOW',
        });
        expect(counts(made)).toMatchObject({ refused_writes: 1 });
        gate.open();
        await wrote(made.sink, ['a', 1, 2]);
        await until(() => expect(made.buffer.statistics().queue?.bytes).toBe(0));
        await made.buffer.write('a', events(3, 4));
      });

      test('block waits for room', async () => {
        const { sink, buffer } = await make(`${small}\noverflow_action block`);
        const gate = new Gate();
        sink.act = () => gate.passed;
        await buffer.write('a', events(1, 2));
        const waiting = buffer.write('a', events(3, 4));
        expect(waiting).not.toBe(KEPT);
        await attempted(sink, 1);
        gate.open();
        await waiting;
        await buffer.flush();
        expect(sink.written).toEqual([
          ['a', 1, 2],
          ['a', 3, 4],
        ]);
      });

      test('block: who waits is refused when the buffer is shut down', async () => {
        const { sink, buffer, stop } = await make(`${small}\noverflow_action block`);
        sink.act = () => new Gate().passed;
        await buffer.write('a', events(1, 2));
        const waiting = expect(buffer.write('a', events(3, 4))).rejects.toMatchObject({
          code: 'ERR_SLUICE_BUFFER_CLOSED',
        });
        await attempted(sink, 1);
        await stop();
        await waiting;
      });

      test('drop_oldest_chunk makes room', async () => {
        const made = await make(
          `flush_mode lazy\nchunk_limit_size ${3 * size}\nchunk_full_threshold 1\ntotal_limit_size ${3 * size}\noverflow_action drop_oldest_chunk`,
        );
        await made.buffer.write('a', events(1, 2));
        await made.buffer.write('b', events(3, 4));
        await made.buffer.flush();
        expect(made.sink.written).toEqual([['b', 3, 4]]);
        expect(counts(made)).toMatchObject({ dropped_events: 2 });
      });
    });

    describe('at shutdown', () => {
      test('flush_at_shutdown true writes what is left, and tries again in haste', async () => {
        const { sink, buffer, clock } = await make(
          'flush_interval 1h\nflush_at_shutdown true\nretry_wait 1h',
        );
        await buffer.write('a', events(1));
        sink.act = () => {
          if (sink.attempts.length === 1) throw new Error('once');
        };
        const ended = buffer.afterShutdown();
        await attempted(sink, 1);
        await until(() => expect(buffer.statistics().retry?.steps).toBe(1));
        await clock.advance(100);
        await ended;
        expect(sink.written).toEqual([['a', 1]]);
        await expect(buffer.write('a', events(2))).rejects.toMatchObject({
          code: 'ERR_SLUICE_BUFFER_CLOSED',
        });
      });

      test('flush_at_shutdown false writes nothing', async () => {
        const folder = temporaryFolder();
        const made = await make(
          `flush_interval 1h\nflush_at_shutdown false\nbackup_path ${folder}`,
        );
        await made.buffer.write('a', events(1));
        await made.buffer.afterShutdown();
        expect(made.sink.attempts).toEqual([]);
        expect(readdirSync(folder)).toHaveLength(under.persistent ? 0 : 1);
      });

      test('shutdown_timeout is the limit, whatever the output does', async () => {
        const folder = temporaryFolder();
        const made = await make(
          `flush_interval 1h\nflush_at_shutdown true\nshutdown_timeout 2s\nbackup_path ${folder}`,
        );
        made.sink.act = () => new Gate().passed;
        await made.buffer.write('a', events(1));
        const ended = made.buffer.afterShutdown();
        await attempted(made.sink, 1);
        await made.clock.advance(2000);
        await ended;
        expect(readdirSync(folder)).toHaveLength(under.persistent ? 0 : 1);
      });
    });
  });
}
