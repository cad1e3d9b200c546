import { expect, test } from 'vitest';
test('loads', () => expect(1).toBe(1));
