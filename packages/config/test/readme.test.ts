import { expect, test } from 'vitest';
import { readmeExamples, runReadmeExamples } from '../../../tools/readme-examples.mjs';
import { parseConfig } from '../src/index.js';

const readme = new URL('../README.md', import.meta.url);

test('the examples of the README print what it says', async () => {
  const outputs = await runReadmeExamples(readme);
  const promised = readmeExamples(readme)
    .filter(({ lang }) => lang === 'text')
    .map(({ code }) => code);
  expect(outputs).toHaveLength(3);
  expect(outputs.map((output) => output.trimEnd())).toEqual(promised.map((text) => text.trimEnd()));
}, 60_000);

test("the README's YAML is understood", () => {
  const [example] = readmeExamples(readme).filter(({ lang }) => lang === 'yaml');
  const text = example.code.replace(/^.*!include.*\n/m, '');
  expect(parseConfig(text, { path: 'a.yaml' }).elements[2].arg).toBe('app.** web.**');
});
