import { parseConfig } from '@sluice/config';
import { expect, test } from 'vitest';
import { readmeExamples } from '../../../tools/readme-examples.mjs';
import { copyOutput, nullOutput, relabelOutput, stdoutOutput } from '../src/index.js';

const readme = new URL('../README.md', import.meta.url);

test('the configuration of the README is one', () => {
  const [example] = readmeExamples(readme).filter(({ code }) => code.startsWith('<match'));
  const [match] = parseConfig(example.code).elements;
  expect(match.type).toBe(copyOutput.type);
  const stores = copyOutput.section.read(match) as { stores: { type: string }[] };
  const known = [nullOutput, relabelOutput, stdoutOutput].map(({ type }) => type);
  for (const { type } of stores.stores) expect(known).toContain(type);
});
