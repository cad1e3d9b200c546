import { describe, expect, test } from 'vitest';
import { EventStream, EventStreamError, decodeValue, encodeValue } from '../src/index.js';

const stream = EventStream.fromEvents([
  { time: 1, record: { n: 1, text: 'one' } },
  { time: 2, record: { n: 2, text: 'two\n' }, metadata: { source: 'x' } },
  { time: 3, record: { n: 3, text: 'three' } },
]);

describe('the id of the chunk', () => {
  const withId = stream.withChunkId('an id');

  test('is there where it was set, and only there', () => {
    expect(stream.chunkId).toBeUndefined();
    expect(EventStream.empty.chunkId).toBeUndefined();
    expect(withId.chunkId).toBe('an id');
    expect(withId.withChunkId(undefined).chunkId).toBeUndefined();
    expect(EventStream.fromScanned(stream.bytes, 3, true, 'an id').chunkId).toBe('an id');
    expect([...withId]).toEqual([...stream]);
  });

  test.each<[string, EventStream]>([
    ['withFields', withId.withFields({ a: 1 })],
    ['filter that drops some', withId.filter(({ record }) => record.n === 2)],
    ['filter that keeps all', withId.filter(() => true)],
    ['filter that drops all', withId.filter(() => false)],
    ['copy', withId.copy()],
    ['withEntries', withId.withEntries(stream.bytes, 3)],
  ])('stays after %s', (_, made) => {
    expect(made.chunkId).toBe('an id');
  });
});

test('a copy has bytes of its own', () => {
  const memory = Buffer.from(stream.bytes);
  const view = EventStream.fromPacked(memory);
  const copy = view.copy();
  const events = [...view];
  memory.fill(0xc1);
  expect([...copy]).toEqual(events);
  expect(copy.count).toBe(3);
});

describe('writeJsonLines', () => {
  const lines = stream.toJsonLines({ timeKey: 'time' });

  test('writes from the offset on', () => {
    const target = Buffer.alloc(1000, '#');
    const end = stream.writeJsonLines(target, 7, { timeKey: 'time' });
    expect(end).toBe(7 + lines.length);
    expect(target.toString('utf8', 0, end)).toBe('#######' + lines.toString());
    expect(stream.writeJsonLines(target, end, { timeKey: 'time' })).toBe(end + lines.length);
    expect(target.toString('utf8', end, end + lines.length)).toBe(lines.toString());
  });

  test('fits to the byte, and else says how much it needs', () => {
    for (let size = 5; size < 5 + lines.length; size++) {
      expect(stream.writeJsonLines(Buffer.alloc(size), 5, { timeKey: 'time' })).toBe(
        -5 - lines.length,
      );
    }
    const target = Buffer.alloc(5 + lines.length, '#');
    expect(stream.writeJsonLines(target, 5, { timeKey: 'time' })).toBe(target.length);
    expect(target.toString()).toBe('#####' + lines.toString());
  });

  test('refuses an offset outside of the target', () => {
    for (const offset of [-1, 11, NaN]) {
      expect(() => stream.writeJsonLines(Buffer.alloc(10), offset)).toThrow(RangeError);
    }
  });

  test('leaves the target alone after a prefix has thrown', () => {
    const target = Buffer.alloc(1000, '#');
    const prefix = (): string => {
      throw new Error('no prefix');
    };
    expect(() => stream.writeJsonLines(target, 0, { prefix })).toThrow('no prefix');
    expect(stream.toJsonLines({ timeKey: 'time' })).toEqual(lines);
    expect(target).toEqual(Buffer.alloc(1000, '#'));
  });
});

describe('decodeValue', () => {
  test('reads what encodeValue has written', () => {
    const value = { a: [1, 2n ** 60n, null], b: { c: 'ü' } };
    expect(decodeValue(encodeValue(value))).toEqual(value);
    expect(decodeValue(new Uint8Array([0x91, 0xc0]))).toEqual([null]);
  });

  test.each<[string, Buffer, string, string]>([
    ['nothing', Buffer.of(), 'TRUNCATED', 'cut short'],
    ['half of a value', Buffer.of(0x92, 1), 'TRUNCATED', 'cut short'],
    ['more than one value', Buffer.of(1, 2), 'MALFORMED', 'follow the value (at byte 1)'],
    ['the byte that means nothing', Buffer.of(0xc1), 'MALFORMED', 'not MessagePack'],
    ['a deep value', Buffer.concat([Buffer.alloc(129, 0x91), Buffer.of(1)]), 'MALFORMED', '128'],
  ])('refuses %s', (_, bytes, code, message) => {
    const error = (() => {
      try {
        return decodeValue(bytes);
      } catch (thrown) {
        return thrown;
      }
    })();
    expect(error).toBeInstanceOf(EventStreamError);
    expect(error).toMatchObject({ code: `ERR_SLUICE_MSGPACK_${code}` });
    expect((error as Error).message).toContain(message);
  });
});

test('a field is replaced however the length of its name is written', () => {
  for (const head of [[0xa1], [0xd9, 1], [0xda, 0, 1], [0xdb, 0, 0, 0, 1]]) {
    const entry = Buffer.from([0x92, 1, 0x82, ...head, 0x61, 5, 0xa1, 0x62, 6]);
    const [{ record }] = EventStream.fromPacked(entry).withFields({ a: 'new' });
    expect(Object.entries(record)).toEqual([
      ['a', 'new'],
      ['b', 6],
    ]);
  }
});

test('fields keep their places, of equal ones the first, and new ones come last', () => {
  const names = ['a', 'x', 'b', 'x', 'c'].flatMap((name, n) => [0xa1, name.charCodeAt(0), n]);
  const stream = EventStream.fromPacked(Buffer.from([0x92, 1, 0x85, ...names]));
  const lines = stream.withFields({ new: 1, c: 2, x: 3 }).toJsonLines().toString();
  expect(lines).toBe('{"a":0,"x":3,"b":2,"c":2,"new":1}\n');
});
