import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { packingProblems } from '../../release/prepack.mjs';
import { root } from '../../workspace.mjs';

let folder: string;

/** A built package that may be changed. */
beforeEach(() => {
  const outer = mkdtempSync(path.join(os.tmpdir(), 'sluice-prepack-'));
  onTestFinished(() => rmSync(outer, { recursive: true }));
  folder = path.join(outer, 'sd-core');
  cpSync(path.join(root, 'packages/sd-core'), folder, {
    recursive: true,
    filter: (file) => path.basename(file) !== 'node_modules',
  });
});

const remove = (name: string): void => rmSync(path.join(folder, name), { recursive: true });

test('what is built can be packed', () => {
  expect(packingProblems(folder)).toEqual([]);
});

test('what is not built cannot', () => {
  remove('dist');
  expect(packingProblems(folder)).toEqual(
    expect.arrayContaining(['./dist/index.js is missing', 'src/index.ts is not built']),
  );
});

test('sources that have changed since the build, and leftovers of an older one', () => {
  const source = path.join(folder, 'src/index.ts');
  writeFileSync(source, `${readFileSync(source, 'utf8')}export const more = 1;\n`);
  writeFileSync(path.join(folder, 'dist/old.js'), '');
  expect(packingProblems(folder)).toEqual([
    'src/index.ts has changed since the build',
    'dist/old.js is of no entry: remove dist, and build',
  ]);
});

test('a licence or a changelog that is missing', () => {
  remove('LICENSE');
  remove('CHANGELOG.md');
  expect(packingProblems(folder)).toEqual(['LICENSE is missing', 'CHANGELOG.md is missing']);
});

test('npm pack fails then, and says what to do', async () => {
  remove('dist');
  const manifest = path.join(folder, 'package.json');
  const script = path.join(root, 'tools/release/prepack.mjs');
  const text = readFileSync(manifest, 'utf8');
  writeFileSync(manifest, text.replace('../../tools/release/prepack.mjs', script));
  await expect(promisify(execFile)('npm', ['pack'], { cwd: folder })).rejects.toMatchObject({
    stderr: expect.stringContaining(
      '@sluice/sd-core cannot be packed; run "npm run build" first:\n  ./dist/index.d.ts is missing',
    ) as string,
  });
}, 60_000);
