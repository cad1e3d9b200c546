/**
 * `npm run release:version`: has changesets write the next versions and the changelogs, and brings
 * along what repeats a version: the lock file, the Dockerfile, and since when each parameter of a
 * configuration is there. Nothing is installed; `npm run build` has to have run.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { publishedPackages } from './packages.mjs';

/** What an entry of the lock file repeats of its package's manifest. */
const repeated = /** @type {const} */ ([
  'version',
  'dependencies',
  'devDependencies',
  'optionalDependencies',
]);

/**
 * The lock file as the manifests want it.
 *
 * @param {string} workspace
 */
export function lockText(workspace) {
  const lock = JSON.parse(readFileSync(path.join(workspace, 'package-lock.json'), 'utf8'));
  for (const { directory, manifest } of publishedPackages(workspace)) {
    const entry = lock.packages[directory];
    if (entry === undefined) throw new Error(`${directory} is not in the lock file: npm install`);
    for (const key of repeated) if (entry[key] !== undefined) entry[key] = manifest[key];
  }
  return `${JSON.stringify(lock, undefined, 2)}\n`;
}

/**
 * The Dockerfile with the agent's version.
 *
 * @param {string} workspace
 */
export function dockerfileText(workspace) {
  const agent = publishedPackages(workspace).find(({ manifest }) => manifest.bin?.sluice);
  if (agent === undefined) throw new Error('no package has the command sluice');
  const text = readFileSync(path.join(workspace, 'packaging/Dockerfile'), 'utf8');
  return text.replace(/^ARG SLUICE_VERSION=.*$/m, `ARG SLUICE_VERSION=${agent.manifest.version}`);
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const workspace = path.join(import.meta.dirname, '../..');
  const changeset = fileURLToPath(import.meta.resolve('@changesets/cli/bin.js'));
  const options = /** @type {const} */ ({ cwd: workspace, stdio: 'inherit' });
  const { status } = spawnSync(process.execPath, [changeset, 'version'], options);
  if (status !== 0) process.exit(status ?? 1);
  writeFileSync(path.join(workspace, 'package-lock.json'), lockText(workspace));
  writeFileSync(path.join(workspace, 'packaging/Dockerfile'), dockerfileText(workspace));
  const since = path.join(workspace, 'tools/site/record-since.mjs');
  process.exitCode = spawnSync(process.execPath, [since], options).status ?? 1;
}
