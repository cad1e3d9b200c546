import { ConfigError } from '@sluice/config';
import { EventStream, EventTime, encodeValue } from '@sluice/event-stream';
import { createDriver } from '@sluice/plugin/testing';
import { describe, expect, test } from 'vitest';
import { grepFilter } from '../src/index.js';

type TestRecord = Record<string, unknown>;

const grep = (filter: string) => createDriver(grepFilter, filter);

function kept(filter: string, records: TestRecord[]): TestRecord[] {
  const driver = grep(filter);
  const left = driver.filter('x', records).map(({ record }) => record);
  expect(driver.statistics).toMatchObject({
    counters: { dropped_events: records.length - left.length },
  });
  return left;
}

const one = (kind: string, key: string, pattern: string) =>
  `<${kind}>\nkey ${key}\npattern ${pattern}\n</${kind}>\n`;

const [a, b, c, d] = [
  { level: 'error', host: 'web1' },
  { level: 'error', host: 'db1' },
  { level: 'info', host: 'web1' },
  { level: 'info', host: 'db1' },
];
const all = [a, b, c, d];

describe('sections', () => {
  test.each([
    ['<regexp>', one('regexp', 'level', '/err/'), [a, b]],
    ['several <regexp>: all', one('regexp', 'level', '/err/') + one('regexp', 'host', '^web'), [a]],
    ['<exclude>', one('exclude', 'level', '/^info$/'), [a, b]],
    ['several <exclude>: any', one('exclude', 'level', 'info') + one('exclude', 'host', 'db'), [a]],
    [
      '<or> of <regexp>',
      `<or>\n${one('regexp', 'level', 'err')}\n${one('regexp', 'host', 'web')}\n</or>`,
      [a, b, c],
    ],
    [
      '<and> of <regexp>',
      `<and>\n${one('regexp', 'level', 'err')}\n${one('regexp', 'host', 'web')}\n</and>`,
      [a],
    ],
    [
      '<and> of <exclude>',
      `<and>\n${one('exclude', 'level', 'err')}\n${one('exclude', 'host', 'web')}\n</and>`,
      [b, c, d],
    ],
    [
      '<or> of <exclude>',
      `<or>\n${one('exclude', 'level', 'err')}\n${one('exclude', 'host', 'web')}\n</or>`,
      [d],
    ],
    ['both kinds', one('regexp', 'level', '/ERR/i') + one('exclude', 'host', 'db'), [a]],
    ['the old parameters', 'regexp1 level err\nexclude1 host ^db', [a]],
    ['no condition', '', all],
  ])('%s', (_name, filter, expected) => {
    expect(kept(filter, all)).toEqual(expected);
  });

  test('a section for the events that are kept one after the other is a view, not a copy', async () => {
    const filter = grep(one('regexp', 'level', 'err')).plugin;
    const stream = EventStream.fromEvents(all.map((record) => ({ time: 1, record })));
    const rest = await filter.filter('x', stream);
    expect(rest.bytes.buffer).toBe(stream.bytes.buffer);
    expect(rest.count).toBe(2);
    expect((await filter.filter('x', stream.withChunkId('an id'))).chunkId).toBe('an id');
    expect(filter.filter('x', rest)).toBe(rest); // nothing to drop: the same stream
  });
});

describe('fields', () => {
  const record = {
    message: 'hello',
    'a.b': 'dot',
    nested: { 'x y': ['one', { deep: 'yes' }] },
    count: 42,
    ratio: 1.5,
    yes: true,
    nothing: null,
    list: ['a', 1, null],
    map: { k: 'v' },
    bytes: Buffer.from('raw'),
    big: 2n ** 60n,
    when: new EventTime(1700000000, 5),
    text: 'naïve €',
  };

  test.each([
    ['a name', 'message', '^hello$'],
    ['a name with a dot', 'a.b', 'dot'],
    ['brackets', "$['a.b']", 'dot'],
    ['dots', '$.map.k', '^v$'],
    ['a nested name, an array element and deeper', "$['nested']['x y'][1]['deep']", '^yes$'],
    ['dots with an index', '$.list[0]', '^a$'],
    ['an index from the end', '$.list[-2]', '^1$'],
    ['an integer', 'count', '^42$'],
    ['a float', 'ratio', '^1\\.5$'],
    ['a boolean', 'yes', '^true$'],
    ['nil, as nothing', 'nothing', '/^$/'],
    ['a field that is not there, as nothing', 'missing', '/^$/'],
    ['a path into a text', '$.message.deeper', '/^$/'],
    ['an array as Ruby writes it', 'list', '/^\\["a", 1, nil\\]$/'],
    ['a map as Ruby writes it', 'map', '/^{"k"=>"v"}$/'],
    ['bin', 'bytes', '^raw$'],
    ['a 64-bit integer', 'big', '^1152921504606846976$'],
    ['a time, as its seconds', 'when', '^1700000000$'],
    ['text beyond ASCII', 'text', '^naïve €$'],
  ])('%s', (_name, key, pattern) => {
    const stream = EventStream.fromPacked(
      encodeEntryOf({ ...record, when: undefined }, record.when),
    );
    expect(grep(one('regexp', key, pattern)).filter('x', stream)).toHaveLength(1);
  });

  /** An entry whose record has a field `when` as an EventTime, which the encoder writes otherwise. */
  function encodeEntryOf(fields: TestRecord, when: EventTime): Buffer {
    const pairs = Object.entries(fields).filter(([key]) => key !== 'when');
    const head = Buffer.from([0x92, 0xce, 0, 0, 0, 1, 0x80 + pairs.length + 1]);
    const time = Buffer.alloc(10);
    time.set([0xd7, 0]);
    time.writeUInt32BE(when.seconds, 2);
    time.writeUInt32BE(when.nanoseconds, 6);
    return Buffer.concat([
      head,
      ...pairs.flatMap(([key, value]) => [encodeValue(key), encodeValue(value)]),
      encodeValue('when'),
      time,
    ]);
  }

  test('a whole float has its fraction, as in Ruby, and of duplicate names the last one counts', () => {
    const bytes = Buffer.from('92ce0000000182' + 'a166c0' + 'a166cb4008000000000000', 'hex');
    const left = grep(one('regexp', 'f', '^3\\.0$')).filter('x', EventStream.fromPacked(bytes));
    expect(left.map(({ record }) => record)).toEqual([{ f: 3 }]);
  });

  test("events with Fluent Bit's metadata keep it", () => {
    const events = [1, 2].map((n) => ({ time: 1, record: { n }, metadata: { m: n } }));
    const [left] = grep(one('regexp', 'n', '2')).filter('x', EventStream.fromEvents(events));
    expect(left).toMatchObject({ record: { n: 2 }, metadata: { m: 2 } });
  });
});

test.each([
  ['a key twice', one('regexp', 'a', 'x') + one('regexp', 'a', 'y'), 8, 'duplicate key a'],
  [
    'both kinds in <and>',
    `<and>\n${one('regexp', 'a', 'x')}\n${one('exclude', 'b', 'y')}\n</and>`,
    3,
    'two <and> sections',
  ],
  ['a broken key', one('regexp', '$.a..b', 'x'), 4, 'name is empty'],
  ['brackets that are not closed', one('regexp', "$['a'", 'x'), 4, "['name'] or [number]"],
  ['a broken pattern', one('regexp', 'a', '/(/'), 5, 'pattern'],
  ['an old parameter without a pattern', 'regexp1 level', 3, 'key and a pattern'],
  ['a section without a pattern', '<regexp>\nkey a\n</regexp>', 3, 'pattern is required'],
])('%s is refused with its place', (_name, filter, line, words) => {
  let error: unknown;
  try {
    grep(filter);
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(ConfigError);
  expect((error as ConfigError).format()).toContain(`test.conf:${line}:`);
  expect((error as ConfigError).format()).toContain(words);
});
