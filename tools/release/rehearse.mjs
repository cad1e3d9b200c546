/**
 * `npm run release:rehearse`: a release from beginning to end, with nothing published but to a registry
 * on loopback. In a copy of the workspace it makes the next versions and publishes them; then each
 * package is installed alone and used as its README says. Run `npm run build` first.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { root } from '../workspace.mjs';
import { checkTypes, installAlone, installNamed, sizeOf, useAlone } from './alone.mjs';
import { tryCreate, trySluice } from './commands.mjs';
import { publishedPackages } from './packages.mjs';
import { startRegistry } from './registry.mjs';
import { checkTarball } from './tarballs.mjs';

const budgetFile = path.join(import.meta.dirname, 'budget.json');
const folder = mkdtempSync(path.join(os.tmpdir(), 'sluice-release-'));
const workspace = path.join(folder, 'workspace');
const storage = path.join(folder, 'registry');
const started = Date.now();

/** @param {string} text */
function step(text) {
  console.log(`${((Date.now() - started) / 1000).toFixed(0).padStart(4)} s  ${text}`);
}

/** Everything that git has, what is built, and the tools of this workspace. */
function copyWorkspace() {
  const listed = execFileSync(
    'git',
    ['ls-files', '-z', '--cached', '--others', '--exclude-standard'],
    {
      cwd: root,
      encoding: 'utf8',
    },
  );
  for (const file of listed.split('\0').filter((name) => /^(?!docs\/|examples\/)./.test(name))) {
    const target = path.join(workspace, file);
    mkdirSync(path.dirname(target), { recursive: true });
    // What was removed and not committed yet is listed, too.
    cpSync(path.join(root, file), target, { force: true, errorOnExist: false });
  }
  for (const { directory } of publishedPackages()) {
    const dist = path.join(directory, 'dist');
    cpSync(path.join(root, dist), path.join(workspace, dist), { recursive: true });
  }
  symlinkSync(path.join(root, 'node_modules'), path.join(workspace, 'node_modules'));
  const git = ['-c', 'user.name=rehearsal', '-c', 'user.email=rehearsal@localhost'];
  const options = /** @type {const} */ ({ cwd: workspace, stdio: 'ignore' });
  execFileSync('git', ['init', '-q', '-b', 'main'], options);
  execFileSync('git', ['add', '-A'], options);
  execFileSync('git', [...git, 'commit', '-q', '-m', 'rehearsal'], options);
}

/**
 * @param {string} script
 * @param {NodeJS.ProcessEnv} [env]
 */
function release(script, env = {}) {
  const file = path.join(workspace, 'tools/release', script);
  const { status, stdout, stderr } = spawnSync(process.execPath, [file], {
    cwd: workspace,
    encoding: 'utf8',
    env: { ...process.env, CI: 'true', ...env },
  });
  if (status !== 0) throw new Error(`${script} has failed:\n${stdout}${stderr}`);
}

/**
 * Does something for each, two at a time.
 *
 * @template T, R
 * @param {readonly T[]} items
 * @param {(item: T) => Promise<R>} what
 * @returns {Promise<R[]>}
 */
async function each(items, what) {
  /** @type {R[]} */
  const results = [];
  let next = 0;
  const worker = async () => {
    while (next < items.length) {
      const index = next++;
      results[index] = await what(/** @type {T} */ (items[index]));
    }
  };
  await Promise.all([worker(), worker()]);
  return results;
}

/** @param {import('./alone.mjs').Place[]} places */
function checkBudget(places) {
  /** @type {Record<string, { packages: number; megabytes: number }>} */
  const budget = JSON.parse(readFileSync(budgetFile, 'utf8'));
  const problems = [];
  for (const { folder: place, manifest } of places) {
    const { packages, megabytes } = sizeOf(place);
    const size = `${packages} packages, ${megabytes.toFixed(1)} MB`;
    console.log(`        ${manifest.name} installed: ${size}`);
    const most = budget[manifest.name] ?? budget.default;
    if (most === undefined) problems.push(`${manifest.name} has no budget; it is ${size}`);
    else if (packages > most.packages || megabytes > most.megabytes) {
      const limit = `${most.packages} packages, ${most.megabytes} MB`;
      problems.push(`${manifest.name} is ${size}, more than its budget of ${limit}`);
    }
  }
  if (problems.length > 0) throw new Error(`${budgetFile}:\n${problems.join('\n')}`);
}

/** @type {Awaited<ReturnType<typeof startRegistry>> | undefined} */
let registry;
try {
  const starting = startRegistry(storage);
  starting.catch(() => undefined);
  step('copy the workspace');
  copyWorkspace();
  step('make the next versions');
  release('version.mjs');
  registry = await starting;
  const { url } = registry;
  step('publish to loopback');
  const user = path.join(folder, 'npmrc');
  writeFileSync(user, `registry=${url}\n//${new URL(url).host}/:_authToken=rehearsal\n`);
  release('publish.mjs', { npm_config_userconfig: user, npm_config_registry: url });

  const packages = publishedPackages(workspace);
  step('look at the tarballs');
  for (const { manifest } of packages) {
    const { name, version } = manifest;
    const file = `${name.split('/').at(-1)}-${version}.tgz`;
    const { files, problems } = await checkTarball(path.join(storage, name, file));
    if (problems.length > 0) throw new Error(`${name}:\n${problems.join('\n')}`);
    console.log(`        ${name}@${version}: ${files} files`);
  }
  step('install each alone');
  const places = await each(packages, ({ manifest }) =>
    installAlone(path.join(folder, 'users', manifest.name), manifest, url),
  );
  checkBudget(places);
  await each(places, installNamed);
  step('compile against each');
  checkTypes(places);
  step('import, require, run the examples');
  const examples = await each(places, useAlone);
  step(`${examples.reduce((sum, count) => sum + count, 0)} examples have run`);
  step('npx sluice');
  const agent = packages.find(({ manifest }) => manifest.bin?.sluice);
  if (agent === undefined) throw new Error('nobody has the command sluice');
  const { name, version } = agent.manifest;
  await trySluice(path.join(folder, 'users', name), version);
  step('npm create sluice-plugin');
  await tryCreate(path.join(folder, 'users', 'author'), url);
  step('release rehearsal: good');
} finally {
  await registry?.stop();
  rmSync(folder, { recursive: true, force: true });
}
