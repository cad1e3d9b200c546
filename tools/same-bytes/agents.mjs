/** Runs cases in an agent: Sluice or Fluentd, with the same configurations. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { send } from './send.mjs';

/**
 * What stands before `-c FILE`, and how its log tells that it takes connections, and for
 * how long (in ms) its files must stay as they are to be taken for whole; a signal that makes it flush its buffers.
 *
 * @typedef {{ name: string, command: string[], ready: RegExp, quiet: number, flush?: NodeJS.Signals }} Agent
 */

/** @returns {Agent} */
export function sluice(node = process.execPath) {
  const bin = path.join(import.meta.dirname, '../../apps/agent/bin/sluice.js');
  return { name: 'sluice', command: [node, bin], ready: /sluice is running/, quiet: 800 };
}

/** @param {string} command @returns {Agent} */
export function fluentd(command) {
  return {
    name: 'fluentd',
    command: command.split(' '),
    ready: /fluentd worker is now running/,
    quiet: 3000,
    flush: 'SIGUSR1',
  };
}

/** @param {number} count */
export async function freePorts(count) {
  const servers = Array.from({ length: count }, () => net.createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => server.address().port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}

/**
 * Runs the cases, those that can in one process, and gives what each has written.
 *
 * @param {Agent} agent
 * @param {import('./case-files.mjs').Case[]} cases
 * @param {string} folder for their files
 * @returns {Promise<Map<string, { files: Map<string, Buffer>, refused?: string }>>} by the case's id
 */
export async function runCases(agent, cases, folder, { quiet = agent.quiet, most = 25_000 } = {}) {
  const found = new Map();
  const together = cases.filter(({ whole }) => !whole);
  const groups = [];
  for (let at = 0; at < together.length; at += 40) groups.push(together.slice(at, at + 40));
  for (const one of cases) if (one.whole) groups.push([one]);
  let runs = 0;
  for (let group = groups.shift(); group !== undefined; group = groups.shift()) {
    const place = path.join(folder, agent.name, String(runs++));
    mkdirSync(place, { recursive: true });
    try {
      await runGroup(agent, group, place, { quiet, most }, found);
    } catch (error) {
      if (!(error instanceof StartError)) throw error;
      // One that is refused must not take the others with it.
      const half = Math.ceil(group.length / 2);
      if (group.length > 1) groups.unshift(group.slice(0, half), group.slice(half));
      else found.set(group[0].id, { files: new Map(), refused: error.message });
    }
  }
  return found;
}

async function runGroup(agent, group, place, { quiet, most }, found) {
  const ports = await freePorts(2 * group.length);
  const runs = group.map((one, index) => {
    const out = path.join(place, `c${index}`);
    mkdirSync(out);
    const [forward, port] = ports.slice(2 * index, 2 * index + 2);
    const text = one.conf
      .replaceAll('${OUT}', out)
      .replaceAll('${PORT}', String(port))
      .replaceAll('${FORWARD}', String(forward))
      .replaceAll('${LABEL}', `@CASE${index}`);
    return { one, out, forward, port, text, index };
  });
  const conf = runs.map((run) => (run.one.whole ? run.text : sectionsOf(run))).join('\n');
  const file = path.join(place, 'agent.conf');
  const needsLog = !group[0].whole || !conf.includes('@FLUENT_LOG');
  writeFileSync(file, needsLog ? `${conf}\n${ownLog}` : conf);
  const process = await started(agent, file);
  try {
    for (const run of runs) {
      try {
        await send(run.one, run);
      } catch (error) {
        throw new Error(
          `${agent.name}: ${run.one.id}: ${error.message}\n${process.log().slice(-1000)}`,
        );
      }
    }
    process.flush();
    await settled(
      runs.map(({ out }) => out),
      quiet,
      most,
    );
  } finally {
    await process.stop();
    writeFileSync(path.join(place, 'agent.log'), process.log());
  }
  for (const { one, out } of runs) {
    found.set(one.id, { files: filesBelow(out) });
  }
}

const ownLog = '<label @FLUENT_LOG>\n<match **>\n@type null\n</match>\n</label>\n';

/** A case as a label that a forward input of its own leads to. */
function sectionsOf({ one, text, forward, index }) {
  const inputs = [];
  let rest = text.replace(/^<source>[^]*?^<\/source>$/gm, (source) => {
    inputs.push(source.replace('\n', `\n@label @CASE${index}\n`));
    return '';
  });
  if (one.events.length > 0) {
    inputs.push(
      `<source>\n@type forward\nbind 127.0.0.1\nport ${forward}\n@label @CASE${index}\n</source>`,
    );
  }
  return `${inputs.join('\n')}\n<label @CASE${index}>\n${rest}\n</label>`;
}

/** The configuration is refused. */
class StartError extends Error {}

async function started(agent, file) {
  const [command, ...args] = agent.command;
  const child = spawn(command, [...args, '-c', file], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, TZ: process.env.CASE_TZ ?? 'UTC', LANG: 'C.UTF-8' },
  });
  let log = '';
  const exited = once(child, 'exit');
  await new Promise((resolve, reject) => {
    const listen = (data) => {
      log += data;
      if (agent.ready.test(log)) resolve(undefined);
    };
    child.stdout.setEncoding('utf8').on('data', listen);
    child.stderr.setEncoding('utf8').on('data', listen);
    child.once('error', reject);
    child.once('exit', () => reject(new StartError(log)));
  });
  return {
    log: () => log,
    flush: () => {
      if (agent.flush !== undefined) child.kill(agent.flush);
    },
    stop: async () => {
      child.kill('SIGTERM');
      await exited;
    },
  };
}

/** Waits until all folders have files, and these stay as they are. */
async function settled(folders, quiet, most) {
  const start = Date.now();
  let last = '';
  let since = start;
  while (Date.now() - start < most) {
    const now = folders
      .map((folder) =>
        [...filesBelow(folder)].map(([name, bytes]) => `${name} ${bytes.length}`).join(),
      )
      .join('\n');
    if (now !== last) since = Date.now();
    last = now;
    const all = folders.every((folder) => filesBelow(folder).size > 0);
    if (all && Date.now() - since >= quiet) return;
    await wait(50);
  }
}

/** What is left of a buffer does not count. */
const ofBuffer = /(^|\/|\.)buffer(\.|\/)|[.][qb][0-9a-f]{32}|\.meta$/;

/** @param {string} folder @returns {Map<string, Buffer>} */
export function filesBelow(folder, prefix = '') {
  const found = new Map();
  if (!existsSync(folder)) return found;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const at = path.join(folder, entry.name);
    const name = `${prefix}${entry.name}`;
    if (entry.isDirectory())
      for (const [inner, bytes] of filesBelow(at, `${name}/`)) found.set(inner, bytes);
    else if (!ofBuffer.test(name) && existsSync(at) && statSync(at).isFile())
      found.set(name, readFileSync(at));
  }
  return found;
}
