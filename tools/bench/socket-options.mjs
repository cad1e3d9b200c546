/**
 * What closing costs the event loop: `node tools/bench/socket-options.mjs [peers] [runs]`, after a
 * build.
 *
 * 100 peers that do not read, each with bytes waiting for it, are closed with a linger of 2 s:
 * once by closeWithLinger, plain and under TLS, and once by the kernel's own SO_LINGER, which is
 * set before destroy(). The same is measured with nothing being closed, which is
 * what the machine itself does to the loop. Each run is a process of its own (the peers another one), so that nothing
 * of one is in the delays of the next. Then the cost of koffi: loading it, and one call.
 */
import { execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import tls from 'node:tls';
import {
  applySocketOptions,
  closeWithLinger,
  getSocketOption,
  selectBackend,
  setSocketOption,
} from '../../packages/socket-options/dist/index.js';

const LINGER = 2;
const WAITING = Buffer.alloc(8 * 1024 * 1024);
const script = import.meta.filename;
const [role = '100', ...args] = process.argv.slice(2);

if (role === 'peers') await peers(args);
else if (role === 'close') await close(args);
else if (role === 'koffi') koffi();
else await report(Number(role), Number(args[0] ?? 5));

/** Connections that never read. @param {string[]} args */
async function peers([port = '', count = '', secure]) {
  for (let i = 0; i < Number(count); i++) {
    const socket =
      secure === 'tls'
        ? tls.connect({ port: Number(port), host: '127.0.0.1', rejectUnauthorized: false })
        : net.connect(Number(port), '127.0.0.1');
    socket.on('error', () => undefined);
    await once(socket, secure === 'tls' ? 'secureConnect' : 'connect');
    socket.pause();
  }
  setInterval(() => undefined, 60_000); // sockets that do not read hold no process open
  process.send?.('ready');
  process.on('disconnect', () => process.exit());
}

/** One way of closing all peers: prints the longest delay of the loop, in ms. @param {string[]} args */
async function close([way = '', count = '', folder = '']) {
  const secure = way === 'tls';
  selectBackend(); // before the clock runs
  const server = net.createServer();
  const upgrade = secure
    ? tls.createServer({
        key: readFileSync(path.join(folder, 'key.pem')),
        cert: readFileSync(path.join(folder, 'cert.pem')),
      })
    : undefined;
  const raws = new WeakMap();
  /** @type {net.Socket[]} */
  const sockets = [];
  const all = new Promise((resolve) => {
    const accept = (/** @type {net.Socket} */ socket) => {
      socket.on('error', () => undefined);
      if (sockets.push(socket) === Number(count)) resolve(undefined);
    };
    server.on('connection', (raw) => {
      if (upgrade === undefined) return accept(raw);
      raw.on('error', () => undefined);
      upgrade.once('secureConnection', (socket) => {
        raws.set(socket, raw);
        accept(socket);
      });
      upgrade.emit('connection', raw);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  if (way !== 'kernel') applySocketOptions(server, { lingerTimeout: LINGER });
  const { port } = /** @type {net.AddressInfo} */ (server.address());
  const child = fork(script, ['peers', String(port), count, way], { stdio: 'inherit' });
  await Promise.all([all, once(child, 'message')]);
  for (const socket of sockets) socket.write(WAITING);
  await new Promise((resolve) => setTimeout(resolve, 500)); // until the kernel's buffers are full

  const histogram = monitorEventLoopDelay({ resolution: 1 });
  histogram.enable();
  await new Promise((resolve) => setTimeout(resolve, 50)); // its first tick measures nothing
  const start = performance.now();
  const closed = sockets.map((socket) => once(socket, 'close'));
  for (const socket of way === 'idle' ? [] : sockets) {
    if (way === 'kernel') {
      setSocketOption(socket, 'SO_LINGER', { on: true, seconds: LINGER });
      socket.destroy();
    } else {
      closeWithLinger(socket, LINGER, raws.get(socket));
    }
  }
  const calls = performance.now() - start;
  if (way === 'idle') await new Promise((resolve) => setTimeout(resolve, LINGER * 1000));
  else await Promise.all(closed);
  await new Promise((resolve) => setTimeout(resolve, 20)); // the delay that is under way counts
  histogram.disable();
  const { max } = histogram;
  console.log(JSON.stringify([max / 1e6, calls, performance.now() - start]));
  child.kill();
  process.exit();
}

/** Prints the milliseconds of the first native call, and the microseconds of one later. */
function koffi() {
  const start = performance.now();
  selectBackend();
  const load = performance.now() - start;
  const server = net.createServer().listen(0, '127.0.0.1', () => {
    const times = [setTime, getTime].map((call) => {
      for (let i = 0; i < 20_000; i++) call();
      const begin = performance.now();
      for (let i = 0; i < 200_000; i++) call();
      return ((performance.now() - begin) * 1000) / 200_000;
    });
    console.log(JSON.stringify([load, ...times]));
    process.exit();
  });
  const setTime = () => setSocketOption(server, 'SO_KEEPALIVE', true);
  const getTime = () => getSocketOption(server, 'SO_RCVBUF');
}

/** @param {string[]} args @returns {number[]} */
function child(...args) {
  return JSON.parse(execFileSync(process.execPath, [script, ...args], { encoding: 'utf8' }));
}

/** @param {number} count @param {number} runs */
async function report(count, runs) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'sluice-bench-'));
  try {
    const words = 'req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=bench';
    const files = ['-keyout', path.join(folder, 'key.pem'), '-out', path.join(folder, 'cert.pem')];
    execFileSync('openssl', [...words.split(' '), ...files], { stdio: 'ignore' });
    /** @type {Record<string, number[][]>} */
    const results = { idle: [], tcp: [], tls: [], koffi: [] };
    for (let run = 0; run < runs; run++) {
      for (const way of ['idle', 'tcp', 'tls'])
        results[way]?.push(child('close', way, String(count), folder));
      results.koffi?.push(child('koffi'));
    }
    for (const [way, title] of [
      ['idle', 'nothing closed (the noise of this machine)'],
      ['tcp', 'closeWithLinger, TCP'],
      ['tls', 'closeWithLinger, TLS'],
    ]) {
      const [max, calls, total] = columns(results[way ?? ''] ?? []);
      console.log(
        `${count} peers, linger ${LINGER} s, ${title}: loop held at most ${max} ms, the calls took ${calls} ms, done after ${total} ms`,
      );
    }
    // The kernel holds the loop for 2 s a peer, one after the other: a few show it.
    const few = Math.min(count, 5);
    const [max, , total] = columns([child('close', 'kernel', String(few), folder)]);
    console.log(
      `${few} peers, linger ${LINGER} s, the kernel's SO_LINGER: loop held at most ${max} ms, all closed after ${total} ms`,
    );
    const [load, set, get] = columns(results.koffi ?? []);
    console.log(`koffi: load ${load} ms, set ${set} us, get ${get} us`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Median, least and most of each column. @param {number[][]} rows */
function columns(rows) {
  return (rows[0] ?? []).map((_, column) => {
    const sorted = rows.map((row) => row[column] ?? 0).sort((a, b) => a - b);
    const show = (/** @type {number | undefined} */ value) =>
      (value ?? 0).toFixed(value !== undefined && value < 10 ? 2 : 0);
    const median = show(sorted[sorted.length >> 1]);
    return sorted.length === 1
      ? median
      : `${median} (${show(sorted[0])} to ${show(sorted.at(-1))})`;
  });
}
