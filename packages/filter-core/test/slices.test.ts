import { encodeValue, EventStream } from '@sluice/event-stream';
import { createDriver } from '@sluice/plugin/testing';
import { describe, expect, test } from 'vitest';
import { grepFilter, recordTransformerFilter } from '../src/index.js';
import { FilterLimitError, MadeBytes, MadeEntries } from '../src/made-events.js';
import { inSlices } from '../src/slices.js';

/** Many events in few bytes of source, as a bomb has them. */
function many(count: number, record: Record<string, unknown> = {}): EventStream {
  const entry = Buffer.concat([Buffer.from([0x92, 0xce, 0, 0, 0, 1]), encodeValue(record)]);
  return EventStream.fromScanned(Buffer.alloc(entry.length * count, entry), count);
}

/** The longest time, in milliseconds, for which nothing else got its turn while `work` ran. */
async function longestHold(work: Promise<unknown>): Promise<number> {
  let longest = 0;
  let last = performance.now();
  let running = true;
  const look = (): void => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    if (running) setImmediate(look);
  };
  setImmediate(look);
  await work;
  running = false;
  return longest;
}

const transform = '<record>\nx ${record["a"]}-${tag}\n</record>';

describe('work in slices', () => {
  test('what is done in the first slice is there at once', () => {
    expect(
      inSlices(
        (function* (): Generator<undefined, number> {
          return 7;
        })(),
      ),
    ).toBe(7);
  });

  test('an error comes out, and the next work gets its turn', async () => {
    function* steps(fails: boolean): Generator<undefined, string> {
      // Longer than a slice, so that the rest comes in the next.
      const end = performance.now() + 20;
      while (performance.now() < end);
      yield;
      if (fails) throw new Error('in the middle');
      return 'done';
    }
    const [first, second] = [inSlices(steps(true)), inSlices(steps(false))];
    await expect(first).rejects.toThrow('in the middle');
    await expect(second).resolves.toBe('done');
  });

  test.each([
    ['record_transformer', recordTransformerFilter, transform],
    ['grep', grepFilter, '<regexp>\nkey a\npattern /x/\n</regexp>'],
  ] as const)('%s of many events lets others go on', async (_name, definition, configuration) => {
    const driver = createDriver(definition, configuration);
    await driver.start();
    const left = driver.plugin.filter('t', many(200_000));
    expect(left).toBeInstanceOf(Promise);
    // Generous: what counts is that it is nowhere near the whole.
    const start = performance.now();
    const hold = await longestHold(Promise.resolve(left));
    expect(hold).toBeLessThan((performance.now() - start) / 2);
    await driver.stop();
  });
});

describe('what a filter makes is bounded', () => {
  test('the limit is above every honest message', () => {
    const made = new MadeBytes(many(1));
    made.add(32 * 1024 * 1024);
    expect(() => made.add(1)).toThrow(FilterLimitError);
  });

  test('many small entries are collected in one piece, in their order', () => {
    const entries = new MadeEntries(new MadeBytes(many(1)));
    const made = Array.from({ length: 600_000 }, (_, n) =>
      Buffer.from([0x92, 0xce, 0, n >> 16, n >> 8, n, 0x81, 0xa1, 0x61, 0x01]),
    );
    for (const entry of made) entries.add(entry);
    const { bytes, count } = entries.stream(many(1));
    expect(count).toBe(made.length);
    expect(bytes.equals(Buffer.concat(made))).toBe(true);
    expect(new MadeEntries(new MadeBytes(many(1))).stream(many(1)).count).toBe(0);
  });

  test('a stream whose records would become too large fails as a whole', async () => {
    const driver = createDriver(
      recordTransformerFilter,
      `<record>\nx ${'y'.repeat(10_000)}\${record["a"]}\n</record>`,
    );
    await driver.start();
    await expect(Promise.resolve(driver.plugin.filter('t', many(20_000)))).rejects.toThrow(
      FilterLimitError,
    );
    await driver.stop();
  });
});

test('keys that are not texts do not stop a filter that decodes', async () => {
  const driver = createDriver(recordTransformerFilter, transform);
  await driver.start();
  const entries = ['81c4016101', '81910101', '8181a16101a0', '81c001', '810102', '81a16102'];
  const bytes = Buffer.concat(entries.map((hex) => Buffer.from(`92ce00000001${hex}`, 'hex')));
  const { stream } = EventStream.scan(bytes);
  const records = driver.filter('t', stream).map(({ record }) => record);
  expect(records).toEqual([
    { a: 1, x: '1-t' },
    { '[1]': 1, x: '-t' },
    { '{"a"=>1}': '', x: '-t' },
    { null: 1, x: '-t' },
    { 1: 2, x: '-t' },
    { a: 2, x: '2-t' },
  ]);
  expect(driver.errors).toEqual([]);
  await driver.stop();
});
