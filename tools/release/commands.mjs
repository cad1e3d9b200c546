/** The commands that people begin with, from the registry of the rehearsal. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { installFlags } from '../packed-workspace.mjs';

const run = promisify(execFile);

/**
 * `npx sluice` where it is installed: the playground, and an event through it.
 *
 * @param {string} folder
 * @param {string} version
 */
export async function trySluice(folder, version) {
  const { stdout } = await run('npx', ['--no-install', 'sluice', '--version'], { cwd: folder });
  if (stdout !== `sluice ${version}\n`) throw new Error(`npx sluice --version: ${stdout}`);
  const playground = spawn('npx', ['--no-install', 'sluice', 'playground', '--plain'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  const closed = once(playground, 'close');
  /** @type {Promise<never>} */
  const early = closed.then(([code]) => {
    throw new Error(`npx sluice has ended with ${code}`);
  });
  early.catch(() => undefined);
  try {
    const lines = createInterface({ input: playground.stdout });
    const said = (/** @type {RegExp} */ expected) =>
      Promise.race([
        early,
        new Promise((resolve) => {
          lines.on('line', (line) => {
            const match = expected.exec(line);
            if (match !== null) resolve(match[1]);
          });
        }),
      ]);
    const port = await said(/listens on 127\.0\.0\.1:(\d+) /);
    const shown = said(/rehearsal\.hello: (\{"message":"hello"\})/);
    const cat = spawn('npx', ['--no-install', 'sluice', 'cat', '-p', port, 'rehearsal.hello'], {
      cwd: folder,
      stdio: ['pipe', 'ignore', 'inherit'],
    });
    cat.stdin.end('{"message":"hello"}\n');
    await once(cat, 'close');
    await shown;
  } finally {
    if (playground.exitCode === null) process.kill(-(playground.pid ?? 0), 'SIGINT');
    await closed;
  }
}

/**
 * `npm create sluice-plugin`, and the test of what it makes.
 *
 * @param {string} folder
 * @param {string} registry
 */
export async function tryCreate(folder, registry) {
  mkdirSync(folder, { recursive: true });
  const args = ['create', '--yes', 'sluice-plugin@latest', 'rehearsed', '--'];
  await run('npm', [...args, '--kind', 'output', '--language', 'ts'], {
    cwd: folder,
    env: { ...process.env, npm_config_registry: registry, npm_config_yes: 'true' },
  });
  const project = path.join(folder, 'sluice-plugin-rehearsed');
  writeFileSync(path.join(project, '.npmrc'), `@sluice:registry=${registry}\n`);
  // Its own scripts build it.
  const flags = installFlags.filter((flag) => flag !== '--ignore-scripts');
  await run('npm', ['install', ...flags], { cwd: project });
  await run('npm', ['test'], { cwd: project });
}
