import { EventStream, EventTime } from '@sluice/event-stream';
import * as formats from '@sluice/formats';
import { createDriver } from '@sluice/plugin/testing';
import { describe, expect, test } from 'vitest';
import { parserFilter } from '../src/index.js';

const json = '<parse>\n@type json\n</parse>';
const at = new EventTime(100, 5);

const driverOf = (text: string) =>
  createDriver(parserFilter, `key_name log\n${text}`, { plugins: [formats] });

/** Records that come out, and what went to `@ERROR`. */
function through(text: string, ...records: Record<string, unknown>[]) {
  const driver = driverOf(text);
  const events = driver.filter(
    'app',
    records.map((record) => ({ time: at, record })),
  );
  return {
    records: events.map(({ record }) => record),
    times: events.map(({ time }) => time),
    errors: driver.errors.map(({ records: [record], error }) => [record, error.message]),
  };
}

describe('filter parser', () => {
  const log = '{"a":1,"time":7}';

  test.each([
    ['', { a: 1 }],
    ['reserve_data true', { log, x: 'y', a: 1 }],
    ['reserve_data true\nremove_key_name_field true', { x: 'y', a: 1 }],
    ['inject_key_prefix p.', { 'p.a': 1 }],
    ['hash_value_field h', { h: { a: 1 } }],
    [
      'hash_value_field h\ninject_key_prefix p.\nreserve_data true',
      { log, x: 'y', h: { 'p.a': 1 } },
    ],
  ])('%j', (text, record) => {
    expect(through(`${text}\n${json}`, { log, x: 'y' }).records).toEqual([record]);
  });

  test('the time is that of the parser, unless reserve_time', () => {
    expect(through(json, { log }).times).toEqual([new EventTime(7, 0)]);
    expect(through(`reserve_time true\n${json}`, { log }).times).toEqual([at]);
    const open = '<parse>\n@type json\nestimate_current_event false\n</parse>';
    expect(through(open, { log: '{}' }).times).toEqual([at]);
  });

  test('what does not parse goes to @ERROR, and the others go on', () => {
    const { records, errors } = through(
      json,
      { log: '{"a":1}' },
      { log: 'x' },
      { b: 1 },
      { log: 5 },
    );
    expect(records).toEqual([{ a: 1 }]);
    expect(errors).toEqual([
      [{ log: 'x' }, 'json: no JSON'],
      [{ b: 1 }, 'parser: log does not exist'],
      [{ log: 5 }, 'parser: log is not a text'],
    ]);
  });

  test('with reserve_data it also goes on', () => {
    const { records, errors } = through(`reserve_data true\n${json}`, { log: 'x' }, { b: 1 });
    expect(records).toEqual([{ log: 'x' }, { b: 1 }]);
    expect(errors).toHaveLength(2);
  });

  test('emit_invalid_record_to_error false drops it', () => {
    const result = through(`emit_invalid_record_to_error false\n${json}`, { log: 'x' });
    expect(result).toEqual({ records: [], times: [], errors: [] });
  });

  test('several events in one field, and a field inside of another', () => {
    expect(through(json, { log: '[{"a":1},{"a":2}]' }).records).toEqual([{ a: 1 }, { a: 2 }]);
    const driver = createDriver(
      parserFilter,
      `key_name $.k.log\nreserve_data true\nremove_key_name_field true\n${json}`,
      { plugins: [formats] },
    );
    const [{ record }] = driver.filter('app', [{ k: { log: '{"a":1}', b: 2 } }]);
    expect(record).toEqual({ k: { b: 2 }, a: 1 });
    const listed = createDriver(
      parserFilter,
      `key_name $.k[-1]\nreserve_data true\nremove_key_name_field true\n${json}`,
      { plugins: [formats] },
    );
    expect(listed.filter('app', [{ k: [1, '{"a":1}'] }])[0].record).toEqual({ k: [1], a: 1 });
  });

  test('bytes that are not UTF-8', () => {
    const none = '<parse>\n@type none\n</parse>';
    const bytes = { log: Buffer.from('a\xffb', 'latin1') };
    expect(through(none, bytes).errors[0]?.[1]).toMatch('invalid byte sequence in UTF-8');
    expect(through(`replace_invalid_sequence true\n${none}`, bytes).records).toEqual([
      { message: 'a?b' },
    ]);
  });

  test('the id of the chunk stays with its events', async () => {
    const stream = EventStream.fromEvents([{ time: at, record: { log } }]).withChunkId('c1');
    expect((await driverOf(json).plugin.filter('app', stream)).chunkId).toBe('c1');
  });

  test.each([
    ['$.', 'key_name'],
    ['log', '@type'],
  ])('key_name %s without a parser is refused', (key, message) => {
    const make = () => createDriver(parserFilter, `key_name ${key}`, { plugins: [formats] });
    expect(make).toThrow(key === 'log' ? message : /cannot be read/);
  });
});
