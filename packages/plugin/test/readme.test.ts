import { expect, test } from 'vitest';
import { runReadmeExamples } from '../../../tools/readme-examples.mjs';

test('the examples of the README run', async () => {
  const [output] = await runReadmeExamples(new URL('../README.md', import.meta.url));
  expect(output).toContain("[ 'example', { text: 'hello' } ]");
});
