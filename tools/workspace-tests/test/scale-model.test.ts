import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { expect, test } from 'vitest';

const script = path.join(import.meta.dirname, '../../scale/model.mjs');

test('docs/scale.md shows what the model makes of the measured figures', () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, '--check']);
  expect(status, `${stdout.toString()}${stderr.toString()}`).toBe(0);
});
