/**
 * One server under measurement, in a process of its own: `node server.mjs KIND OPTIONS`. Tells its
 * port over IPC, then answers each message with the CPU time that it has used.
 */
import { createServer } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { silentLogger } from '../../../packages/server/dist/index.js';
import { parseConfig } from '../../../packages/config/dist/index.js';
import { KEPT } from '../../../packages/plugin/dist/index.js';
import { ForwardInput, forwardSection } from '../../../packages/in-forward/dist/index.js';

const [kind, text] = process.argv.slice(2);
const options = JSON.parse(text);

const servers = {
  /** The forward input; events are dropped. */
  null: () => sluice(() => KEPT),

  /** The forward input, and each record as a line of JSON in a file. */
  async file() {
    const folder = mkdtempSync(path.join(tmpdir(), 'sluice-bench-'));
    process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
    const append = appendTo(await open(path.join(folder, 'out.log'), 'a'));
    return sluice((_tag, stream) => append(stream.toJsonLines()));
  },

  /** A bare socket that reads the same bytes and writes the same acks, looking at nothing. */
  sink() {
    return new Promise((resolve) => {
      const ack = Buffer.alloc(options.ackBytes, 0x61);
      const server = createServer((socket) => {
        let bytes = 0;
        socket.on('data', (data) => {
          bytes += data.length;
          const due = Math.floor(bytes / options.payloadBytes);
          bytes -= due * options.payloadBytes;
          for (let i = 0; i < due; i++) socket.write(ack);
        });
        socket.on('error', () => undefined);
      });
      server.listen(0, '127.0.0.1', () => resolve(server.address().port));
    });
  },

  /** npm's own server, of @fluent-org/logger. */
  async npm() {
    const { FluentServer } = await import('@fluent-org/logger');
    const server = new FluentServer({ listenOptions: { port: 0, host: '127.0.0.1' } });
    server.on('entry', () => undefined);
    await server.listen();
    return server.port;
  },
};

/** Appends to a file; all that waits at a time is one write. */
function appendTo(file) {
  let last = Promise.resolve();
  let waiting = [];
  let writing;
  const write = async () => {
    const chunks = waiting;
    waiting = [];
    writing = undefined;
    await file.writev(chunks);
  };
  return (chunk) => {
    waiting.push(chunk);
    writing ??= last = last.then(write);
    return writing;
  };
}
async function sluice(emit) {
  const transport = options.tls
    ? '<transport tls>\ninsecure true\ngenerate_private_key_type ecdsa\n</transport>'
    : '';
  const root = parseConfig(
    `<source>\n@type forward\nport 0\nbind 127.0.0.1\n${transport}\n</source>\n`,
    { path: 'bench.conf' },
  );
  let port = 0;
  const log = {
    ...silentLogger,
    info: (fields) => (port = fields?.port ?? port),
    warn: (fields, line) => {
      if (fields?.option !== 'insecure') console.error(line, fields);
    },
  };
  const context = { id: 'bench', log, router: { emit } };
  const input = new ForwardInput(context, forwardSection.read(root.elements[0]));
  await input.start();
  return port;
}

process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send({ cpu: (user + system) / 1e6, memory: process.memoryUsage().rss });
});
process.on('disconnect', () => process.exit());
process.send({ port: await servers[kind]() });
