import { expect, test } from 'vitest';
import { freeMemory } from '../src/free-memory.js';

test('what is given back is empty', () => {
  const all = Array.from({ length: 4 }, () => Buffer.alloc(16 * 1024 * 1024, 1));
  // The first opens what the others are moved to, which takes a turn of the event loop.
  freeMemory(all[0]);
  for (const bytes of all.slice(1)) freeMemory(bytes);
  expect(all.map(({ length }) => length)).toEqual([0, 0, 0, 0]);
});

test('what is a part of a buffer stays, and so do few bytes', () => {
  const buffer = Buffer.alloc(1024 * 1024, 1);
  freeMemory(buffer.subarray(10));
  freeMemory(buffer.subarray(0, -1));
  expect(buffer.length).toBe(1024 * 1024);
  const few = Buffer.from(new ArrayBuffer(1000));
  freeMemory(few);
  expect(few.length).toBe(1000);
});
