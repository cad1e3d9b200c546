import { KEPT } from '@sluice/plugin';
import { describe, expect, test } from 'vitest';
import { TestPipeline } from './support/pipeline.js';

const agentWith = (more = '') =>
  new TestPipeline(
    `<filter **>\n@type record_transformer\nrenew_time_key at\n</filter>
<match **>\n@type keep\n@id kept\n</match>\n${more}`,
  );

describe('an event that a filter cannot process', () => {
  const emit = (agent: TestPipeline) =>
    agent.emit('x', { n: 1, at: 10 }, { n: 2, at: 'yesterday' }, { n: 3, at: 11 });

  test('goes to @ERROR, and the others go on', () => {
    const agent = agentWith(
      '<label @ERROR>\n<match **>\n@type keep\n@id errors\n</match>\n</label>',
    );
    expect(emit(agent)).toBe(KEPT);
    expect(agent.records('kept').map(({ n }) => n)).toEqual([1, 3]);
    expect(agent.kept.get('errors')).toEqual([['x', { n: 2, at: 'yesterday' }]]);
    expect(agent.warnings()).toEqual(['send an error event to @ERROR']);
    expect(agent.pipeline.errors.errorEvents).toBe(1);
  });

  test('is dropped with a warning that shows it, where there is no @ERROR', () => {
    const agent = agentWith();
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
    const agent = agentWith('<label @ERROR>\n<match **>\n@type fail\n</match>\n</label>');
    await expect(emit(agent)).rejects.toThrow('the disk is full');
  });
});
