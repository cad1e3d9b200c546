import { createDriver, type Driver } from '@sluice/plugin/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { dummyInput, sampleInput } from '../src/index.js';

async function start(text: string, definition = sampleInput): Promise<Driver<'input'>> {
  const driver = createDriver(definition, `tag test\n${text}`);
  onTestFinished(async () => {
    await driver.stop();
  });
  return driver.start();
}

const records = (driver: Driver<'input'>) => driver.router.events.map(({ record }) => record);

describe('sample', () => {
  test('one event a second, at its end', async () => {
    const driver = await start('');
    await driver.clock.advance(999);
    expect(records(driver)).toEqual([]);
    await driver.clock.advance(1);
    expect(driver.router.events).toMatchObject([{ tag: 'test', record: { message: 'sample' } }]);
    expect(driver.router.events[0].time.toMillis()).toBe(driver.clock.now());
    await driver.clock.advance(3000);
    expect(records(driver)).toHaveLength(4);
  });

  test('rate is spread over the second, and size multiplies it', async () => {
    const driver = await start('rate 25\nsize 3');
    await driver.clock.advance(500);
    expect(records(driver)).toHaveLength(2 * 3 * 5);
    await driver.clock.advance(500);
    expect(records(driver)).toHaveLength(25 * 3);
  });

  test('samples in turn, with a number', async () => {
    const driver = await start('rate 5\nauto_increment_key id\nsample [{"a":1},{"b":2}]');
    await driver.clock.advance(1000);
    expect(records(driver)).toEqual([
      { a: 1, id: 0 },
      { b: 2, id: 1 },
      { a: 1, id: 2 },
      { b: 2, id: 3 },
      { a: 1, id: 4 },
    ]);
  });

  test('more than can be made in time is left out, and nobody is kept waiting', async () => {
    const driver = await start('rate 500000000');
    await driver.clock.advance(100);
    await driver.router.received(10_000);
    await expect.poll(() => driver.statistics.counters?.skipped_rounds).toBe(1);
  });

  test('the old names', async () => {
    const driver = await start('dummy {"a":1}', dummyInput);
    await driver.clock.advance(1000);
    expect(records(driver)).toEqual([{ a: 1 }]);
  });

  test('no more is made while an output is busy', async () => {
    const driver = await start('rate 10');
    driver.router.answer = 'hold';
    await driver.clock.advance(500);
    expect(records(driver)).toHaveLength(1);
    expect(driver.statistics.counters).toEqual({ events: 1, skipped_rounds: 4 });
    driver.router.answer = 'keep';
    driver.router.release();
    await driver.clock.advance(100);
    expect(records(driver)).toHaveLength(2);
  });

  test('what is not kept is logged, and the next events come', async () => {
    const driver = await start('');
    driver.router.answer = new Error('the disk is full');
    await driver.clock.advance(2000);
    expect(driver.warnings()).toEqual(['samples were not kept', 'samples were not kept']);
  });

  test('nothing comes after stop', async () => {
    const driver = await start('rate 10');
    await driver.clock.advance(100);
    await driver.stop();
    await driver.clock.advance(1000);
    expect(records(driver)).toHaveLength(1);
  });

  test.each([
    ["sample 'a'", 'sample is not JSON of records'],
    ['sample [1]', 'element 0 is not an object'],
    ['sample []', 'it has no element'],
    ['rate 0', 'rate'],
  ])('%s is refused', (text, message) => {
    expect(() => createDriver(sampleInput, `tag test\n${text}`)).toThrow(message);
  });
});
