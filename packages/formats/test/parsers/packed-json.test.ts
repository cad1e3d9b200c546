import { EventPacker, EventStreamError, EventTime } from '@sluice/event-stream';
import { ParseError } from '@sluice/plugin';
import { describe, expect, test } from 'vitest';
import { parserFor } from './support.js';

const at = new EventTime(1_795_336_380, 5);
Error.stackTraceLimit = 0;

interface Result {
  readonly bytes: string;
  readonly error?: string;
}

function result(packer: EventPacker, run: () => void): Result {
  try {
    run();
  } catch (error) {
    if (!(error instanceof ParseError || error instanceof EventStreamError)) throw error;
    return { bytes: packer.take().bytes.toString('hex'), error: error.message };
  }
  return { bytes: packer.take().bytes.toString('hex') };
}

const params = 'estimate_current_event false';
const parser = parserFor('json', params);
const slow = new EventPacker();
const fast = new EventPacker(16);

/** What records make of the text. */
function byRecords(text: Buffer, by = parser): Result {
  return result(slow, () => by.parse(text, (time, record) => slow.add(time ?? at, record)));
}

/** What is written straight from the text. */
function straight(text: Buffer, by = parser): Result {
  return result(fast, () => by.parseInto(text, fast, at));
}

describe('JSON straight into MessagePack', () => {
  const times = { timeField: Buffer.from('time'), keepTimeField: false, timeOf: () => undefined };

  test.each([
    ['{}'],
    [' { "a" : 1 , "b":[ ] } '],
    ['{"a":[1,-1,127,128,255,256,65535,65536,4294967295,4294967296,999999999999999]}'],
    ['{"a":[-32,-33,-128,-129,-32768,-32769,-2147483648,-2147483649,-999999999999999,-0]}'],
    [
      '{"a":[1.0,0.1,-0.0,1.5e3,1E-7,123456789.123456789,0.30000000000000004,1.7976931348623157e308]}',
    ],
    ['{"a":[true,false,null,"",[],{}],"b":{"c":{"d":["x"]}}}'],
    [`{"a":"${'x'.repeat(31)}","b":"${'x'.repeat(32)}","c":"${'x'.repeat(256)}"}`],
    [`{"a":"${'x'.repeat(65_535)}","b":"${'x'.repeat(65_536)}"}`],
    [`{"${'n'.repeat(300)}":1}`],
    ['{"a":"\\"\\\\\\/\\b\\f\\n\\r\\t\\u0000\\u00e9\\u20ac\\ud83d\\ude00 é€😀"}'],
    ['{"é":"ü","a":"x\\ny"}'],
    [`{"a":[${'0.5,'.repeat(70_000)}1]}`],
    [`{"a":[${'"",'.repeat(20)}1],${Array.from({ length: 40 }, (_, n) => `"k${n}":${n}`).join()}}`],
    [`{"a":${'['.repeat(50)}${'0.5,'.repeat(20)}1${']'.repeat(50)}}`],
    ['[{"a":1},{"b":2.5} , {"time":1700000000.25,"c":"x"}]'],
    ['{"time":1700000000.5,"a":1}'],
    ['{"a":1,"time":1700000000}'],
    ['{"a":{"time":5},"time":"1700000000.123456789","z":[1]}'],
    [`{${Array.from({ length: 15 }, (_, n) => `"k${n}":${n},`).join('')}"time":5}`],
    ['{"__proto__":{"a":1},"constructor":"x","toJSON":1}'],
  ])('what is in logs, %#', (text) => {
    expect(fast.addJson(Buffer.from(text), times, at)).toBe(true);
    fast.take();
    expect(straight(Buffer.from(text))).toEqual(byRecords(Buffer.from(text)));
  });

  test('names keep their order, those of digits, too', () => {
    expect(straight(Buffer.from('{"b":1,"1":2}')).bytes).toMatch(/82a16201a13102$/);
  });

  test.each([
    ['a list without a record', '[]'],
    ['no object', '5'],
    ['no comma', '{"a":1 "b":2}'],
    ['a comma too many', '{"a":1,}'],
    ['a comma too many in a list', '{"a":[1,]}'],
    ['more than one object', '{}{}'],
    ['a duplicate name', '{"a":1,"a":2}'],
    ['a large integer', '{"a":18446744073709551615}'],
    ['a lone surrogate', '{"a":"\\ud800"}'],
    ['an unknown escape', '{"a":"\\x"}'],
    ['a raw line end', '{"a":"x\ny"}'],
    ['numbers with a zero in front', '{"a":01}'],
    ['a point without a digit', '{"a":1.}'],
    ['an infinite number', '{"a":1e999}'],
    ['NaN', '{"a":NaN}'],
    ['an end too early', '{"a":{"b":"c'],
    ['other brackets', '{"a":[1}}'],
    ['a time that is none', '{"time":{},"a":1}'],
    ['a name with an escape', '{"a\\n":1}'],
    ['too deep', `{"a":${'['.repeat(90)}${']'.repeat(90)}}`],
  ])('%s is left to the other reader', (_name, text) => {
    const packer = new EventPacker();
    expect(
      packer.addJson(Buffer.from(text), {
        ...times,
        timeOf: (v) => (v === undefined ? undefined : null),
      }),
    ).toBe(false);
    expect(packer.count + packer.byteLength).toBe(0);
    expect(straight(Buffer.from(text))).toEqual(byRecords(Buffer.from(text)));
  });

  test('bytes that are not UTF-8 are read as the other reader reads them', () => {
    const text = Buffer.from('{"a":"x\xff","b":1}', 'latin1');
    expect(straight(text)).toEqual(byRecords(text));
  });

  test('keep_time_key and types are minded', () => {
    for (const more of [
      'keep_time_key true',
      'types a:string',
      'time_key at\ntime_type unixtime',
    ]) {
      const other = parserFor('json', `${params}\n${more}`);
      const text = Buffer.from('{"a":1,"time":1700000000.5,"at":1700000001,"b":[true]}');
      expect(straight(text, other)).toEqual(byRecords(text, other));
    }
  });

  test('the same comes of 10,000 texts, whole and broken', () => {
    let state = 20_261_124;
    const random = (below: number): number => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return Math.floor((state / 2 ** 32) * below);
    };
    const scalars = [
      '1',
      '-7',
      '2.50',
      '1e3',
      '"a"',
      '"é\\u00e9"',
      '"\\\\"',
      'true',
      'null',
      '123456789012345678',
      '-0',
      '1700000000.5',
    ];
    const blanks = ['', '', '', ' ', '\n '];
    const value = (depth: number): string => {
      const kind = depth > 3 ? 0 : random(4);
      const size = depth > 3 || (kind < 2 && depth > 0) ? 0 : random(random(8) === 0 ? 20 : 4);
      const parts = Array.from({ length: size }, (_, n) =>
        kind === 2
          ? value(depth + 1)
          : `"${['k', 'time', 'ü'][random(3)]}${n === 0 ? '' : n}"${blanks[random(5)]}:${value(depth + 1)}`,
      );
      if (kind === 2) return `[${parts.join(`,${blanks[random(5)]}`)}]`;
      if (kind === 3 || depth === 0) return `{${blanks[random(5)]}${parts.join(',')}}`;
      return scalars[random(scalars.length)];
    };
    let packed = 0;
    for (let run = 0; run < 10_000; run++) {
      let text = Buffer.from(random(5) === 0 ? `[${value(0)},${value(0)}]` : value(0));
      if (random(2) === 0) {
        const place = random(text.length);
        const piece = Buffer.from(
          ['"', '\\', '{', '}', ',', '9', ' ', '\xff', '-', '.'][random(10)],
          'latin1',
        );
        text = Buffer.concat([text.subarray(0, place), piece, text.subarray(place + random(3))]);
      }
      // The reader behind it must not see what is not its own, on either side.
      const around = Buffer.concat([Buffer.from('"]}'), text, Buffer.from('}]",1')]);
      const inside = around.subarray(3, 3 + text.length);
      // Objects of JavaScript put names of digits first.
      if (/"\d+"\s*:/.test(text.toString('latin1'))) continue;
      const expected = byRecords(inside);
      const found = straight(inside);
      if (found.bytes !== expected.bytes || found.error !== expected.error) {
        expect({ text: text.toString('latin1'), ...found }).toEqual({
          text: text.toString('latin1'),
          ...expected,
        });
      }
      if (fast.addJson(inside, times, at)) packed++;
      fast.take();
    }
    expect(packed).toBeGreaterThan(2000);
  }, 60_000);
});
