import { KEPT } from '@sluice/plugin';
import { describe, expect, test } from 'vitest';
import { TestPipeline } from './support/pipeline.js';

const store = (type: string, id: string, words = '') =>
  `<store${words && ` ${words}`}>\n@type ${type}\n@id ${id}\n</store>\n`;
const agentWith = (...stores: string[]) =>
  new TestPipeline(`<match **>\n@type copy\n${stores.join('')}</match>`);

describe('copy', () => {
  test('gives the events to every store, and is kept at once where all are', () => {
    const agent = agentWith(store('keep', 'a'), store('keep', 'b'));
    expect(agent.emit('x', { n: 1 })).toBe(KEPT);
    expect(agent.records('a')).toEqual([{ n: 1 }]);
    expect(agent.records('b')).toEqual([{ n: 1 }]);
  });

  test('is not kept where one store fails; the others have the events', async () => {
    const agent = agentWith(store('fail', 'a'), store('keep', 'b'));
    await expect(agent.emit('x', { n: 1 })).rejects.toThrow('the disk is full');
    expect(agent.records('b')).toEqual([{ n: 1 }]);
  });

  test('ignore_error: the failure of that store is logged and does not count', async () => {
    const agent = agentWith(store('fail', 'a', 'ignore_error'), store('keep', 'b'));
    await agent.emit('x', { n: 1 });
    expect(agent.records('b')).toEqual([{ n: 1 }]);
    expect(agent.warnings()).toEqual(['the error of a is ignored']);
  });

  test('ignore_error everywhere does not make an ack of events that nobody has', async () => {
    const agent = agentWith(store('fail', 'a', 'ignore_error'), store('fail', 'b', 'ignore_error'));
    await expect(agent.emit('x', { n: 1 })).rejects.toThrow('no <store> has kept the events');
    expect(agent.warnings()).toContain('every <store> has ignore_error: is that intended?');
  });

  test('ignore_if_prev_success: stores that stand in for each other', async () => {
    const spare = 'ignore_if_prev_success';
    const good = agentWith(
      store('keep', 'a', 'ignore_error'),
      store('keep', 'b', spare),
      store('keep', 'c', spare),
    );
    await good.emit('x', { n: 1 });
    expect([...good.kept.keys()]).toEqual(['a']);
    const bad = agentWith(
      store('fail', 'a', 'ignore_error'),
      store('fail', 'b', `${spare} ignore_error`),
      store('keep', 'c', spare),
    );
    await bad.emit('x', { n: 1 });
    expect([...bad.kept.keys()]).toEqual(['c']);
  });

  test('every copy_mode is accepted, another word is not', () => {
    for (const mode of ['no_copy', 'shallow', 'deep', 'marshal']) {
      expect(() => agentWith(`copy_mode ${mode}\n`, store('keep', 'a'))).not.toThrow();
    }
    expect(() => agentWith('copy_mode all\n', store('keep', 'a'))).toThrow('copy_mode');
    expect(() => agentWith(store('keep', 'a', 'ignore_errors'))).toThrow('ignore_errors');
  });
});
