import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { EventStream, EventTime } from '../src/index.js';
import type { JsonLinesOptions } from '../src/json-line.js';
import { packFields, setFields, type PackedFields } from '../src/packed/index.js';
import { withoutEngine } from '../src/wasm/write-lines.js';
import { brokenString, record as arbitraryRecord, time } from './support/arbitrary.js';

let restore: (() => void) | undefined;
afterEach(() => {
  restore?.();
  restore = undefined;
});

/** The lines, written with WebAssembly and without. */
function bothWays(stream: EventStream, options?: JsonLinesOptions): [string, string] {
  const withIt = stream.toJsonLines(options).toString('latin1');
  restore = withoutEngine();
  const without = stream.toJsonLines(options).toString('latin1');
  restore();
  return [withIt, without];
}

/** So many events that their bytes are worth the engine. */
const FILLER = EventStream.fromEvents(
  Array.from({ length: 20 }, (_, n) => ({ time: n, record: { n, text: 'x'.repeat(n * 2) } })),
).bytes;
const stream = (...parts: readonly Buffer[]): EventStream =>
  EventStream.fromPacked(Buffer.concat([FILLER, ...parts, FILLER]));
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

const entries = fc
  .array(fc.tuple(fc.constantFrom('92', 'dc0002', '9292'), time, arbitraryRecord), {
    maxLength: 12,
  })
  .map((list) =>
    list.map(([head, when, content]) =>
      Buffer.concat([hex(head), when, ...(head === '9292' ? [hex('80')] : []), content]),
    ),
  );

test('lines are the same with WebAssembly and without', () => {
  fc.assert(
    fc.property(entries, brokenString, fc.integer({ min: 0, max: 3 }), (made, { bytes }, form) => {
      const broken = Buffer.concat([hex('92 ce00000001 82 a161'), bytes, hex('a0'), bytes]);
      const options: JsonLinesOptions = {
        ...(form & 1 && { prefix: (seconds, nanoseconds) => `${seconds}\t${nanoseconds}ü\t` }),
        ...(form & 2 && { timeKey: 'time', tagKey: 'tag', tag: 'a"b', newline: '\r\n' }),
      };
      const [withIt, without] = bothWays(stream(...made, broken, ...made), options);
      expect(withIt).toBe(without);
    }),
    { numRuns: 200 },
  );
});

describe('fields that are set while lines are written', () => {
  const float = (value: number): Buffer => {
    const bytes = Buffer.alloc(9, 0xcb);
    bytes.writeDoubleBE(value, 1);
    return bytes;
  };
  const name = hex('a4 74696d65'); // "time"
  const before = packFields({ tag: 'a"ü', v: { host: ['w', 1.5] } });
  const names = [...before.names, Buffer.from('time')];
  const bytes = ({ seconds }: { seconds: number }): Buffer =>
    Buffer.concat([before.bytes, name, float(seconds + 0.5)]);
  const forms: Record<string, PackedFields> = {
    'the same for all': before,
    'of the time': { names, bytes },
    'of which one changes': {
      names,
      bytes,
      changing: { before: before.bytes, name, json: ({ seconds }) => `${seconds}.5` },
    },
    'that are long': packFields({ tag: 'x'.repeat(5000) }),
    'with a long name': packFields({ ['v'.repeat(40)]: 1 }),
    'without a name': packFields({ '': 1, v: 2 }),
  };

  test.each(Object.entries(forms))('%s: as if they were set before', (_, fields) => {
    // With fields of these names, whatever the head of the name, and with none at all.
    const special = [
      '80',
      '81 a176 01',
      '82 a176 01 d90176 02',
      '82 a161 c0 d903746167 c0',
      '81 c0 c0',
    ];
    const odd = special.map((content) => hex(`92 ce00000005 ${content}`));
    const inner = hex('92 ce00000006 81 a161 81 a176 01');
    fc.assert(
      fc.property(entries, fc.integer({ min: 0, max: 1 }), (made, form) => {
        const all = stream(...odd, ...made, inner, ...odd);
        const options: JsonLinesOptions = form === 0 ? {} : { tagKey: 'a', tag: 'b', timeKey: 't' };
        const set = EventStream.fromPacked(setFields(all.bytes, all.count, fields));
        const late = all.withPackedFields(fields);
        const [withIt, without] = bothWays(late, options);
        expect(withIt).toBe(without);
        expect(withIt).toBe(set.toJsonLines(options).toString('latin1'));
        expect(late.bytes.equals(set.bytes)).toBe(true);
        expect(late.toJsonLines(options).toString('latin1')).toBe(withIt);
      }),
      { numRuns: 40 },
    );
  });

  test('a short stream gets them, too', () => {
    const short = EventStream.fromEvents([
      { time: 5, record: { v: 1, a: 2 } },
      { time: 6, record: {} },
    ]);
    const late = short.withPackedFields(forms['of the time']);
    expect(late.toJsonLines().toString()).toBe(
      '{"v":{"host":["w",1.5]},"a":2,"tag":"a\\"ü","time":5.5}\n' +
        '{"tag":"a\\"ü","v":{"host":["w",1.5]},"time":6.5}\n',
    );
    expect(late.withChunkId('x').count).toBe(2);
    expect([...late].map(({ record }) => record.time)).toEqual([5.5, 6.5]);
  });
});

describe('numbers', () => {
  const wide = (first: string, value: bigint): Buffer => {
    const body = Buffer.alloc(8);
    body.writeBigUInt64BE(BigInt.asUintN(64, value));
    return Buffer.concat([hex(`92 ce00000001 81 a161 ${first}`), body]);
  };

  test('of each size are written with all digits', () => {
    const values = Array.from({ length: 64 }, (_, bits) => 2n ** BigInt(bits))
      .flatMap((power) => [power - 1n, power, power + 1n])
      .concat(Array.from({ length: 20 }, (_, digits) => 10n ** BigInt(digits)));
    const unsigned = values.filter((value) => value < 2n ** 64n);
    const signed = values.filter((value) => value <= 2n ** 63n).map((value) => -value);
    const made = EventStream.fromPacked(
      Buffer.concat([
        ...unsigned.map((value) => wide('cf', value)),
        ...signed.map((value) => wide('d3', value)),
      ]),
    );
    expect(made.toJsonLines().toString()).toBe(
      [...unsigned, ...signed].map((value) => `{"a":${value}}\n`).join(''),
    );
  });

  test('of up to 32 bits come in any form', () => {
    const numbers = [0, 9, 10, 99, 100, 127, 128, 255, 256, 9999, 65_535, 65_536, 4_294_967_295];
    const records = [...numbers, ...numbers.map((n) => -n - 1)].map((n) => ({ n, list: [n] }));
    const made = EventStream.fromEvents(records.map((one) => ({ time: 1, record: one })));
    expect(made.toJsonLines().toString()).toBe(
      records.map((one) => `${JSON.stringify(one)}\n`).join(''),
    );
  });
});

describe('a stream that is longer than the memory of the engine', () => {
  // Of several sizes, so that parts end at different places of an entry.
  const records = (size: number, text: string): Record<string, unknown>[] =>
    Array.from({ length: Math.min(Math.ceil(200_000 / size), 2000) }, (_, n) => ({
      n,
      a: text.repeat(size),
      list: [1, { b: [n % 7, null, true] }],
      c: -n,
      d: 1.5,
    }));
  const long = (list: Record<string, unknown>[]): EventStream =>
    EventStream.fromEvents(list.map((record, n) => ({ time: new EventTime(n >> 3, 5), record })));

  test.each(['x', 'ü', '"', '\u0001', '\\\n😀'])('with texts of %j', (text) => {
    for (const size of [31, 47, 300, 20_000, 70_000]) {
      const list = records(size, text);
      const lines = list.map((record, n) => `${n >> 3} ${JSON.stringify(record)}\n`);
      const made = long(list).toJsonLines({ prefix: (seconds) => `${seconds} ` });
      expect(made.toString() === lines.join(''), `${size}`).toBe(true);
    }
  });

  test('goes into the buffer of the caller, or says how large that has to be', () => {
    const made = long(records(200, 'x'));
    const lines = made.toJsonLines();
    const target = Buffer.alloc(lines.length + 3);
    expect(made.writeJsonLines(target, 3)).toBe(target.length);
    expect(target.subarray(3).equals(lines)).toBe(true);
    expect(made.writeJsonLines(target, 4)).toBe(-target.length - 1);
  });
});

test('texts around the record may be too long for the engine', () => {
  for (const size of [10, 2000, 5000]) {
    const prefix = (seconds: number): string => `${seconds}${'ü'.repeat(size)}`;
    const [withIt, without] = bothWays(stream(), { prefix, newline: '-'.repeat(size) });
    expect(withIt).toBe(without);
  }
});

test('what a prefix throws comes to the caller, and the next stream is written as before', () => {
  const { bytes } = stream();
  const made = EventStream.fromPacked(bytes);
  const before = made.toJsonLines().toString();
  expect(() =>
    made.toJsonLines({
      prefix: () => {
        throw new RangeError('no time');
      },
    }),
  ).toThrow('no time');
  expect(made.toJsonLines().toString()).toBe(before);
});
