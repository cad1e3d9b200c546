/**
 * A whole pipeline on one machine: three nats-servers, and two agents of each role (edge, ingest,
 * writer) on loopback. Sends events to both edge agents, waits until all are in the writers' files,
 * and says where each is. After `npm ci && npm run build && apt-get install nats-server`:
 *
 *   node examples/scale/run.mjs [EVENTS] [--keep]
 *
 * With `--keep` it goes on until Ctrl-C, to be looked at and broken. Files are in a temporary folder.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { freePorts, natsIsInstalled, natsServers } from '../../tools/nats-servers.mjs';

const here = import.meta.dirname;
const bin = path.join(here, '../../apps/agent/bin/sluice.js');
const count = Number(process.argv.find((arg) => /^\d+$/.test(arg)) ?? 200_000);
const keep = process.argv.includes('--keep');

if (!natsIsInstalled()) {
  console.error('nats-server is not installed: apt-get install nats-server');
  process.exit(1);
}

const folder = mkdtempSync(path.join(tmpdir(), 'sluice-scale-'));
const children = [];
const nats = await natsServers(folder, 3);
try {
  await Promise.all(nats.map((server) => server.start()));
  const addresses = nats.map(({ address }) => address).join(',');
  console.log(`three nats-servers: ${addresses}`);
  const [edgeA, edgeB, ingestA, ingestB] = await freePorts(4);
  const ingests = { SLUICE_INGEST_A: String(ingestA), SLUICE_INGEST_B: String(ingestB) };
  // They may be started in any order; in this one nobody has to wait for another.
  await Promise.all([
    agent('ingest', { SLUICE_PORT: String(ingestA), SLUICE_NATS: addresses }),
    agent('ingest', { SLUICE_PORT: String(ingestB), SLUICE_NATS: addresses }),
  ]);
  await Promise.all([
    agent('edge', { SLUICE_PORT: String(edgeA), ...ingests }),
    agent('edge', { SLUICE_PORT: String(edgeB), ...ingests }),
    ...['a', 'b'].map((name) => {
      mkdirSync(path.join(folder, name));
      const out = path.join(folder, name, 'events');
      return agent('writer', { SLUICE_NATS: addresses, SLUICE_OUT: out });
    }),
  ]);
  console.log(`six agents; senders go to the ports ${edgeA} and ${edgeB}`);
  const began = performance.now();
  await Promise.all([send(edgeA, 0, count / 2), send(edgeB, count / 2, count)]);
  console.log(`${count} events acknowledged after ${since(began)} s`);
  const files = await allWritten();
  console.log(`all of them written after ${since(began)} s`);
  for (const [name, numbers] of files) console.log(`writer ${name}: ${numbers.length} events`);
  if (keep) {
    console.log(`running on; files are in ${folder}; Ctrl-C ends it`);
    await once(process, 'SIGINT');
  }
} finally {
  await Promise.all(children.map(end));
  await Promise.all(nats.map((server) => server.end('SIGTERM')));
  rmSync(folder, { recursive: true, force: true });
}

/** Starts an agent of a role; resolves when it runs. */
async function agent(role, env) {
  const child = spawn(process.execPath, [bin, '-c', path.join(here, `${role}.conf`)], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  children.push(child);
  await new Promise((resolve, reject) => {
    const log = [];
    createInterface({ input: child.stderr }).on('line', (line) => {
      log.push(line);
      if (line.includes('sluice is running')) resolve();
      else if (/warn|error/i.test(line)) console.log(`${role}: ${line}`);
    });
    child.once('exit', (code) =>
      reject(new Error(`${role} ended with ${code}: ${log.join('\n')}`)),
    );
  });
}

/** Sends events numbered `from` to `to`; resolves when all are acknowledged. */
async function send(port, from, to) {
  const child = spawn(process.execPath, [bin, 'cat', '--port', String(port), 'app.scale'], {
    stdio: ['pipe', 'inherit', 'inherit'],
  });
  for (let n = from; n < to; n++) child.stdin.write(`${JSON.stringify({ n, text: 'hello' })}\n`);
  child.stdin.end();
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`sluice cat ended with ${code}`);
}

/** The numbers in each writer's files, when all are there. */
async function allWritten() {
  for (;;) {
    const files = ['a', 'b'].map((name) => {
      const all = readdirSync(path.join(folder, name), { recursive: true, withFileTypes: true });
      const text = all
        .filter((entry) => entry.isFile())
        .map((entry) => readFileSync(path.join(entry.parentPath ?? entry.path, entry.name), 'utf8'))
        .join('');
      return [name, [...text.matchAll(/"n":(\d+)/g)].map(([, n]) => Number(n))];
    });
    if (new Set(files.flatMap(([, numbers]) => numbers)).size === count) return files;
    await delay(100);
  }
}

async function end(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}

function since(began) {
  return ((performance.now() - began) / 1000).toFixed(1);
}
