import { KEPT } from '@sluice/plugin';
import { createDriver } from '@sluice/plugin/testing';
import { expect, test } from 'vitest';
import { nullOutput } from '../src/index.js';

test('null takes everything, and with never_flush nothing', async () => {
  expect(createDriver(nullOutput).write('t', [{ a: 1 }])).toBe(KEPT);
  const never = createDriver(nullOutput, 'never_flush true');
  await expect(never.write('t', [{ a: 1 }])).rejects.toThrow('never_flush');
});
