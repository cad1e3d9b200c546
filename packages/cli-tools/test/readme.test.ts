import { expect, test } from 'vitest';
import { runReadmeExamples } from '../../../tools/readme-examples.mjs';

test('the examples of the README run, and print what it says', async () => {
  const outputs = await runReadmeExamples(new URL('../README.md', import.meta.url));
  expect(outputs).toEqual([
    '',
    '24225 undefined\n  mine send [options]         send events\ntrue\n',
    'true true\ntrue\n',
  ]);
}, 60_000);
