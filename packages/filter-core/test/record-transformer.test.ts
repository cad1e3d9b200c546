import { hostname } from 'node:os';
import { ConfigError } from '@sluice/config';
import { EventStream, EventTime } from '@sluice/event-stream';
import { formatSeconds } from '@sluice/formats';
import { createDriver } from '@sluice/plugin/testing';
import { describe, expect, test } from 'vitest';
import { recordTransformerFilter } from '../src/index.js';

type TestRecord = Record<string, unknown>;

const transformer = (filter: string) => createDriver(recordTransformerFilter, filter);

function transform(filter: string, record: TestRecord, tag = 'app.web.1'): TestRecord {
  return transformer(filter).filter(tag, [{ time: 1, record }])[0].record;
}

const records = (lines: string) => `<record>\n${lines}\n</record>`;

test.each([
  ['fields without decoding', 'kind web'],
  ['fields made of others', 'kind ${record["n"]}'],
])('the id of the chunk stays with the events: %s', (_, line) => {
  const stream = EventStream.fromEvents([{ time: 1, record: { n: 7 } }]).withChunkId('an id');
  expect(transformer(records(line)).plugin.filter('x', stream)).toMatchObject({
    chunkId: 'an id',
    count: 1,
  });
});

describe('placeholders', () => {
  test.each([
    ['${tag}', 'app.web.1'],
    ['${tag_parts[1]}', 'web'],
    ['${tag_parts[-1]}', '1'],
    ['${tag_prefix[1]}', 'app.web'],
    ['${tag_suffix[1]}', 'web.1'],
    ['${hostname}', hostname()],
    ['${time}', formatSeconds(1)],
    ['${record["n"]}', 7],
    ["${record['n']}", 7],
    ['n=${record["n"]}', 'n=7'],
    ['${record["o"]["p"][1]}', 'b'],
    ['${record.dig("o", "p", 0)}', 'a'],
    ['${record["}"]}', 'brace'],
    ['${record["o"]}', { p: ['a', 'b'] }],
    ['o: ${record["o"]}', 'o: {"p"=>["a", "b"]}'],
    [
      '{"x": "${tag_parts[0]}", "${tag}": [1, true, "${record[\'n\']}"]}',
      { x: 'app', 'app.web.1': [1, true, 7] },
    ],
    ['plain', 'plain'],
    ['12', '12'],
    ["'[not json'", '[not json'],
  ])('%s', (text, expected) => {
    const record = { n: 7, o: { p: ['a', 'b'] }, '}': 'brace' };
    expect(transform(records(`new ${text}`), record)).toEqual({ ...record, new: expected });
  });

  test('auto_typecast false makes every value a text', () => {
    const filter = `auto_typecast false\n${records('m ${record["n"]}')}`;
    expect(transform(filter, { n: 7 })).toEqual({ n: 7, m: '7' });
  });

  test('what a record lacks is nil, or nothing in a text, with one warning', () => {
    const driver = transformer(records('a ${record["x"]}\nb <${record["x"]}>'));
    const left = driver.filter('t', [{ n: 1 }, { n: 2 }]);
    expect(left[1].record).toEqual({ n: 2, a: null, b: '<>' });
    expect(driver.warnings()).toEqual([
      '${record["x"]} had no value in an event, and is left empty',
    ]);
  });

  test.each(['${record["n"].upcase}', '${Time.now}', '${1 + 1}', '${unknown}', '${record.keys}'])(
    'other Ruby, %s, is refused by name',
    (code) => {
      const make = () => transformer(records(`a ${code}`));
      expect(make).toThrow(ConfigError);
      expect(make).toThrow(`${code} is not supported`);
    },
  );
});

describe('enable_ruby', () => {
  const ruby = (lines: string) => `enable_ruby true\n${records(lines)}`;

  test('a field written as a bare name has a warning, and its events go to @ERROR, as in Fluentd', () => {
    const driver = transformer(ruby('kind web\nlevel ${level.upcase}'));
    expect(driver.log).toMatchObject([
      { level: 'warn', text: expect.stringContaining('a field is record["level"]') as string },
    ]);
    expect(driver.filter('x', [{ time: 1, record: { level: 'info' } }])).toEqual([]);
    expect(driver.errors).toMatchObject([{ tag: 'x', records: [{ level: 'info' }] }]);
  });

  test.each([
    ['${record["n"] + 1}', 8],
    ['${record["s"].upcase}', 'ABC'],
    ['${record["f"]} ${record["f"].to_i}', '1.5 1'],
    ['${record["x"] || "none"}', 'none'],
    ['${record["n"] > 5 ? "big" : "small"}', 'big'],
    ['${record["o"]["p"].map { |x| x + "!" }.join(",")}', 'a!,b!'],
    ['${tag_parts[1]}-${tag_suffix[1].upcase}', 'web-WEB.1'],
    ['${time.strftime("%Y")}', '1970'],
    ['${record["nope"]["x"] rescue nil}', null],
    [
      '{"x": "${record[\'n\'] * 2}", "${tag}": ["${record[\'s\']}"]}',
      { x: 14, 'app.web.1': ['abc'] },
    ],
    ['${{"a" => record["n"]}}', { a: 7 }],
    ['plain', 'plain'],
  ])('%s', (text, expected) => {
    const record = { n: 7, s: 'abc', f: 1.5, o: { p: ['a', 'b'] } };
    const filter = ruby(`new ${text}`);
    expect(transform(filter, record).new).toEqual(expected);
  });

  test('auto_typecast false makes every value a text', () => {
    const filter = `auto_typecast false\n${ruby('m ${record["n"] + 1}')}`;
    expect(transform(filter, { n: 7 })).toEqual({ n: 7, m: '8' });
  });

  test('other Ruby is refused with its place', () => {
    let error: unknown;
    try {
      transformer(ruby('a ok\nb x${record["n"].system("ls")}'));
    } catch (thrown) {
      error = thrown;
    }
    expect((error as ConfigError).format()).toContain(
      'the method system is not supported, at the mark in: x#{record["n"].▸system("ls")}',
    );
  });

  test('an event for which it fails goes to @ERROR, and the others go on', () => {
    const driver = transformer(ruby('m ${record["s"].upcase}'));
    const left = driver.filter('t', [{ s: 'a' }, { s: 1 }, { s: 'b' }]);
    expect(left.map(({ record }) => record)).toEqual([
      { s: 'a', m: 'A' },
      { s: 'b', m: 'B' },
    ]);
    expect(driver.errors).toHaveLength(1);
  });
});

describe('parameters', () => {
  test('renew_record with keep_keys', () => {
    const filter = `renew_record true\nkeep_keys a,gone\n${records('t ${tag}')}`;
    expect(transform(filter, { a: 1, b: 2 }, 'x')).toEqual({ a: 1, t: 'x' });
    expect(() => transformer('keep_keys a')).toThrow('keep_keys needs renew_record true');
  });

  test('remove_keys, nested ones too', () => {
    const record = { a: 1, b: { c: 2, d: [1, 2, 3] }, 'x.y': 3 };
    expect(transform("remove_keys a,$.b.c,$['x.y'],$.b.d[1],$.no.such", record)).toEqual({
      b: { d: [1, 3] },
    });
  });

  test.each([
    [1700000000, new EventTime(1700000000)],
    [1700000000.5, new EventTime(1700000000, 500_000_000)],
    ['1700000000.123456789', new EventTime(1700000000, 123456789)],
  ])('renew_time_key %s', (value, expected) => {
    const driver = transformer('renew_time_key at\nremove_keys at');
    expect(driver.filter('x', [{ at: value }])).toEqual([{ time: expected, record: {} }]);
  });

  test('a field that has its value from elsewhere can hold the time', () => {
    const driver = transformer(`renew_time_key t\n${records('t ${record["ms"]}')}`);
    const left = driver.filter('x', [{ ms: 5 }, {}]);
    expect(left.map(({ time }) => time?.seconds)).toEqual([5]);
  });

  test('fields of the tag alone are put into the packed records', () => {
    const driver = transformer(records('tag ${tag}\nhost ${hostname}\nn 1'));
    const left = [...driver.filter('a', [{ n: 'old', m: 1 }, {}]), ...driver.filter('b', [{}])];
    const added = { host: hostname(), n: '1' };
    expect(left.map(({ record }) => record)).toEqual([
      { m: 1, tag: 'a', ...added },
      { tag: 'a', ...added },
      { tag: 'b', ...added },
    ]);
  });

  test("Fluent Bit's metadata stays, and a field called __proto__ is a field", () => {
    const driver = transformer(records('__proto__ ${record["a"]}'));
    const stream = EventStream.fromEvents([{ time: 1, record: { a: 1 }, metadata: { m: 1 } }]);
    const [event] = driver.filter('x', stream);
    expect(event.metadata).toEqual({ m: 1 });
    expect(Object.entries(event.record)).toEqual([
      ['a', 1],
      ['__proto__', 1],
    ]);
  });
});

test('an event that cannot be transformed goes to @ERROR, and the others go on', () => {
  const driver = transformer('renew_time_key at');
  const events = [
    { n: 1, at: 10 },
    { n: 2, at: 'yesterday' },
    { n: 3, at: 11 },
  ];
  expect(driver.filter('x', events).map(({ record }) => record.n)).toEqual([1, 3]);
  expect(driver.errors).toEqual([
    { tag: 'x', records: [events[1]], error: expect.any(Error) as Error },
  ]);
  expect(driver.errors[0].error.message).toBe('the field at is not a Unix time: yesterday');
  expect(driver.statistics).toMatchObject({ counters: { failed_events: 1 } });
});
