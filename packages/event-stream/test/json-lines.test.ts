import { expect, test } from 'vitest';
import { EventStream, EventTime } from '../src/index.js';

test('records become lines of JSON', () => {
  const records = [
    { a: 1, b: 'x"\\\n\u0001ü€😀', c: [true, false, null, { d: 1.5, e: [] }], f: {} },
    { n: -1, m: -123456, big: 2 ** 53 - 1, i: 12_345_678_901, s: 255, t: 99, u: 100, z: 0 },
  ];
  const stream = EventStream.fromEvents(records.map((record) => ({ time: 1, record })));
  expect(stream.toJsonLines().toString()).toBe(
    records.map((record) => `${JSON.stringify(record)}\n`).join(''),
  );
  expect([...stream].map(({ record }) => record)).toEqual(records);
  expect([...stream][0].time).toEqual(new EventTime(1, 0));
});
