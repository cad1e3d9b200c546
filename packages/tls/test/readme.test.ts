import { expect, test } from 'vitest';
import { readmeExamples, runReadmeExamples } from '../../../tools/readme-examples.mjs';
import { createServerContext } from '../src/index.js';

const readme = new URL('../README.md', import.meta.url);

test('the examples of the README print what it says', { timeout: 60_000 }, async () => {
  const outputs = await runReadmeExamples(readme);
  const promised = readmeExamples(readme).filter(({ lang }) => lang === 'text');
  expect(outputs).toHaveLength(3);
  expect(outputs).toEqual(promised.map(({ code }) => code));
});

test('what the README recommends is taken', async () => {
  const [example] = readmeExamples(readme).filter(({ lang }) => lang === 'yaml');
  const lines = [...example.code.matchAll(/^(\w+): (.*)$/gm)];
  const options = Object.fromEntries(lines.map(([, name, value]) => [name, value]));
  expect(Object.keys(options)).toEqual(['minVersion', 'maxVersion', 'ciphers']);
  (await createServerContext({ insecure: true, watch: false, ...options })).close();
});
