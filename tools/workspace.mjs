/** What the scripts of this folder share: where the workspace is and how its tools are started. */
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import path from 'node:path';

export const root = path.join(import.meta.dirname, '..');

const require = createRequire(import.meta.url);

/**
 * The script behind a development tool's command, so that it runs under the Node that runs us.
 *
 * @param {string} name the npm package
 * @param {string} file the script inside it
 */
export function toolScript(name, file) {
  return path.join(path.dirname(require.resolve(`${name}/package.json`)), file);
}

/**
 * Runs a script with this Node and ends the process if it fails.
 *
 * @param {string} script
 * @param {string[]} args
 * @param {import('node:child_process').SpawnSyncOptions} [options]
 */
export function runOrExit(script, args, options = {}) {
  const { status } = spawnSync(process.execPath, [script, ...args], {
    cwd: root,
    stdio: 'inherit',
    ...options,
  });
  if (status !== 0) process.exit(status ?? 1);
}

/**
 * Runs Nx. Where `quiet`, what it prints is shown only if it fails.
 *
 * @param {string[]} args arguments such as `['run-many', '-t', 'build']`
 * @param {{ quiet?: boolean }} [options]
 */
export function nx(args, { quiet = false } = {}) {
  const script = toolScript('nx', 'dist/bin/nx.js');
  const full = [script, ...args, '--outputStyle=static'];
  if (!quiet) return runOrExit(script, full.slice(1));
  const { status, stdout, stderr } = spawnSync(process.execPath, full, {
    cwd: root,
    encoding: 'utf8',
  });
  if (status !== 0) {
    process.stderr.write(stdout + stderr);
    process.exit(status ?? 1);
  }
}
