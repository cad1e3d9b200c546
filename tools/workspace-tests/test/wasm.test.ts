import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const root = path.join(import.meta.dirname, '../../..');

test('the WebAssembly that is shipped is what its source says', async () => {
  const check = ['tools/wasm.mjs', '--check'];
  const { stderr } = await promisify(execFile)(process.execPath, check, { cwd: root });
  expect(stderr).toBe('');
});
