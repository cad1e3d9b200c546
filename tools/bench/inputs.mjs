/**
 * What the text inputs and the filter parser cost: CPU seconds of the server's processes for a million
 * events, as ratios to Fluentd and Fluent Bit where `FLUENTD=` and `FLUENT_BIT=` name their commands.
 * After a build:
 *
 *   node tools/bench/inputs.mjs [--rounds N] [--rows TEXT,…] [--events N]
 *
 * In each round every server is started anew, takes half as many events to warm up, and then the
 * measured ones; the servers take turns row by row. Events go to the output null. UDP is sent only as
 * fast as the kernel's queue of the receiver empties, and what was dropped all the same is not counted.
 * Needs Linux.
 */
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { connect, createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { EventStream } from '../../packages/event-stream/dist/index.js';
import { encodePackedForward } from '../../packages/forward-protocol/dist/index.js';
import { root } from '../workspace.mjs';
import { cpuSeconds } from './forward/process-tree.mjs';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    rows: { type: 'string' },
    events: { type: 'string', default: '400000' },
  },
});
if (process.platform !== 'linux') {
  console.log('left out: needs /proc, so Linux');
  process.exit();
}

const record = (n) => ({
  host: `192.0.2.${n % 256}`,
  method: 'GET',
  path: `/articles/${n}`,
  status: 200,
  size: 1000 + n,
  agent: 'Mozilla/5.0',
});
const json = (n) => JSON.stringify(record(n));
const syslog = (n) =>
  `<${n % 192}>Feb 28 12:00:${String(n % 60).padStart(2, '0')} host-${n % 9} app[${n}]: ${json(n)}`;
const access = (n) => `192.0.2.${n % 256} GET /articles/${n} 200 ${1000 + n} "Mozilla/5.0"`;
const pattern =
  '^(?<host>[^ ]*) (?<method>[^ ]*) (?<path>[^ ]*) (?<status>[^ ]*) (?<size>[^ ]*) "(?<agent>[^"]*)"$';

const parse = (lines) => `<parse>\n${lines}\n</parse>`;
const source = (type, port, more) =>
  `<source>\n@type ${type}\nbind 127.0.0.1\nport ${port}\n${more}\n</source>\n`;
const filter = (lines) =>
  `<filter **>\n@type parser\nkey_name message\n${parse(lines)}\n</filter>\n`;
const bitParser = '[PARSER]\n    name own\n    format regex\n    regex ';
const bitSyslog = `${bitParser}^\\<(?<pri>[0-9]+)\\>(?<time>[^ ]* {1,2}[^ ]* [^ ]*) (?<host>[^ ]*) (?<ident>[^ :\\[]*)(?:\\[(?<pid>[0-9]+)\\])?: *(?<message>.*)$\n    time_key time\n    time_format %b %d %H:%M:%S\n`;

/**
 * Each row: Fluentd's section, which is Sluice's, too; Fluent Bit's input, filter and parser; and
 * how events are sent.
 */
const rows = [
  {
    name: 'syslog over UDP',
    fluentd: (port) => source('syslog', port, 'tag s'),
    bit: { input: 'name syslog\n    mode udp\n    parser own', parsers: bitSyslog },
    send: (port, events) => sendDatagrams(port, events, syslog),
    datagrams: true,
  },
  {
    name: 'syslog over TCP',
    fluentd: (port) => source('syslog', port, 'tag s\n<transport tcp>\n</transport>'),
    bit: { input: 'name syslog\n    mode tcp\n    parser own', parsers: bitSyslog },
    send: (port, events) => sendLines(port, events, syslog),
  },
  {
    name: 'tcp with json',
    fluentd: (port) => source('tcp', port, `tag s\n${parse('@type json')}`),
    bit: { input: 'name tcp\n    format json' },
    send: (port, events) => sendLines(port, events, json),
  },
  {
    name: 'http with NDJSON',
    fluentd: (port) => source('http', port, ''),
    // It has no NDJSON: the same events as an array.
    bit: { input: 'name http', array: true },
    send: (port, events, array) => sendRequests(port, events, array),
  },
  {
    name: 'filter parser json',
    fluentd: (port) => source('forward', port, '') + filter('@type json'),
    bit: {
      input: 'name forward',
      filter: 'name parser\n    match *\n    key_name message\n    parser own',
      parsers: '[PARSER]\n    name own\n    format json\n',
    },
    send: (port, events) => sendForward(port, events, json),
  },
  {
    name: 'filter parser regexp',
    fluentd: (port) =>
      source('forward', port, '') + filter(`@type regexp\nexpression /${pattern}/`),
    bit: {
      input: 'name forward',
      filter: 'name parser\n    match *\n    key_name message\n    parser own',
      parsers: `${bitParser}${pattern}\n`,
    },
    send: (port, events) => sendForward(port, events, access),
  },
];

const commandIn = (name) => process.env[name]?.trim().split(/\s+/);
const servers = [
  { name: 'Sluice', command: [process.execPath, path.join(root, 'apps/agent/bin/sluice.js')] },
  { name: 'Fluentd', command: commandIn('FLUENTD'), part: 0.1 },
  { name: 'Fluent Bit', command: commandIn('FLUENT_BIT'), bit: true },
].filter(({ command }) => command !== undefined);

async function sendDatagrams(port, events, text) {
  const socket = createSocket('udp4');
  const dropped = kernelQueue(port).drops;
  for (let n = 0; n < events;) {
    const end = Math.min(events, n + 32);
    for (; n < end; n += 1) socket.send(text(n), port, '127.0.0.1');
    await new Promise((resolve) => setImmediate(resolve));
    while (kernelQueue(port).bytes > 50_000) await sleep(1);
  }
  while (kernelQueue(port).bytes > 0) await sleep(1);
  socket.close();
  return events - (kernelQueue(port).drops - dropped);
}

/** What waits in the kernel for the receiver, and what it has dropped. */
function kernelQueue(port) {
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const lines = readFileSync('/proc/net/udp', 'utf8').split('\n');
  const fields = lines.map((line) => line.trim().split(/\s+/)).filter((f) => f[1]?.endsWith(local));
  return {
    bytes: fields.reduce((sum, f) => sum + parseInt(f[4].split(':')[1], 16), 0),
    drops: fields.reduce((sum, f) => sum + Number(f.at(-1)), 0),
  };
}

async function sendLines(port, events, text) {
  await sendAll(port, events, 200, (from, to) => {
    let lines = '';
    for (let n = from; n < to; n += 1) lines += `${text(n)}\n`;
    return lines;
  });
  return events;
}

async function sendForward(port, events, text) {
  await sendAll(port, events, 500, (from, to) => {
    const list = Array.from({ length: to - from }, (_, n) => ({
      time: 1_700_000_000 + n,
      record: { message: text(from + n) },
    }));
    return encodePackedForward('bench', EventStream.fromEvents(list));
  });
  return events;
}

async function sendAll(port, events, size, make) {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  for (let n = 0; n < events; n += size) {
    if (!socket.write(make(n, Math.min(events, n + size)))) await once(socket, 'drain');
  }
  // A server may end the connection by a reset when it has read all.
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.on('error', () => undefined);
  socket.end();
  socket.resume();
  await closed;
}

async function sendRequests(port, events, array) {
  const agent = new Agent({ keepAlive: true });
  const type = array ? 'application/json' : 'application/x-ndjson';
  const size = 200;
  let next = 0;
  const client = async () => {
    while (next < events) {
      const from = next;
      next += size;
      const lines = Array.from({ length: size }, (_, n) => json(from + n));
      const body = array ? `[${lines.join(',')}]` : lines.join('\n');
      const headers = { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) };
      const sent = request({
        port,
        host: '127.0.0.1',
        path: '/bench',
        method: 'POST',
        headers,
        agent,
      });
      sent.end(body);
      const [response] = await once(sent, 'response');
      response.resume();
      if (response.statusCode >= 300) throw new Error(`status ${response.statusCode}`);
      await once(response, 'end');
    }
  };
  await Promise.all(Array.from({ length: 4 }, client));
  agent.destroy();
  return events;
}

function configuration(row, server, port, folder) {
  if (server.bit !== true) {
    const own = '<label @FLUENT_LOG>\n<match **>\n@type null\n</match>\n</label>\n';
    return `${own}${row.fluentd(port)}<match **>\n@type null\n</match>\n`;
  }
  writeFileSync(path.join(folder, 'parsers.conf'), row.bit.parsers ?? '');
  const sections = ['[SERVICE]', '    flush 1', '    log_level error', '    grace 1'];
  if (row.bit.parsers !== undefined) sections.push(`    parsers_file ${folder}/parsers.conf`);
  sections.push('[INPUT]', `    ${row.bit.input}`, '    listen 127.0.0.1', `    port ${port}`);
  if (row.bit.filter !== undefined) sections.push('[FILTER]', `    ${row.bit.filter}`);
  sections.push('[OUTPUT]', '    name null', '    match *', '');
  return sections.join('\n');
}

/** @returns CPU seconds for a million events */
async function measure(row, server) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'sluice-bench-'));
  const port = await freePort();
  const file = path.join(folder, 'bench.conf');
  writeFileSync(file, configuration(row, server, port, folder));
  const log = path.join(folder, 'log');
  const output = openSync(log, 'w');
  const [program, ...args] = server.command;
  const child = spawn(program, [...args, '-c', file], {
    stdio: ['ignore', output, output],
    cwd: folder,
  });
  const ended = once(child, 'exit');
  try {
    await listening(row, port, child, log);
    await idle(child.pid);
    const events = Math.round(Number(values.events) * (server.part ?? 1));
    await row.send(port, Math.ceil(events / 2), server.bit && row.bit.array);
    await idle(child.pid);
    const before = cpuSeconds(child.pid);
    const arrived = await row.send(port, events, server.bit && row.bit.array);
    await idle(child.pid);
    return ((cpuSeconds(child.pid) - before) / arrived) * 1e6;
  } finally {
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), 20_000);
    await ended;
    clearTimeout(timer);
    rmSync(folder, { recursive: true, force: true });
  }
}

async function listening(row, port, child, log) {
  const bound = (table) =>
    readFileSync(`/proc/net/${table}`, 'utf8').includes(
      `:${port.toString(16).toUpperCase().padStart(4, '0')} `,
    );
  for (let tries = 0; !bound(row.datagrams ? 'udp' : 'tcp'); tries += 1) {
    if (child.exitCode !== null || tries > 1500) {
      throw new Error(`it does not listen: ${readFileSync(log, 'utf8').slice(-2000)}`);
    }
    await sleep(20);
  }
}

/** Waits until a process tree has used no CPU time for a while, a minute at most. */
async function idle(pid) {
  let used = cpuSeconds(pid);
  let since = performance.now();
  const end = since + 60_000;
  while (performance.now() - since < 1200 && performance.now() < end) {
    await sleep(50);
    const now = cpuSeconds(pid);
    if (now - used < 0.015) continue;
    used = now;
    since = performance.now();
  }
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  return port;
}

const wanted = values.rows?.toLowerCase().split(',');
const selected = rows.filter(
  ({ name }) => wanted?.some((part) => name.toLowerCase().includes(part)) ?? true,
);
const found = new Map(selected.map((row) => [row, new Map(servers.map((one) => [one, []]))]));
for (let round = 0; round < Number(values.rounds); round += 1) {
  for (const row of selected) {
    for (const server of servers)
      found
        .get(row)
        .get(server)
        .push(await measure(row, server));
  }
}

const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];
const spread = (list, digits = 2) =>
  `${median(list).toFixed(digits)} (${Math.min(...list).toFixed(digits)}–${Math.max(...list).toFixed(digits)})`;
console.log('CPU seconds for a million events, median (least–most); ratios by rounds');
for (const [row, results] of found) {
  const [[, own], ...others] = results;
  console.log(row.name);
  for (const [{ name }, list] of results) console.log(`  ${name.padEnd(12)}${spread(list)}`);
  for (const [{ name }, list] of others) {
    console.log(`  to ${name.padEnd(12)}${spread(own.map((value, n) => value / list[n]))}`);
  }
}
