import { expect, test } from 'vitest';
import { allows } from '../../licences.mjs';

const allowed = new Set(['MIT', 'ISC']);

test.each([
  ['MIT', true],
  ['GPL-3.0-only', false],
  ['(MIT OR GPL-3.0-only)', true],
  ['GPL-2.0 OR GPL-3.0-only', false],
  ['MIT AND ISC', true],
  ['MIT AND GPL-3.0-only', false],
  ['(MIT AND GPL-3.0-only) OR ISC', true],
  ['none', false],
])('%s: %s', (expression, expected) => expect(allows(expression, allowed)).toBe(expected));
