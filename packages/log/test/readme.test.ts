import { expect, test } from 'vitest';
import { runReadmeExamples } from '../../../tools/readme-examples.mjs';

test('the example of the README runs, and prints what it says', async () => {
  const outputs = await runReadmeExamples(new URL('../README.md', import.meta.url));
  expect(outputs).toEqual([
    'at 2026 [warn]: [in_forward] connection refused peer="10.0.0.1:4711" reason="a\\nb"\n',
  ]);
}, 60_000);
