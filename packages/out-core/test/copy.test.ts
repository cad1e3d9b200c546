import { defineSection } from '@sluice/config';
import type { EventStream } from '@sluice/event-stream';
import { defineOutput, KEPT, Output, type Keeping } from '@sluice/plugin';
import { createDriver, type OutputDriver } from '@sluice/plugin/testing';
import { describe, expect, test } from 'vitest';
import { copyOutput } from '../src/index.js';

const store = (type: string, id: string, words = '') =>
  `<store${words && ` ${words}`}>\n@type ${type}\n@id ${id}\n</store>\n`;

/** The output copy with these stores, and what each has, by its id. */
function copyTo(...stores: string[]): { copy: OutputDriver; kept: Record<string, unknown[]> } {
  const kept: Record<string, unknown[]> = {};
  class Keep extends Output {
    write(_tag: string, stream: EventStream): Keeping {
      (kept[this.id] ??= []).push(...[...stream].map(({ record }) => record));
      return KEPT;
    }
  }
  class Fail extends Output {
    write(): Keeping {
      return Promise.reject(new Error('the disk is full'));
    }
  }
  const common = { description: '', section: defineSection({ name: 'match' }) };
  const plugins = [
    defineOutput({ ...common, type: 'keep', create: (_, context) => new Keep(context) }),
    defineOutput({ ...common, type: 'fail', create: (_, context) => new Fail(context) }),
  ];
  return { copy: createDriver(copyOutput, stores.join(''), { plugins }), kept };
}

const records = [{ n: 1 }];

describe('copy', () => {
  test('gives the events to every store, and is kept at once where all are', () => {
    const { copy, kept } = copyTo(store('keep', 'a'), store('keep', 'b'));
    expect(copy.write('x', records)).toBe(KEPT);
    expect(kept).toEqual({ a: records, b: records });
  });

  test('is not kept where one store fails; the others have the events', async () => {
    const { copy, kept } = copyTo(store('fail', 'a'), store('keep', 'b'));
    await expect(copy.write('x', records)).rejects.toThrow('the disk is full');
    expect(kept).toEqual({ b: records });
  });

  test('ignore_error: the failure of that store is logged and does not count', async () => {
    const { copy, kept } = copyTo(store('fail', 'a', 'ignore_error'), store('keep', 'b'));
    await copy.write('x', records);
    expect(kept).toEqual({ b: records });
    expect(copy.warnings()).toEqual(['the error of a is ignored']);
    expect(copy.statistics).toMatchObject({ counters: { ignored_errors: 1 } });
  });

  test('ignore_error everywhere does not make an ack of events that nobody has', async () => {
    const { copy } = copyTo(store('fail', 'a', 'ignore_error'), store('fail', 'b', 'ignore_error'));
    await expect(copy.write('x', records)).rejects.toThrow('no <store> has kept the events');
    expect(copy.warnings()).toContain('every <store> has ignore_error: is that intended?');
  });

  test('ignore_if_prev_success: stores that stand in for each other', async () => {
    const spare = 'ignore_if_prev_success';
    const good = copyTo(
      store('keep', 'a', 'ignore_error'),
      store('keep', 'b', spare),
      store('keep', 'c', spare),
    );
    await good.copy.write('x', records);
    expect(good.kept).toEqual({ a: records });
    const bad = copyTo(
      store('fail', 'a', 'ignore_error'),
      store('fail', 'b', `${spare} ignore_error`),
      store('keep', 'c', spare),
    );
    await bad.copy.write('x', records);
    expect(bad.kept).toEqual({ c: records });
  });

  test('every copy_mode is accepted, another word is not', () => {
    for (const mode of ['no_copy', 'shallow', 'deep', 'marshal']) {
      expect(() => copyTo(`copy_mode ${mode}\n`, store('keep', 'a'))).not.toThrow();
    }
    expect(() => copyTo('copy_mode all\n', store('keep', 'a'))).toThrow('copy_mode');
    expect(() => copyTo(store('keep', 'a', 'ignore_errors'))).toThrow('ignore_errors');
  });
});
