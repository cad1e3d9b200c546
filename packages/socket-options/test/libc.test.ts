import { expect, test } from 'vitest';
import { loadLibc, selectBackend } from '../src/index.js';

test('calls the C library, and names its errors', () => {
  const libc = loadLibc();
  if (typeof libc === 'string') throw new Error(libc);
  const close = libc.func('int close(int fd)');
  expect(close(-1)).toBe(-1);
  expect(libc.errorName(libc.errno())).toBe('EBADF');
  expect(libc.errorName(-7)).toBeUndefined();
});

test('is one for all, whatever backend socket options have', () => {
  const libc = loadLibc();
  selectBackend('plain');
  expect(loadLibc()).toBe(libc);
  selectBackend('auto');
});
