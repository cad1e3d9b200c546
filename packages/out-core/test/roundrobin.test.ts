import { defineSection } from '@sluice/config';
import { defineOutput, KEPT, Output, type Keeping } from '@sluice/plugin';
import { createDriver } from '@sluice/plugin/testing';
import { expect, test } from 'vitest';
import { roundrobinOutput } from '../src/index.js';

/** What each store got, by its id. */
function stores() {
  const got: string[] = [];
  const failing = new Set<string>();
  class Noting extends Output {
    write(tag: string): Keeping {
      if (failing.has(this.id)) return Promise.reject(new Error(`${this.id} fails`));
      got.push(`${this.id} ${tag}`);
      return KEPT;
    }
  }
  const noting = defineOutput({
    type: 'noting',
    description: 'Notes what it gets.',
    section: defineSection({ name: 'match', unknown: 'error' }),
    create: (_config, context) => new Noting(context),
  });
  return { got, failing, plugins: [{ noting }] };
}

function text(...weights: (number | undefined)[]): string {
  const store = (weight: number | undefined, index: number): string =>
    `<store>\n@type noting\n@id ${'abc'[index]}\n${weight === undefined ? '' : `weight ${weight}\n`}</store>`;
  return weights.map(store).join('\n');
}

function order(weights: (number | undefined)[], count: number): string {
  const { got, plugins } = stores();
  const driver = createDriver(roundrobinOutput, text(...weights), { plugins });
  for (let n = 0; n < count; n++) expect(driver.write('t', [{ n }])).toBe(KEPT);
  return got.map((line) => line[0]).join('');
}

test.each([
  [[undefined, undefined, undefined], 'abcabc'],
  [[3, 1], 'aabaaaba'],
  [[2, 0, 1], 'acaaca'],
])('weights %j', (weights, expected) => {
  expect(order(weights, expected.length)).toBe(expected);
});

test('where a store does not keep the events, they are not kept, and the next has its turn', async () => {
  const { got, failing, plugins } = stores();
  const driver = createDriver(roundrobinOutput, text(1, 1), { plugins });
  failing.add('a');
  await expect(driver.write('t', [{ n: 1 }])).rejects.toThrow('a fails');
  expect(driver.write('t', [{ n: 2 }])).toBe(KEPT);
  expect(got).toEqual(['b t']);
});

test.each([
  ['', 'store'],
  [text(0, 0), 'every <store> has weight 0'],
  ['<store>\n@type noting\nweight many\n</store>', 'weight'],
])('%j is refused', (configuration, message) => {
  const { plugins } = stores();
  expect(() => createDriver(roundrobinOutput, configuration, { plugins })).toThrow(message);
});
