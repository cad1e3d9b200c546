import { describe, expect, test } from 'vitest';
import { EventStream, EventTime, ExtensionValue } from '../src/index.js';

/** One entry whose record is given in hexadecimal. */
function packed(hex: string): EventStream {
  return EventStream.fromPacked(Buffer.from(`92ce00000001${hex.replaceAll(' ', '')}`, 'hex'));
}
const line = (hex: string) => packed(hex).toJsonLines().toString().trimEnd();

test('negative zero keeps its sign, as in Ruby', () => {
  expect(line('81 a161 cb 8000000000000000')).toBe('{"a":-0.0}');
});

test('records become lines of JSON', () => {
  const records = [
    { a: 1, b: 'x"\\\n\u0001\u007fü€😀', c: [true, false, null, { d: 1.5, e: [] }], f: {} },
    { n: -1, m: -123456, big: 2 ** 53 - 1, i: 12_345_678_901, s: 255, t: 99, u: 100, z: 0 },
  ];
  const stream = EventStream.fromEvents(records.map((record) => ({ time: 1, record })));
  expect(stream.toJsonLines().toString()).toBe(
    records.map((record) => `${JSON.stringify(record)}\n`).join(''),
  );
  expect([...stream].map(({ record }) => record)).toEqual(records);
  expect([...stream][0].time).toEqual(new EventTime(1, 0));
});

describe('values that JSON has no form for', () => {
  test.each([
    ['uint64', '81 a161 cf ffffffffffffffff', '{"a":18446744073709551615}'],
    ['int64', '81 a161 d3 8000000000000000', '{"a":-9223372036854775808}'],
    ['NaN', '81 a161 cb 7ff8000000000000', '{"a":null}'],
    ['-Infinity', '81 a161 ca ff800000', '{"a":null}'],
    ['float 1', '81 a161 cb 3ff0000000000000', '{"a":1.0}'],
    ['float32 0', '81 a161 ca 00000000', '{"a":0.0}'],
    ['small float', '81 a161 cb 3ee4f8b588e368f1', '{"a":1.0e-05}'],
    ['float of 33 bits', '81 a161 cb 41f0000000000000', '{"a":4294967296}'],
    ['float32', '81 a161 ca 3dcccccd', '{"a":0.10000000149011612}'],
    ['large float', '81 a161 cb 54b249ad2594c37d', '{"a":1.0e+100}'],
    ['bin that is text', '81 a161 c403 c3bc22', '{"a":"ü\\""}'],
    ['bin that is not text', '81 a161 c402 ff00', '{"a":"/wA="}'],
    ['EventTime', '81 a161 d700 00000001 00000005', '{"a":"1970-01-01T00:00:01.000000005Z"}'],
    ['timestamp 32', '81 a161 d6ff 00000001', '{"a":"1970-01-01T00:00:01.000000000Z"}'],
    [
      'timestamp 96',
      '81 a161 c70cff 00000005 ffffffffffffffff',
      '{"a":"1969-12-31T23:59:59.000000005Z"}',
    ],
    ['fixext 1', '81 a161 d472 40', '{"a":{"type":114,"data":"QA=="}}'],
    ['ext 8 of type -2', '81 a161 c701fe 01', '{"a":{"type":-2,"data":"AQ=="}}'],
    [
      'keys that are not strings',
      '85 01a0 c0a0 c3a0 cb3ff8000000000000a0 9101a0',
      '{"1":"","null":"","true":"","1.5":"","[1]":""}',
    ],
    ['bin as key', '81 c40161 01', '{"a":1}'],
    ['equal keys', '82 a161 01 a161 02', '{"a":1,"a":2}'],
  ])('%s', (_, hex, json) => {
    expect(line(hex)).toBe(json);
    // Decoding gives the same, where objects can hold it.
    if (!json.includes('"a":1,"a"') && !/\d{19}/.test(json)) {
      const [{ record }] = packed(hex);
      expect(JSON.parse(json)).toEqual(
        JSON.parse(
          JSON.stringify(record, function (this: Record<string, unknown>, key, value: unknown) {
            const raw = this[key];
            return Buffer.isBuffer(raw) ? raw.toString(raw[0] === 0xff ? 'base64' : 'utf8') : value;
          }),
        ),
      );
    }
  });
});

test('decoding keeps what JSON cannot', () => {
  const [{ record }] = packed(
    '84 a161 cf ffffffffffffffff a162 d472 40 a163 c401ff a164 d7000000000100000005',
  );
  expect(record).toEqual({
    a: 2n ** 64n - 1n,
    b: new ExtensionValue(0x72, Buffer.of(0x40)),
    c: Buffer.of(0xff),
    d: new EventTime(1, 5),
  });
});

test('keys that are maps or arrays are text as Ruby writes it, however deep they are nested', () => {
  expect(line('81 81a16101 02')).toBe('{"{\\"a\\"=>1}":2}');
  expect([...packed('81 92c0a162 82 a161 01 9102 03')][0].record).toEqual({
    '[nil, "b"]': { a: 1, '[2]': 3 },
  });
  // As JSON in JSON, each level would double the backslashes of the one before.
  const depth = 60;
  const deep = packed(`${'81'.repeat(depth)} a16b ${'01'.repeat(depth)}`);
  expect(deep.toJsonLines().length).toBeLessThan(depth * 10);
  expect(Object.keys([...deep][0].record)[0].length).toBeLessThan(depth * 10);
});

test('a key __proto__ is a key like others', () => {
  const stream = packed('81 a9 5f5f70726f746f5f5f 81 a161 c0');
  expect(stream.toJsonLines().toString()).toBe('{"__proto__":{"a":null}}\n');
  const [{ record }] = stream;
  expect(Object.getPrototypeOf(record)).toBe(Object.prototype);
  expect(Object.keys(record)).toEqual(['__proto__']);
});

test('time, tag and prefix', () => {
  const stream = EventStream.fromEvents([
    { time: new EventTime(1_700_000_000, 5), record: { a: 1 } },
    { time: new EventTime(1_700_000_001, 0), record: {}, metadata: { m: 1 } },
  ]);
  const lines = stream.toJsonLines({
    prefix: (seconds) => `${seconds}\tü\t`,
    timeKey: 'time',
    tagKey: 'tag',
    tag: 'a.b',
    newline: '\r\n',
  });
  expect(lines.toString()).toBe(
    '1700000000\tü\t{"tag":"a.b","time":"2023-11-14T22:13:20.000000005Z","a":1}\r\n' +
      '1700000001\tü\t{"tag":"a.b","time":"2023-11-14T22:13:21.000000000Z"}\r\n',
  );
  expect([...stream][1].metadata).toEqual({ m: 1 });
});

test('long strings of every kind', () => {
  const text = ['x', '"', '\u0001', 'ü', '😀'].map((c) => c.repeat(70_000));
  const record = { text };
  const stream = EventStream.fromEvents([{ time: 1, record }]);
  expect(stream.toJsonLines().toString()).toBe(`${JSON.stringify(record)}\n`);
});

test('streams can be filtered, and wrong bytes are refused', () => {
  const stream = EventStream.fromEvents([1, 2, 3, 4].map((n) => ({ time: n, record: { n } })));
  const even = stream.filter(({ record }) => Number(record.n) % 2 === 0);
  expect([...even].map(({ record }) => record.n)).toEqual([2, 4]);
  expect(even.count).toBe(2);
  expect(stream.filter(() => true)).toBe(stream);
  const { bytes } = stream;
  expect(() => EventStream.fromPacked(bytes.subarray(0, -1))).toThrow(
    expect.objectContaining({ code: 'ERR_SLUICE_MSGPACK_TRUNCATED' }),
  );
  expect(() => EventStream.fromPacked(Buffer.of(0xc1))).toThrow(
    expect.objectContaining({ code: 'ERR_SLUICE_MSGPACK_MALFORMED', offset: 0 }),
  );
  expect(() => EventStream.fromPacked(Buffer.of(5))).toThrow(
    expect.objectContaining({ code: 'ERR_SLUICE_EVENT_INVALID' }),
  );
  const mixed = Buffer.concat([bytes, Buffer.of(5)]);
  expect(EventStream.filterInvalid(mixed).bytes.equals(bytes)).toBe(true);
});

test('EventTime', () => {
  expect(EventTime.fromSeconds(1.9999999999)).toEqual(new EventTime(2, 0));
  expect(EventTime.fromSeconds(-0.5)).toEqual(new EventTime(-1, 500_000_000));
  expect(EventTime.fromMillis(1234.5)).toEqual(new EventTime(1, 234_500_000));
  expect(new EventTime(1, 2).toBigInt()).toBe(1_000_000_002n);
  expect(new EventTime(9_000_000_000_000, 0).toString()).toBe('9000000000000.000000000');
  expect(EventTime.fromDate(new Date(1500)).toDate()).toEqual(new Date(1500));
  expect(new EventTime(1, 2).equals(new EventTime(1, 2))).toBe(true);
});

test('every character that has to be escaped is, wherever it stands', () => {
  const characters = [
    '"',
    '\\',
    '\u0000',
    '\u001f',
    '\n',
    ' ',
    '!',
    '#',
    '[',
    ']',
    '\u007f',
    'ü',
    '€',
  ];
  const records: Record<string, string>[] = [];
  for (const character of characters) {
    for (let size = 1; size <= 13; size++) {
      for (let at = 0; at < size; at++) {
        const text = 'x'.repeat(at) + character + '"'.repeat(at % 2) + 'y'.repeat(size - at - 1);
        // A short string, a longer one, and a name.
        records.push({ text, [text]: `${'z'.repeat(40)}${text}` });
      }
    }
  }
  const stream = EventStream.fromEvents(records.map((record) => ({ time: 1, record })));
  const lines = stream.toJsonLines().toString().trimEnd().split('\n');
  expect(lines).toEqual(records.map((record) => JSON.stringify(record)));
});
