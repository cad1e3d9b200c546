/**
 * What our output costs beside a bare publisher: `node tools/bench/jetstream.mjs [ROUNDS] [MIB]
 * [FILE]`, after a build; with FILE the figures are written there as JSON. One nats-server on loopback with a stream in files, chunks of 1,000 events, 98 kB,
 * 64 messages under way; the bare publisher uses the same client with the same options. Both are
 * processes of their own; they run in turn, each first in every other round, because the speed of a
 * machine that others use drifts. Ratios are made within a round, medians over the rounds. At the end,
 * what three servers use together where the stream has three replicas (Linux only, from /proc).
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { cpuSeconds } from './forward/process-tree.mjs';
import { natsIsInstalled, natsServers } from '../nats-servers.mjs';

const run = promisify(execFile);
const WINDOW = 64;
const GOAL = 0.8;

if (process.argv[2] === 'publish')
  await publish(process.argv[3], process.argv[4], +process.argv[5], +process.argv[6]);
else await compare(Number(process.argv[2] ?? 7), Number(process.argv[3] ?? 200), process.argv[4]);

/**
 * @param {number} rounds
 * @param {number} mebibytes for each publisher in each round
 * @param {string | undefined} file
 */
async function compare(rounds, mebibytes, file) {
  if (!natsIsInstalled()) {
    console.log('left out: nats-server is not installed');
    return;
  }
  const folder = mkdtempSync(path.join(tmpdir(), 'sluice-bench-nats-'));
  const [server] = await natsServers(folder);
  const { bytes } = await chunk();
  const count = Math.round((mebibytes * 1024 * 1024) / bytes.length);
  /** @type {{ rates: Record<string, number>, cpus: Record<string, number> }[]} */
  const results = [];
  try {
    await server.start();
    for (let round = -1; round < rounds; round++) {
      const kinds = round % 2 === 0 ? ['bare', 'sluice'] : ['sluice', 'bare'];
      const result = { rates: {}, cpus: {} };
      for (const kind of kinds) {
        const { seconds, cpu } = await publisher(kind, server.address, count);
        result.rates[kind] = count / seconds;
        result.cpus[kind] = cpu / (count / 1000);
      }
      if (round >= 0) results.push(result); // the first one warms the server up
    }
  } finally {
    await server.end('SIGTERM');
    rmSync(folder, { recursive: true, force: true });
  }
  console.log(
    `Node ${process.version}, ${rounds} rounds of ${count} chunks of ${bytes.length} bytes`,
  );
  console.log('                       median    least     most');
  for (const kind of ['bare', 'sluice']) {
    const rates = results.map(({ rates }) => (rates[kind] * bytes.length) / 1e6);
    print(`${kind}, MB/s`, rates, 1);
    const cpus = results.map(({ cpus }) => cpus[kind]);
    print(`${kind}, CPU s/1e6`, cpus, 3);
  }
  const ratios = results.map(({ rates }) => rates.sluice / rates.bare);
  print('sluice to bare', ratios, 3);
  console.log(`goal: ${GOAL}`);
  const servers = process.platform === 'linux' ? await replicated(Math.min(rounds, 3), count) : [];
  if (servers.length > 0) print('3 servers, CPU s/GB', servers, 1);
  if (file === undefined) return;
  writeFileSync(
    file,
    `${JSON.stringify({
      date: new Date().toISOString().slice(0, 10),
      node: process.version,
      ratio: median(ratios),
      megabytesPerSecond: median(results.map(({ rates }) => (rates.sluice * bytes.length) / 1e6)),
      publishCpuPerGB: (median(results.map(({ cpus }) => cpus.sluice)) / bytes.length) * 1e6,
      serversCpuPerGB: servers.length > 0 ? median(servers) : undefined,
      bytesPerEvent: bytes.length / 1000,
    })}\n`,
  );
}

/** CPU seconds of three servers together per GB that is published to a stream with three replicas. */
async function replicated(rounds, count) {
  const folder = mkdtempSync(path.join(tmpdir(), 'sluice-bench-nats-'));
  const servers = await natsServers(folder, 3);
  const { bytes } = await chunk();
  const used = () => servers.reduce((sum, { pid }) => sum + cpuSeconds(pid), 0);
  const costs = [];
  try {
    await Promise.all(servers.map((server) => server.start()));
    const addresses = servers.map(({ address }) => address).join(',');
    for (let round = 0; round < rounds; round++) {
      const before = used();
      await publisher('sluice', addresses, count, 3);
      costs.push(((used() - before) / ((count + 50) * bytes.length)) * 1e9);
    }
  } finally {
    await Promise.all(servers.map((server) => server.end('SIGTERM')));
    rmSync(folder, { recursive: true, force: true });
  }
  return costs;
}

/** Runs a publisher as a process of its own. */
async function publisher(kind, address, count, replicas = 1) {
  const self = fileURLToPath(import.meta.url);
  const { stdout } = await run(process.execPath, [
    ...[self, 'publish', kind, address, String(count), String(replicas)],
  ]);
  return JSON.parse(stdout);
}

/** @param {number[]} values */
function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}

/**
 * @param {string} name
 * @param {number[]} values
 * @param {number} digits
 */
function print(name, values, digits) {
  const sorted = [...values].sort((a, b) => a - b);
  const figures = [sorted[Math.floor(sorted.length / 2)], sorted[0], sorted[sorted.length - 1]];
  const columns = figures.map((value) => value.toFixed(digits).padStart(8));
  console.log(`${name.padEnd(20)} ${columns.join(' ')}`);
}

async function chunk() {
  const { EventStream } = await import('@sluice/event-stream');
  return EventStream.fromEvents(
    Array.from({ length: 1000 }, (_, n) => ({
      record: {
        n,
        message: 'GET /index.html HTTP/1.1 200',
        host: 'web-1.example.org',
        more: 'xyz'.repeat(5),
      },
    })),
  );
}

/**
 * @param {string} kind
 * @param {string} address
 * @param {number} count
 * @param {number} replicas
 */
async function publish(kind, address, count, replicas) {
  const stream = await chunk();
  const one = kind === 'bare' ? await bare(address) : await sluice(address, replicas);
  for (let i = 0; i < 50; i++) await one.send(stream, i);
  const before = process.cpuUsage();
  const began = performance.now();
  let next = 0;
  await Promise.all(
    Array.from({ length: WINDOW }, async () => {
      while (next < count) await one.send(stream, 50 + next++);
    }),
  );
  const seconds = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(before);
  console.log(JSON.stringify({ seconds, cpu: (user + system) / 1e6 }));
  await one.close();
}

/** @param {string} address */
async function bare(address) {
  const { connect, headers } = await import('@nats-io/transport-node');
  const { jetstream, jetstreamManager } = await import('@nats-io/jetstream');
  const nc = await connect({ servers: address, noAsyncTraces: true });
  const jsm = await jetstreamManager(nc);
  await fresh(jsm, { name: 'bench', subjects: ['sluice.>'] });
  const js = jetstream(nc);
  const id = process.hrtime.bigint().toString(36);
  return {
    async send({ bytes }, n) {
      const hdrs = headers();
      hdrs.set('Sluice-Tag', 'app.bench');
      hdrs.set('Sluice-Events', '1000');
      await js.publish('sluice.app.bench', bytes, { headers: hdrs, msgID: `${id}-${n}` });
    },
    close: () => nc.close(),
  };
}

/**
 * @param {string} address
 * @param {number} replicas
 */
async function sluice(address, replicas) {
  const { connect } = await import('@nats-io/transport-node');
  const { jetstreamManager } = await import('@nats-io/jetstream');
  const { parseConfig } = await import('@sluice/config');
  const { JetStreamOutput, jetstreamOutputSection } = await import('@sluice/jetstream');
  const nc = await connect({ servers: address.split(',') });
  const stream = { name: 'bench', subjects: ['sluice.>'], num_replicas: replicas };
  await fresh(await ready(() => jetstreamManager(nc)), stream);
  await nc.close();
  const text = `<match **>\nservers ${address}\nstream bench\npublish_window ${WINDOW}\n</match>\n`;
  const [element] = parseConfig(text, { path: 'bench.conf' }).elements;
  const quiet = () => undefined;
  const log = {
    trace: quiet,
    debug: quiet,
    info: quiet,
    warn: console.error,
    error: console.error,
  };
  const output = new JetStreamOutput({ id: 'bench', log }, jetstreamOutputSection.read(element));
  await output.start();
  const id = process.hrtime.bigint().toString(36);
  return {
    send: async (stream, n) => output.write('app.bench', stream.withChunkId(`${id}-${n}`)),
    close: () => output.close(),
  };
}

/** A cluster that has just started has no leader yet, and does not answer. */
async function ready(ask) {
  for (let tries = 1; ; tries += 1) {
    try {
      return await ask();
    } catch (error) {
      if (tries === 5) throw error;
    }
  }
}

/** A stream without messages: disks fill, and a full one is slower. */
async function fresh(jsm, config) {
  await jsm.streams.delete(config.name).catch(() => undefined);
  await jsm.streams.add(config);
}
