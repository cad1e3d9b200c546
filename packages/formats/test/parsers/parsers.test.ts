import { EventTime } from '@sluice/event-stream';
import { ParseError } from '@sluice/plugin';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { parserCases } from './cases.js';
import { parsed, parserFor, parserTypes } from './support.js';

const now = new Date('2026-06-01T12:00:00.500Z');

beforeEach(() => {
  process.env.TZ = 'UTC';
  vi.useFakeTimers({ now, toFake: ['Date'] });
});
afterEach(() => {
  vi.useRealTimers();
});

function plain(value: unknown): unknown {
  if (value instanceof EventTime) return { $time: [value.seconds, value.nanoseconds] };
  return typeof value === 'bigint' ? { $big: String(value) } : value;
}

function timeText(time: EventTime | undefined): unknown {
  if (time === undefined) return undefined;
  return time.equals(EventTime.fromDate(now)) ? 'now' : [time.seconds, time.nanoseconds];
}

describe('parsers', () => {
  test('each has cases', () => {
    const types = new Set(parserCases.map(({ type }) => type));
    expect(parserTypes.filter((type) => !types.has(type))).toEqual(['msgpack']);
  });

  test.each(parserCases)('$type: $params: $text', ({ type, params, text, events, error }) => {
    const result = parsed(parserFor(type, params), text);
    const found = result.events.map(([time, record]) => [
      timeText(time),
      Object.fromEntries(Object.entries(record).map(([key, value]) => [key, plain(value)])),
    ]);
    // The order of fields counts: they are written in it.
    expect(JSON.stringify(found)).toBe(JSON.stringify(events));
    expect(result.error?.message).toBe(error);
    if (error !== undefined) expect(result.error).toBeInstanceOf(ParseError);
  });

  test('msgpack: maps one after another, and in arrays', () => {
    const bytes = Buffer.from('81a161019281a16102c2', 'hex');
    const { events, error } = parsed(parserFor('msgpack', 'types a:string'), bytes);
    expect(events.map(([, record]) => record)).toEqual([{ a: '1' }, { a: '2' }]);
    expect(error?.message).toBe('msgpack: 1 values are not maps');
    expect(parsed(parserFor('msgpack', ''), bytes.subarray(0, 3)).error?.message).toMatch(/cut/);
  });

  test('msgpack: what is binary in a record is a copy', () => {
    const bytes = Buffer.from('81a161c40178', 'hex');
    const { events } = parsed(parserFor('msgpack', ''), bytes);
    bytes.fill(0);
    expect(events[0][1]).toEqual({ a: Buffer.from('x') });
  });

  test('json: an array with others than objects gives the objects, and an error', () => {
    const { events, error } = parsed(parserFor('json', ''), '[{"a":1},2,{"a":3}]');
    expect(events.map(([, record]) => record)).toEqual([{ a: 1 }, { a: 3 }]);
    expect(error?.message).toBe('json: 1 of 3 in the array are not objects');
  });

  test.each(['json', 'ltsv'])('%s: __proto__ is a field', (type) => {
    const text = type === 'json' ? '{"__proto__":"x","a":"y"}' : '__proto__:x\ta:y';
    const [[, record]] = parsed(parserFor(type, 'types __proto__:array'), text).events;
    expect(Object.entries(record)).toEqual([
      ['__proto__', ['x']],
      ['a', 'y'],
    ]);
  });

  test('estimate_current_event false leaves the time open', () => {
    for (const type of ['json', 'none']) {
      const { events } = parsed(parserFor(type, 'estimate_current_event false'), '{"a":1}');
      expect(events[0][0]).toBeUndefined();
    }
  });

  test('a regular expression that goes astray is stopped by timeout', () => {
    const parser = parserFor('regexp', 'expression /^(?<a>(?:x+)+)$/\ntimeout 0.05s');
    const { events, error } = parsed(parser, `${'x'.repeat(60)}y`);
    expect(events).toEqual([]);
    expect(error).toBeInstanceOf(ParseError);
    expect(error?.message).toBe('regexp: parsing timed out');
    expect(parsed(parser, 'xx').events).toHaveLength(1);
  });

  test('multiline knows the first line of an event', () => {
    const parser = parserFor('multiline', 'format1 /(?<a>.*)/\nformat_firstline /^\\d/');
    const multiline = parser as unknown as { isFirstLine(line: string): boolean };
    expect(['1 a', ' at b'].map((line) => multiline.isFirstLine(line))).toEqual([true, false]);
  });

  test.each([
    ['regexp', '', 'expression is required'],
    ['regexp', 'expression /abc/', 'no named group'],
    ['regexp', 'expression /(?<a>/', 'invalid regular expression'],
    ['json', 'time_format %Q', '"%Q" is not a directive of strptime'],
    ['json', 'types a:number', 'the type of a is unknown: number'],
    ['json', 'time_type string\ntimezone +09:00', 'timezone needs time_format'],
    ['json', 'time_format %s\ntimezone Mars/Base', '"Mars/Base" is not a time zone'],
    ['json', 'time_type mixed', 'time_type mixed needs'],
    ['ltsv', 'utc true', 'utc needs time_format'],
    ['csv', '', 'keys'],
    ['csv', 'keys a\ndelimiter ""', 'delimiter must not be empty'],
    ['multiline', 'format2 /(?<a>x)/', 'format2 without format1'],
    ['multiline', 'format1 (?<a>x)', 'format1 is not a /regular expression/'],
    ['multiline', 'format1 /x/', 'no named group'],
  ])('%s refuses %s', (type, params, message) => {
    expect(() => parserFor(type, params)).toThrow(message);
  });
});
