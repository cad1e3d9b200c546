import { ConfigError } from '@sluice/config';
import { KEPT } from '@sluice/plugin';
import { describe, expect, test } from 'vitest';
import { TestPipeline } from './support/pipeline.js';

const keep = (id: string, pattern = '**') =>
  `<match ${pattern}>\n  @type keep\n  @id ${id}\n</match>\n`;

function errorOf(configuration: string, options = {}): string {
  try {
    new TestPipeline(configuration, options);
  } catch (error) {
    if (error instanceof ConfigError) return error.format();
    throw error;
  }
  throw new Error('no error');
}

describe('<label>', () => {
  test('an input with @label sends to that label alone, wherever it stands', () => {
    const agent = new TestPipeline(`
      <source>
        @type test
        @label @A
      </source>
      ${keep('top')}
      <label @A>\n${keep('a')}</label>`);
    void agent.emit('x', { n: 1 });
    expect(agent.records('a')).toEqual([{ n: 1 }]);
    expect(agent.records('top')).toEqual([]);
  });

  test('relabel moves events between labels and back to @ROOT, with their tag', () => {
    const agent = new TestPipeline(`
      <match back>\n@type keep\n@id back\n</match>
      <match **>\n@type relabel\n@label @A\n</match>
      <label @A>
        ${keep('a', 'a.*')}
        <match **>\n@type relabel\n@label @B\n</match>
      </label>
      <label @B>
        <match back>\n@type relabel\n@label @ROOT\n</match>
        ${keep('b')}
      </label>`);
    void agent.emit('a.x', { n: 1 });
    void agent.emit('b.x', { n: 2 });
    expect(agent.kept.get('a')).toEqual([['a.x', { n: 1 }]]);
    expect(agent.kept.get('b')).toEqual([['b.x', { n: 2 }]]);
    const other = new TestPipeline(`
      <source>\n@type test\n@label @B\n</source>
      ${keep('top', 'back')}
      <label @B>\n<match **>\n@type relabel\n@label @ROOT\n</match>\n</label>`);
    void other.emit('back', { n: 3 });
    expect(other.records('top')).toEqual([{ n: 3 }]);
  });

  test('relabel works inside copy, and twice to the same label', () => {
    const agent = new TestPipeline(`
      <match **>
        @type copy
        <store>\n@type relabel\n@label @A\n</store>
        <store>\n@type relabel\n@label @A\n</store>
      </match>
      <label @A>\n${keep('a')}</label>`);
    void agent.emit('x', { n: 1 });
    expect(agent.records('a')).toEqual([{ n: 1 }, { n: 1 }]);
  });

  test.each([
    ['**', '**', 'any.other.tag'],
    ['**', 'app.{a,b}', 'app.a'],
    ['x.*', 'x.a', 'x.a'],
  ])('events that would go in a circle are found at the start: %s and %s', (there, back, tag) => {
    expect(
      errorOf(`
      <match ${there}>\n@type relabel\n@label @A\n</match>
      <label @A>\n<match ${back}>\n@type copy\n<store>\n@type relabel\n@label @ROOT\n</store>\n</match>\n</label>`),
    ).toContain(`events of tag "${tag}" would go in a circle: from @ROOT to @A to @ROOT`);
  });

  test('a circle that no pattern shows is an error, not an endless loop', () => {
    const agent = new TestPipeline(`
      <match /^secret$/>\n@type relabel\n@label @A\n</match>
      <label @A>\n<match secret.*>\n@type null\n</match>
      <match /.*/>\n@type relabel\n@label @ROOT\n</match>\n</label>`);
    expect(() => agent.emit('secret', { n: 1 })).toThrow(/in a circle/);
    expect(() => agent.emit('secret', { n: 1 })).toThrow(/in a circle/);
  });

  test('events without a match in a label are dropped with one warning a tag, and counted', () => {
    const agent = new TestPipeline(
      `<source>\n@type test\n@label @A\n</source>\n<label @A>\n${keep('a', 'a')}</label>`,
    );
    expect(agent.emit('b', { n: 1 })).toBe(KEPT);
    expect(agent.emit('b', { n: 1 }, { n: 2 })).toBe(KEPT);
    expect(agent.pipeline.labels.get('@A')!.unmatchedEvents).toBe(3);
    expect(agent.warnings()).toEqual([
      'no <match> for tag "b" in <label @A>: its events are dropped',
    ]);
  });

  test.each([
    [
      'an unknown label',
      '<match **>\n@type relabel\n@label @AA\n</match>\n<label @A>\n</label>',
      3,
      'did you mean @A?',
    ],
    ['a label of a source', '<source>\n@type test\n@label @X\n</source>', 3, '@ROOT'],
    ['a label without a name', '<label>\n</label>', 1, 'write <label @NAME>'],
    ['@ROOT as a label', '<label @ROOT>\n</label>', 1, 'top level itself'],
    ['a label twice', '<label @A>\n</label>\n<label @A>\n</label>', 3, 'join the two'],
    ['a source in a label', '<label @A>\n<source>\n</source>\n</label>', 2, '<filter>, <match>'],
    ['relabel without @label', '<match **>\n@type relabel\n</match>', 1, '@label @NAME'],
  ])('%s is refused with its place', (_name, text, line, words) => {
    const error = errorOf(text);
    expect(error).toContain(`test.conf:${line}:`);
    expect(error).toContain(words);
  });
});

describe('<label @ERROR>', () => {
  const errorLabel = `<label @ERROR>\n${keep('errors')}</label>`;

  test('gets what no output keeps, and the sender has its ack', async () => {
    const agent = new TestPipeline(`<match **>\n@type fail\n</match>\n${errorLabel}`);
    await agent.emit('x', { n: 1 });
    expect(agent.kept.get('errors')).toEqual([['x', { n: 1 }]]);
    expect(agent.pipeline.errors.failedEmits).toBe(1);
    expect(agent.log.at(-1)).toMatchObject({ tag: 'x', error: 'the disk is full', events: 1 });
  });

  test('without it nothing is kept and the sender gets no ack', async () => {
    const agent = new TestPipeline('<match **>\n@type fail\n</match>');
    await expect(agent.emit('x', { n: 1 })).rejects.toThrow('the disk is full');
    expect(agent.warnings()).toEqual(['emit transaction failed: the events are not acknowledged']);
  });

  test('an error inside of it does not come back to it', async () => {
    const agent = new TestPipeline(
      '<match **>\n@type fail\n</match>\n<label @ERROR>\n<match **>\n@type fail\n</match>\n</label>',
    );
    await expect(agent.emit('x', { n: 1 })).rejects.toThrow('the disk is full');
    expect(agent.warnings()).toHaveLength(2);
  });
});

describe('<worker N>', () => {
  const configuration = `
    <worker 0>
      <match a>\n@type keep\n@id zero\n</match>
    </worker>
    <worker 1-2>
      <match a>\n@type keep\n@id others\n</match>
    </worker>
    ${keep('all', 'b')}`;

  test.each([
    [0, 'zero'],
    [1, 'others'],
    [2, 'others'],
  ])('worker %i has its own sections and those of all', (workerId, id) => {
    const agent = new TestPipeline(configuration, { workerId, workers: 3 });
    void agent.emit('a', { n: 1 });
    void agent.emit('b', { n: 2 });
    expect([...agent.kept.keys()]).toEqual([id, 'all']);
  });

  test.each([
    ['<worker>', 1, 'number of a worker'],
    ['<worker x>', 1, 'integer'],
    ['<worker 3>', 1, 'the ids are 0 to 2'],
    ['<worker 0-3>', 1, 'workers 4'],
    ['<worker 2-1>', 1, '<worker 1-2>'],
    ['<worker 0>\n<system>\n</system>', 2, 'supported in <worker>'],
  ])('%s is refused', (start, line, words) => {
    const error = errorOf(`${start}\n</worker>\n`, { workers: 3 });
    expect(error).toContain(`test.conf:${line}:`);
    expect(error).toContain(words);
  });
});
