/**
 * `npm run release:publish`: publishes what is not published yet, with tags for git. Manifests are
 * published without what only the workspace reads; afterwards they are as before.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { publishedPackages } from './packages.mjs';
import { packingProblems } from './prepack.mjs';
import { publishedManifest } from './published-manifest.mjs';

const workspace = path.join(import.meta.dirname, '../..');
const packages = publishedPackages(workspace);

const problems = packages.flatMap(({ folder, directory }) =>
  packingProblems(folder).map((problem) => `${directory}: ${problem}`),
);
if (problems.length > 0) {
  console.error(`Cannot be published; "npm run build" first:\n${problems.join('\n')}`);
  process.exit(1);
}

/** @type {Map<string, string>} */
const before = new Map();
try {
  for (const { folder, manifest } of packages) {
    const file = path.join(folder, 'package.json');
    before.set(file, readFileSync(file, 'utf8'));
    writeFileSync(file, `${JSON.stringify(publishedManifest(manifest), undefined, 2)}\n`);
  }
  const changeset = fileURLToPath(import.meta.resolve('@changesets/cli/bin.js'));
  const options = /** @type {const} */ ({ cwd: workspace, stdio: 'inherit' });
  process.exitCode = spawnSync(process.execPath, [changeset, 'publish'], options).status ?? 1;
} finally {
  for (const [file, text] of before) writeFileSync(file, text);
}
