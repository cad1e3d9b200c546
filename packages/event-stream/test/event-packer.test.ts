import { describe, expect, test } from 'vitest';
import { EventPacker, EventStream, EventTime, ExtensionValue } from '../src/index.js';

const at = new EventTime(1_795_336_380, 123_456_789);

/** What the events are after a way through bytes. */
function through(...records: Record<string, unknown>[]): unknown[] {
  const packer = new EventPacker(16);
  for (const record of records) packer.add(at, record);
  const stream = EventStream.fromPacked(packer.take().bytes);
  expect(stream.count).toBe(records.length);
  return [...stream].map(({ time, record }) => {
    expect(time).toEqual(at);
    return record;
  });
}

describe('EventPacker', () => {
  test.each([
    ['strings', { a: '', b: 'x'.repeat(31), c: 'y'.repeat(48), d: 'z'.repeat(70_000), e: 'é€😀' }],
    ['long names', { ['n'.repeat(300)]: 1, ['ñ'.repeat(40)]: 2 }],
    ['integers', { a: [0, 127, 128, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1] }],
    ['negative ones', { a: [-1, -32, -33, -128, -129, -32_768, -32_769, -(2 ** 31), -(2 ** 40)] }],
    ['floats', { a: [0.5, -1e300, Infinity, -Infinity, -0] }],
    ['big ones', { a: [2n ** 64n - 1n, -(2n ** 63n)] }],
    ['words', { a: [null, true, false] }],
    [
      'lists',
      { a: Array.from({ length: 20 }, (_, i) => i), b: Array.from({ length: 70_000 }, () => 1) },
    ],
    ['maps', Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`k${i}`, { i }]))],
    ['bytes', { a: Buffer.from('ab'), b: Buffer.alloc(300, 1), c: Buffer.alloc(70_000, 2) }],
    ['extensions', { a: new ExtensionValue(7, Buffer.from('abc')), t: new EventTime(5, 6) }],
  ])('%s', (_name, record) => {
    expect(through(record)).toEqual([record]);
  });

  test('fields whose names mean something in JavaScript are fields like all others', () => {
    const text = '{"constructor":{"name":"x"},"toJSON":3,"__proto__":{"a":1},"length":5}';
    const [record] = through(JSON.parse(text) as Record<string, unknown>);
    expect(JSON.stringify({ ...(record as object), toJSON: undefined })).toContain('"name":"x"');
    expect(Object.keys(record as object)).toEqual(['constructor', 'toJSON', '__proto__', 'length']);
  });

  test('what no 64 bits hold becomes a float, and undefined nil', () => {
    expect(through({ a: 10n ** 30n, b: undefined })).toEqual([{ a: 1e30, b: null }]);
  });

  test('a record that is too deep is refused and leaves nothing behind', () => {
    let deep: unknown = 1;
    for (let level = 0; level < 200; level++) deep = [deep];
    const packer = new EventPacker();
    packer.add(at, { a: 1 });
    expect(() => packer.add(at, { deep })).toThrow('nested more than 128 deep');
    packer.add(at, { a: 2 });
    expect([...packer.take()].map(({ record }) => record)).toEqual([{ a: 1 }, { a: 2 }]);
  });

  test('streams that were taken keep their bytes', () => {
    const packer = new EventPacker();
    packer.add(at, { a: 1 });
    const first = packer.take();
    packer.add(at, { a: 2 });
    expect(packer.count).toBe(1);
    packer.take();
    expect([...first].map(({ record }) => record)).toEqual([{ a: 1 }]);
    expect(packer.byteLength).toBe(0);
  });
});
