import { expect, test } from 'vitest';
import { promisedOutputs, runReadmeExamples } from '../../../tools/readme-examples.mjs';

const readme = new URL('../README.md', import.meta.url);

test('the examples of the README print what it says', async () => {
  const outputs = await runReadmeExamples(readme);
  expect(outputs.map((output) => output.trimEnd())).toEqual(promisedOutputs(readme));
}, 60_000);
