/**
 * The server helper against bare Node: `node tools/bench/server.mjs [kind …]`, kinds `tcp`,
 * `connections`, `udp`, `tls`, `tls-handshakes`, `memory`. Needs a build.
 *
 * Both servers live side by side, each in a process of its own, and get the same load in turns
 * (A B, B A, …). A figure is the median of the rounds, its ratio the median of the ratios of the
 * pairs. `rate` is work per second of wall time, `cpu` is work per second of the server's CPU time:
 * the steadier of the two on a machine that does other things.
 */
import { fork } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { generateSelfSigned } from '@sluice/tls';

const rounds = Number(process.env.ROUNDS ?? 9);
const chunk = Buffer.alloc(65_536, 'x');
/** @param {number[]} values */
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;

/** @typedef {{ rate: number; cpu: number }} Result work per second of wall and of CPU time */
/** @typedef {(port: number) => import('node:net').Socket} Open */

class Target {
  /** @param {import('node:child_process').ChildProcess} child @param {number} port */
  constructor(child, port) {
    this.child = child;
    this.port = port;
  }
  /** @param {string} variant @param {string} kind */
  static async start(variant, kind) {
    const child = fork(
      new URL('server-target.mjs', import.meta.url).pathname,
      [variant, kind, JSON.stringify(files)],
      { execArgv: ['--expose-gc'] },
    );
    return new Target(child, (await once(child, 'message'))[0].port);
  }
  /** @param {'cpu' | 'memory'} question */
  async ask(question) {
    this.child.send(question);
    return (await once(this.child, 'message'))[0];
  }
  async stop() {
    const exited = once(this.child, 'exit');
    this.child.disconnect();
    await exited;
  }
}

/** @type {Open} */
const plain = (port) => connect(port, '127.0.0.1');
/** @type {Open} */
const secure = (port) => connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false });

/** So many bytes over 4 connections. @param {Open} open @param {number} port @param {number} total */
async function sendBytes(open, port, total) {
  const each = async () => {
    const socket = open(port);
    for (let sent = 0; sent < total / 4; sent += chunk.length) {
      if (!socket.write(chunk)) await once(socket, 'drain');
    }
    socket.resume().end();
    await once(socket, 'close');
  };
  await Promise.all([each(), each(), each(), each()]);
  return total;
}

/**
 * So many connections, 16 at a time: opened, one byte, closed.
 * @param {Open} open @param {number} port @param {number} total
 */
async function openAndClose(open, port, total) {
  let left = total;
  const each = async () => {
    while (left > 0) {
      left -= 1;
      const socket = open(port);
      socket.end('x');
      socket.resume();
      await once(socket, 'close');
    }
  };
  await Promise.all(Array.from({ length: 16 }, each));
  return total;
}

/**
 * Datagrams, at a pace that the receiver's buffer can hold; those received are counted.
 * @param {Target} target @param {number} total
 */
async function sendDatagrams(target, total) {
  const socket = createSocket('udp4');
  const before = (await target.ask('cpu')).received;
  for (let sent = 0; sent < total; sent += 100) {
    for (let index = 1; index < 100; index += 1) socket.send(chunk.subarray(0, 200), target.port);
    await new Promise((resolve) => socket.send(chunk.subarray(0, 200), target.port, resolve));
  }
  await delay(50);
  socket.close();
  return (await target.ask('cpu')).received - before;
}

/** @type {Record<string, (target: Target) => Promise<number>>} */
const loads = {
  tcp: (target) => sendBytes(plain, target.port, 768 * 1024 * 1024),
  connections: (target) => openAndClose(plain, target.port, 3000),
  udp: (target) => sendDatagrams(target, 60_000),
  tls: (target) => sendBytes(secure, target.port, 256 * 1024 * 1024),
  'tls-handshakes': (target) => openAndClose(secure, target.port, 400),
};
/** @type {Record<string, number>} */
const goals = {
  tcp: 0.98,
  connections: 0.95,
  udp: 0.98,
  tls: 0.98,
  'tls-handshakes': 0.95,
};

/** @param {Target} target @param {(target: Target) => Promise<number>} load @returns {Promise<Result>} */
async function measure(target, load) {
  const before = await target.ask('cpu');
  const started = performance.now();
  const work = await load(target);
  const seconds = (performance.now() - started) / 1000;
  const after = await target.ask('cpu');
  return { rate: work / seconds, cpu: work / ((after.cpu - before.cpu) / 1e6) };
}

/** @param {string} kind */
async function compare(kind) {
  const load = loads[kind];
  if (load === undefined) throw new Error(`there is no ${kind}`);
  const bare = await Target.start('bare', kind);
  const sluice = await Target.start('sluice', kind);
  /** @type {{ bare: Result; sluice: Result }[]} */
  const pairs = [];
  for (let round = -2; round < rounds; round += 1) {
    const bareFirst = round % 2 === 0;
    const first = await measure(bareFirst ? bare : sluice, load);
    const second = await measure(bareFirst ? sluice : bare, load);
    const pair = bareFirst ? { bare: first, sluice: second } : { bare: second, sluice: first };
    if (round >= 0) pairs.push(pair);
  }
  await bare.stop();
  await sluice.stop();
  for (const field of /** @type {const} */ (['cpu', 'rate'])) {
    /** @param {'bare' | 'sluice'} variant */
    const figure = (variant) => {
      const value = median(pairs.map((pair) => pair[variant][field]));
      return kind === 'tcp' || kind === 'tls'
        ? `${(value / 1024 / 1024).toFixed(0)} MiB/s`
        : `${value.toFixed(0)}/s`;
    };
    const ratios = pairs.map((pair) => pair.sluice[field] / pair.bare[field]);
    const spread = `${Math.min(...ratios).toFixed(3)}–${Math.max(...ratios).toFixed(3)}`;
    console.log(
      `${kind.padEnd(15)} ${field.padEnd(5)} bare ${figure('bare').padStart(12)}  ` +
        `sluice ${figure('sluice').padStart(12)}  ratio ${median(ratios).toFixed(3)} ` +
        `(${spread}), goal ${goals[kind]}`,
    );
  }
}

/** Bytes of heap and buffers per idle connection, at 10,000 of them. */
async function memory() {
  const count = 10_000;
  /** @type {Record<string, number[]>} */
  const perConnection = { bare: [], sluice: [] };
  for (let round = 0; round < 5; round += 1) {
    for (const variant of round % 2 === 0 ? ['bare', 'sluice'] : ['sluice', 'bare']) {
      const target = await Target.start(variant, 'memory');
      await openAndClose(plain, target.port, 500); // the code is compiled, the pools are filled
      const before = await target.ask('memory');
      /** @type {import('node:net').Socket[]} */
      const sockets = [];
      while (sockets.length < count) {
        const some = Array.from({ length: 200 }, () =>
          plain(target.port).on('error', () => undefined),
        );
        await Promise.all(some.map((socket) => once(socket, 'connect')));
        sockets.push(...some);
      }
      await delay(200);
      const after = await target.ask('memory');
      perConnection[variant]?.push((after.memory - before.memory) / count);
      await target.stop();
      for (const socket of sockets) socket.destroy();
    }
  }
  const [bare, sluice] = [median(perConnection.bare ?? []), median(perConnection.sluice ?? [])];
  console.log(
    `memory          per idle connection: bare ${bare.toFixed(0)} B  sluice ${sluice.toFixed(0)} B  ` +
      `difference ${(sluice - bare).toFixed(0)} B, goal 1024 B`,
  );
}

const folder = mkdtempSync(path.join(tmpdir(), 'sluice-bench-'));
const pair = await generateSelfSigned({ commonName: 'localhost' });
const files = {
  certPath: path.join(folder, 'cert.pem'),
  privateKeyPath: path.join(folder, 'key.pem'),
};
writeFileSync(files.certPath, pair.certificate);
writeFileSync(files.privateKeyPath, pair.privateKey);
try {
  const kinds = process.argv.length > 2 ? process.argv.slice(2) : [...Object.keys(loads), 'memory'];
  console.log(`Node ${process.version}, ${rounds} rounds, interleaved`);
  for (const kind of kinds) await (kind === 'memory' ? memory() : compare(kind));
} finally {
  rmSync(folder, { recursive: true });
}
