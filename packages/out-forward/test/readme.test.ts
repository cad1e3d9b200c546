import { expect, test } from 'vitest';
import { readmeExamples, runReadmeExamples } from '../../../tools/readme-examples.mjs';

const readme = new URL('../README.md', import.meta.url);

test('the examples of the README print what it says', async () => {
  const outputs = await runReadmeExamples(readme);
  const promised = readmeExamples(readme)
    .filter(({ lang, code }) => lang === 'text' && !code.startsWith('<'))
    .map(({ code }) => code.trimEnd());
  expect(outputs.map((output) => output.trimEnd())).toEqual(promised);
}, 60_000);
