/**
 * The servers under measurement. Each is started as people start it: a process, with a configuration
 * file that the row asks for. `start(row, folder, options)` gives its pid, its port and a way to stop it.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { root } from '../../workspace.mjs';

const sluiceBin = path.join(root, 'apps/agent/bin/sluice.js');
const sinkScript = fileURLToPath(new URL('sink.mjs', import.meta.url));

/** Splits `FLUENTD="bundle exec fluentd"` at blanks. */
const commandIn = (name) => process.env[name]?.trim().split(/\s+/);

/** A contestant takes part in a row where it has a configuration for it. */
export const contestants = {
  sluice: {
    title: 'Sluice',
    command: [process.execPath, sluiceBin],
    args: (file) => ['-c', file],
    config: sluiceConfig,
  },
  sink: {
    title: 'ack-only sink',
    command: [process.execPath, sinkScript],
    args: (file) => [file],
    config: ({ output, mode, events, size, tls }, { port, certificate }) =>
      output === 'null'
        ? JSON.stringify({ port, mode, events, size, certificate: tls ? certificate : undefined })
        : undefined,
  },
  bit: {
    title: 'Fluent Bit',
    command: commandIn('FLUENT_BIT'),
    args: (file) => ['-c', file],
    config: fluentBitConfig,
    buffers: true,
  },
  fluentd: {
    title: 'Fluentd',
    command: commandIn('FLUENTD'),
    args: (file) => ['-c', file],
    config: fluentdConfig,
    buffers: true,
    part: 0.05,
  },
  npm: {
    title: '@fluent-org/logger',
    command: [process.execPath, fileURLToPath(new URL('npm-server.mjs', import.meta.url))],
    args: (file) => [file],
    config: ({ output, mode, tls, connections }, { port }) =>
      output === 'null' && mode !== 'gzip' && !tls && connections === 1
        ? JSON.stringify({ port })
        : undefined,
    part: 0.05,
  },
};

/** Fluentd's language, which Sluice reads too. */
function sluiceConfig(row, { port, folder, certificate, farEnd, buffered }) {
  const transport = row.tls
    ? `<transport tls>\n cert_path ${certificate.cert}\n private_key_path ${certificate.key}\n</transport>`
    : '';
  const workers = (row.workers ?? 1) > 1 ? `<system>\n workers ${row.workers}\n</system>\n` : '';
  const buffer = (type) =>
    `<buffer>\n @type ${type}\n ${type === 'file' ? `path ${folder}/buffer\n` : ''}flush_interval 1s\n</buffer>`;
  const file = `@type file\npath ${folder}/out/events\nappend true\n<format>\n @type json\n</format>`;
  const forward = `@type forward\nrequire_ack_response true\n<server>\n host 127.0.0.1\n port ${farEnd}\n</server>`;
  const outputs = {
    null: '@type null',
    file: buffered ? `${file}\n${buffer('memory')}` : file,
    relay: buffered ? `${forward}\n${buffer('memory')}` : forward,
    memory: `${forward}\n${buffer('memory')}`,
    disk: `${forward}\n${buffer('file')}`,
  };
  return `${workers}<source>
@type forward
bind 127.0.0.1
port ${port}
${transport}
</source>
<match **>
${outputs[row.output]}
</match>
`;
}

/** Its outputs to files and to forward always have a buffer. */
function fluentdConfig(row, where) {
  const own = '<label @FLUENT_LOG>\n<match **>\n@type null\n</match>\n</label>\n';
  return own + sluiceConfig(row, { ...where, buffered: true });
}

function fluentBitConfig(row, { port, folder, certificate, farEnd }) {
  if (row.output === 'disk' || (row.workers ?? 1) > 1) return undefined;
  const tls = row.tls
    ? `    tls on\n    tls.verify off\n    tls.crt_file ${certificate.cert}\n    tls.key_file ${certificate.key}\n`
    : '';
  const forward = `    name forward\n    match *\n    host 127.0.0.1\n    port ${farEnd}\n    require_ack_response on\n    retain_metadata_in_forward_mode off\n`;
  const outputs = {
    null: '    name null\n    match *\n',
    file: `    name file\n    match *\n    path ${folder}/out\n    mkdir true\n    format plain\n`,
    relay: forward,
    memory: forward,
  };
  return `[SERVICE]
    flush 1
    grace 3
    log_level warn
[INPUT]
    name forward
    listen 127.0.0.1
    port ${port}
${tls}
[OUTPUT]
${outputs[row.output]}`;
}

/** Starts a contestant and waits until it accepts. */
export async function start(name, row, folder, { certificate, farEnd } = {}) {
  const { command, args, config } = contestants[name];
  const port = await freePort();
  mkdirSync(path.join(folder, 'out'), { recursive: true });
  const file = path.join(folder, `${name}.conf`);
  writeFileSync(file, config(row, { port, folder, certificate, farEnd }));
  const log = path.join(folder, `${name}.log`);
  const output = openSync(log, 'w');
  const child = spawn(command[0], [...command.slice(1), ...args(file)], {
    stdio: ['ignore', output, output],
    cwd: folder,
  });
  const ended = once(child, 'exit');
  for (let tries = 0; !(await accepts(port)); tries += 1) {
    if (child.exitCode !== null || tries > 1500) {
      child.kill('SIGKILL');
      throw new Error(`${name} does not listen: ${readFileSync(log, 'utf8').slice(-2000)}`);
    }
    await sleep(20);
  }
  const stop = async () => {
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), 20_000);
    await ended;
    clearTimeout(timer);
  };
  return { pid: child.pid, port, stop };
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  return port;
}

function accepts(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
