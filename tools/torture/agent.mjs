/** A real agent process, started, killed and looked at from outside. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { createInterface } from 'node:readline';

const bin = path.join(import.meta.dirname, '../../apps/agent/bin/sluice.js');
/** Processes that are to end with this one. */
const running = new Set();
process.on('exit', () => {
  for (const agent of running) agent.killAll();
});

/** Milliseconds. */
export const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Rejects where something takes too long: a hang is a finding, not the end of the run. */
export async function within(seconds, what, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: not within ${seconds} s`)), seconds * 1000);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Looks again and again until something holds. */
export async function until(seconds, what, holds) {
  const end = performance.now() + seconds * 1000;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`${what}: not within ${seconds} s`);
    await pause(100);
  }
}

/** A port that was free a moment ago. */
export async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** Lines of a configuration for an input that takes events on a port. */
export const source = (port, more = '') => `
<source>
  @type forward
  bind 127.0.0.1
  port ${port}
  ${more}
</source>
`;

/** Lines of a configuration for one file of JSON lines. */
export const fileOutput = (file, more = '', pattern = '**') => `
<match ${pattern}>
  @type file
  path ${file}
  append true
  ${more}
  <format>
    @type json
  </format>
  <buffer []>
  </buffer>
</match>
`;

/** Lines for an output to another agent, behind a file buffer that tries again soon. */
export const relay = (port, buffer, more = '', pattern = '**') => `
<match ${pattern}>
  @type forward
  require_ack_response true
  ack_response_timeout 5s
  heartbeat_type none
  recover_wait 0.2s
  <server>
    host 127.0.0.1
    port ${port}
  </server>
  <buffer tag>
    @type file
    path ${buffer}
    flush_interval 0.2s
    retry_wait 0.2s
    retry_max_interval 1s
    retry_forever true
    ${more}
  </buffer>
</match>
`;

export class Agent {
  lines = [];
  #text;
  #options;

  /** @param options.env variables of the process; `args` of the command line */
  constructor(folder, text, options = {}) {
    this.folder = folder;
    this.#text = text;
    this.#options = options;
    mkdirSync(folder, { recursive: true });
  }

  /** Starts, and waits until it runs. */
  async start() {
    const file = this.configure(this.#text);
    const { env = {}, args = [] } = this.#options;
    this.child = spawn(process.execPath, [bin, '-c', file, '--log-format', 'json', ...args], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, ...env },
    });
    running.add(this);
    const from = this.lines.length;
    const ended = once(this.child, 'exit');
    this.ended = ended.then(([code, signal]) => {
      running.delete(this);
      return code ?? signal;
    });
    createInterface({ input: this.child.stderr }).on('line', (line) => {
      this.lines.push(line);
      if (this.lines.length > 20_000) this.lines.splice(0, 10_000);
    });
    await within(
      60,
      `the start of ${path.basename(this.folder)}`,
      Promise.race([
        until(60, 'start', () => this.logged(/sluice is running/, from)),
        this.ended.then((code) => {
          throw new Error(`it ended with ${code} at its start: ${this.lines.slice(-5).join('\n')}`);
        }),
      ]),
    );
    return this;
  }

  /** Writes the configuration file. */
  configure(text) {
    this.#text = text;
    const file = path.join(this.folder, 'sluice.conf');
    writeFileSync(file, text);
    return file;
  }

  /** The first line of the log that a pattern takes. */
  logged(pattern, from = 0) {
    return this.lines.slice(from).find((line) => pattern.test(line));
  }

  /** The primary and its workers. */
  get pids() {
    const { pid, exitCode, signalCode } = this.child;
    return exitCode === null && signalCode === null ? [pid, ...childrenOf(pid)] : [];
  }

  get workers() {
    const all = this.pids;
    return all.length > 1 ? all.slice(1) : all;
  }

  /** kill -9 of all processes: nobody gets to say a last word. */
  killAll() {
    for (const pid of this.pids.reverse()) signal(pid, 'SIGKILL');
  }

  /** kill -9, and start again as soon as it is gone. */
  async crash() {
    this.killAll();
    await within(10, 'kill -9', this.ended);
    await this.start();
  }

  /** Stops all processes, as if the machine did. */
  freeze() {
    for (const pid of this.pids) signal(pid, 'SIGSTOP');
  }

  thaw() {
    for (const pid of this.pids) signal(pid, 'SIGCONT');
  }

  /** Asks it to end. @returns the exit code and how many seconds it took */
  async stop(limit = 70) {
    const start = performance.now();
    signal(this.child.pid, 'SIGTERM');
    const code = await within(limit, 'SIGTERM', this.ended);
    return { code, seconds: (performance.now() - start) / 1000 };
  }

  /** Seconds of the processor that all of its processes have taken. */
  get cpuSeconds() {
    return this.pids.map(cpuOf).reduce((sum, seconds) => sum + seconds, 0);
  }

  /** Megabytes of memory of the largest worker. */
  get rss() {
    return Math.max(0, ...this.workers.map(rssOf));
  }
}

/** A signal to a process that may be gone. */
export function signal(pid, name) {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

function childrenOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
      .split(' ')
      .filter((text) => text !== '')
      .map(Number);
  } catch {
    return [];
  }
}

function cpuOf(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const [user, system] = stat.slice(stat.lastIndexOf(')')).split(' ').slice(12, 14);
  return (Number(user) + Number(system)) / 100; // ticks, of which every Linux has a hundred
}

function rssOf(pid) {
  try {
    const found = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return Math.round(Number(found?.[1] ?? 0) / 1024);
  } catch {
    return 0;
  }
}

/** The files below a folder. */
export function filesIn(folder) {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.join(entry.parentPath, entry.name));
  } catch (error) {
    if (error.code === 'ENOENT') return [];
    throw error;
  }
}
