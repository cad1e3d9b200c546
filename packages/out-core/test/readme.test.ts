import { parseConfig } from '@sluice/config';
import { expect, test } from 'vitest';
import {
  promisedOutputs,
  readmeExamples,
  runReadmeExamples,
} from '../../../tools/readme-examples.mjs';
import { copyOutput, nullOutput, relabelOutput, stdoutOutput } from '../src/index.js';

const readme = new URL('../README.md', import.meta.url);

test('the configuration of the README is one', () => {
  const [example] = readmeExamples(readme).filter(({ code }) => code.includes('@type copy'));
  const match = parseConfig(example.code).elements.find(({ type }) => type === copyOutput.type)!;
  const stores = copyOutput.section.read(match) as { stores: { type: string }[] };
  const known = [nullOutput, relabelOutput, stdoutOutput].map(({ type }) => type);
  expect(stores.stores).not.toEqual([]);
  for (const { type } of stores.stores) expect(known).toContain(type);
});

test('the examples of the README print what it says', async () => {
  const outputs = await runReadmeExamples(readme);
  expect(outputs.map((output) => output.trimEnd())).toEqual(promisedOutputs(readme));
}, 60_000);
