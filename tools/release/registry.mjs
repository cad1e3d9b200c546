/** A registry on loopback, for packages that are not published. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { root, toolScript } from '../workspace.mjs';

async function freePort() {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  server.close();
  await once(server, 'close');
  return port;
}

/**
 * Starts Verdaccio, through Nx.
 *
 * @param {string} storage folder of what is published
 * @returns {Promise<{ url: string; stop(): Promise<void> }>}
 */
export async function startRegistry(storage) {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/`;
  const nx = [toolScript('nx', 'dist/bin/nx.js'), 'run', 'release:registry'];
  const args = [`--port=${port}`, `--storage=${storage}`, '--outputStyle=static'];
  let said = '';
  const child = spawn(process.execPath, [...nx, ...args], {
    cwd: root,
    // A group of its own: Nx, the executor and Verdaccio end together.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NX_DAEMON: 'false' },
  });
  const note = (/** @type {Buffer} */ text) => void (said += text.toString());
  child.stdout.on('data', note);
  child.stderr.on('data', note);
  const closed = once(child, 'close');
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) {
      process.kill(-(/** @type {number} */ (child.pid)), 'SIGTERM');
    }
    await closed;
  };
  for (let tries = 0; tries < 600; tries++) {
    if (child.exitCode !== null) throw new Error(`Verdaccio has not started:\n${said}`);
    const answer = await fetch(new URL('-/ping', url)).catch(() => undefined);
    if (answer?.ok) return { url, stop };
    await sleep(100);
  }
  await stop();
  throw new Error(`Verdaccio does not answer:\n${said}`);
}
