/**
 * `npm test`: builds every package (the end-to-end tests run what is published), then runs all
 * tests in one vitest run. Arguments go to vitest: `npm test -- packages/config`.
 */
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import path from 'node:path';

const root = path.join(import.meta.dirname, '..');
const require = createRequire(import.meta.url);
const bin = (name, file) => path.join(path.dirname(require.resolve(`${name}/package.json`)), file);

/** @param {string} script @param {string[]} args */
function run(script, args) {
  const { status } = spawnSync(process.execPath, [script, ...args], {
    cwd: root,
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(status ?? 1);
}

run(bin('nx', 'dist/bin/nx.js'), ['run-many', '-t', 'build', '--outputStyle=static']);
run(bin('vitest', 'vitest.mjs'), [
  'run',
  '--config',
  'tools/vitest.config.mjs',
  ...process.argv.slice(2),
]);
