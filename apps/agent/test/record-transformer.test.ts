import { hostname } from 'node:os';
import { ConfigError } from '@sluice/config';
import { EventStream, EventTime } from '@sluice/event-stream';
import { KEPT } from '@sluice/plugin';
import { describe, expect, test } from 'vitest';
import { formatSeconds } from '@sluice/formats';
import { TestPipeline, type TestRecord } from './support/pipeline.js';

const agentWith = (filter: string, more = '') =>
  new TestPipeline(
    `<filter **>\n@type record_transformer\n${filter}\n</filter>
<match **>\n@type keep\n@id kept\n</match>\n${more}`,
  );

function transform(filter: string, record: TestRecord, tag = 'app.web.1'): TestRecord {
  const agent = agentWith(filter);
  void agent.emit(tag, record);
  return agent.records('kept')[0];
}

const records = (lines: string) => `<record>\n${lines}\n</record>`;

test.each([
  ['fields without decoding', 'kind web'],
  ['fields made of others', 'kind ${record["n"]}'],
])('the id of the chunk stays with the events: %s', (_, line) => {
  const stream = EventStream.fromEvents([{ time: 1, record: { n: 7 } }]).withChunkId('an id');
  const [filter] = agentWith(records(line)).pipeline.filters;
  expect(filter.filter('x', stream)).toMatchObject({ chunkId: 'an id', count: 1 });
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
    const agent = agentWith(records('a ${record["x"]}\nb <${record["x"]}>'));
    void agent.emit('t', { n: 1 }, { n: 2 });
    expect(agent.records('kept')[1]).toEqual({ n: 2, a: null, b: '<>' });
    expect(agent.warnings()).toEqual([
      '${record["x"]} had no value in an event, and is left empty',
    ]);
  });

  test.each(['${record["n"].upcase}', '${Time.now}', '${1 + 1}', '${unknown}', '${record.keys}'])(
    'other Ruby, %s, is refused by name',
    (code) => {
      for (const enable of ['', 'enable_ruby true\n']) {
        let error: unknown;
        try {
          agentWith(`${enable}${records(`a ${code}`)}`);
        } catch (thrown) {
          error = thrown;
        }
        expect(error).toBeInstanceOf(ConfigError);
        expect((error as ConfigError).format()).toContain(`${code} is not supported`);
        expect((error as ConfigError).format()).toContain('${tag_parts[n]}');
      }
    },
  );
});

describe('parameters', () => {
  test('renew_record with keep_keys', () => {
    const filter = `renew_record true\nkeep_keys a,gone\n${records('t ${tag}')}`;
    expect(transform(filter, { a: 1, b: 2 }, 'x')).toEqual({ a: 1, t: 'x' });
    expect(() => agentWith('keep_keys a')).toThrow('keep_keys needs renew_record true');
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
  ])('renew_time_key %s', async (value, expected) => {
    const { pipeline } = agentWith('renew_time_key at\nremove_keys at');
    const stream = EventStream.fromEvents([{ time: 1, record: { at: value } }]);
    expect([...(await pipeline.filters[0].filter('x', stream))]).toEqual([
      { time: expected, record: {} },
    ]);
  });

  test('a field that has its value from elsewhere can hold the time', async () => {
    const { pipeline } = agentWith(`renew_time_key t\n${records('t ${record["ms"]}')}`);
    const stream = EventStream.fromEvents([
      { time: 1, record: { ms: 5 } },
      { time: 1, record: {} },
    ]);
    expect(
      [...(await pipeline.filters[0].filter('x', stream))].map(({ time }) => time.seconds),
    ).toEqual([5]);
  });

  test('fields of the tag alone are put into the packed records', () => {
    const agent = agentWith(records('tag ${tag}\nhost ${hostname}\nn 1'));
    void agent.emit('a', { n: 'old', m: 1 }, {});
    void agent.emit('b', {});
    const added = { host: hostname(), n: '1' };
    expect(agent.records('kept')).toEqual([
      { m: 1, tag: 'a', ...added },
      { tag: 'a', ...added },
      { tag: 'b', ...added },
    ]);
  });

  test("Fluent Bit's metadata stays, and a field called __proto__ is a field", async () => {
    const { pipeline } = agentWith(records('__proto__ ${record["a"]}'));
    const stream = EventStream.fromEvents([{ time: 1, record: { a: 1 }, metadata: { m: 1 } }]);
    const [event] = await pipeline.filters[0].filter('x', stream);
    expect(event.metadata).toEqual({ m: 1 });
    expect(Object.entries(event.record)).toEqual([
      ['a', 1],
      ['__proto__', 1],
    ]);
  });
});

describe('an event that cannot be transformed', () => {
  const filter = 'renew_time_key at';
  const emit = (agent: TestPipeline) =>
    agent.emit('x', { n: 1, at: 10 }, { n: 2, at: 'yesterday' }, { n: 3, at: 11 });

  test('goes to @ERROR, and the others go on', () => {
    const agent = agentWith(
      filter,
      '<label @ERROR>\n<match **>\n@type keep\n@id errors\n</match>\n</label>',
    );
    expect(emit(agent)).toBe(KEPT);
    expect(agent.records('kept').map(({ n }) => n)).toEqual([1, 3]);
    expect(agent.kept.get('errors')).toEqual([['x', { n: 2, at: 'yesterday' }]]);
    expect(agent.warnings()).toEqual(['send an error event to @ERROR']);
    expect(agent.pipeline.errors.errorEvents).toBe(1);
  });

  test('is dropped with a warning that shows it, where there is no @ERROR', () => {
    const agent = agentWith(filter);
    expect(emit(agent)).toBe(KEPT);
    expect(agent.records('kept').map(({ n }) => n)).toEqual([1, 3]);
    expect(agent.log.at(-1)).toMatchObject({
      msg: 'dump an error event',
      error: 'the field at is not a Unix time: yesterday',
      record: '{"n":2,"at":"yesterday"}',
    });
    expect(agent.pipeline.filters[0]).toMatchObject({ failedEvents: 1 });
  });

  test('is waited for: no ack before @ERROR has it, none where it does not keep it', async () => {
    const agent = agentWith(filter, '<label @ERROR>\n<match **>\n@type fail\n</match>\n</label>');
    await expect(emit(agent)).rejects.toThrow('the disk is full');
  });
});
