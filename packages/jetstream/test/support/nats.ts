import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { jetstream, jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { onTestFinished, test } from 'vitest';

const installed = spawnSync('nats-server', ['--version']).status === 0;
if (!installed && process.env.SLUICE_DEEP === undefined) {
  console.warn('tests with real servers are skipped: nats-server is not installed');
}

/** A test with real servers: skipped where none is installed, but never where SLUICE_DEEP is set. */
export function natsTest(name: string, run: () => Promise<void>, timeout = 20_000): void {
  test.skipIf(!installed && process.env.SLUICE_DEEP === undefined)(name, run, timeout);
}

/** A port that nobody listens on now. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}

export interface NodeOptions {
  /** Lines of the server's configuration file. */
  readonly config?: string;
  /** Default: true. */
  readonly jetstream?: boolean;
}

/** One nats-server, of a cluster or alone. */
export class NatsNode {
  process: ChildProcess | undefined;

  constructor(
    readonly name: string,
    readonly port: number,
    private readonly args: readonly string[],
  ) {}

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  get pid(): number {
    return this.process!.pid!;
  }

  async start(): Promise<void> {
    const child = spawn('nats-server', this.args, { stdio: ['ignore', 'ignore', 'pipe'] });
    this.process = child;
    let log = '';
    await new Promise<void>((resolve, reject) => {
      child.stderr.on('data', (data: Buffer) => {
        log = (log + data.toString()).slice(-10_000);
        if (log.includes('Server is ready')) resolve();
      });
      child.once('error', reject);
      child.once('exit', (code) => reject(new Error(`nats-server ended with ${code}:\n${log}`)));
    });
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    const child = this.process;
    if (child?.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    if (signal !== 'SIGKILL') child.kill('SIGCONT');
    await ended;
  }

  signal(signal: NodeJS.Signals): void {
    this.process!.kill(signal);
  }
}

/** A cluster of so many nodes, or one node alone, until the test is over. */
export async function startNats(size = 1, options: NodeOptions = {}): Promise<NatsNode[]> {
  const folder = await mkdtemp(path.join(tmpdir(), 'sluice-nats-'));
  const ports = await freePorts(size * 2);
  const [clients, routes] = [ports.slice(0, size), ports.slice(size)];
  const nodes: NatsNode[] = [];
  onTestFinished(async () => {
    await Promise.all(nodes.map((node) => node.end('SIGKILL')));
    await rm(folder, { recursive: true, force: true });
  });
  for (const [i, port] of clients.entries()) {
    const name = `n${i}`;
    const args = ['-a', '127.0.0.1', '-p', String(port), '--name', name];
    if (options.jetstream !== false) args.push('-js', '-sd', path.join(folder, name));
    if (options.config !== undefined) {
      const file = path.join(folder, `${name}.conf`);
      await writeFile(file, options.config);
      args.push('-c', file);
    }
    if (size > 1) {
      const all = routes.map((route) => `nats://127.0.0.1:${route}`);
      args.push('--cluster_name', 'test', '--cluster', all[i], '--routes', all.join(','));
    }
    nodes.push(new NatsNode(name, port, args));
  }
  await Promise.all(nodes.map((node) => node.start()));
  return nodes;
}

/** Another client, to look at what is there. */
export interface Looker {
  readonly nc: NatsConnection;
  readonly jsm: JetStreamManager;
  /** All messages of a stream, in order. */
  readonly messages: (
    stream: string,
  ) => Promise<{ subject: string; headers: Headers; data: Buffer }[]>;
}
type Headers = Record<string, string>;

export async function look(
  nodes: readonly NatsNode[],
  options: { user?: string; pass?: string } = {},
): Promise<Looker> {
  const nc = await connect({ servers: nodes.map(({ address }) => address), ...options });
  onTestFinished(() => nc.close());
  const jsm = await waitFor(() => jetstreamManager(nc, { timeout: 2000 }));
  return {
    nc,
    jsm,
    async messages(stream) {
      const { state } = await jsm.streams.info(stream);
      if (state.messages === 0) return [];
      const consumer = await jetstream(nc).consumers.get(stream);
      const found = [];
      for await (const message of await consumer.consume()) {
        found.push({
          subject: message.subject,
          headers: Object.fromEntries(
            [...(message.headers ?? [])].map(([name, values]) => [name, values[0]]),
          ),
          data: Buffer.from(message.data),
        });
        if (message.info.pending === 0) break;
      }
      return found;
    },
  };
}

/** Tries until it works: a cluster that has just started has no leader for some seconds. */
export async function waitFor<T>(attempt: () => Promise<T> | T, seconds = 20): Promise<T> {
  const deadline = performance.now() + seconds * 1000;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await delay(50);
    }
  }
}
