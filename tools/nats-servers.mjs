/** Starts real nats-servers on loopback, for tests, benchmarks and the example of a cluster. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';

/** Whether nats-server can be run here. */
export function natsIsInstalled() {
  return spawnSync('nats-server', ['--version']).status === 0;
}

/**
 * Ports that nobody listens on now.
 *
 * @param {number} count
 */
export async function freePorts(count) {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => server.address().port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}

/** One nats-server, of a cluster or alone. */
export class NatsServer {
  #child;
  #args;

  /**
   * @param {string} name
   * @param {number} port
   * @param {string[]} args
   */
  constructor(name, port, args) {
    this.name = name;
    this.port = port;
    this.#args = args;
  }

  /** `host:port` for clients. */
  get address() {
    return `127.0.0.1:${this.port}`;
  }

  get pid() {
    return this.#child.pid;
  }

  /** Starts it, for the first time or again; resolves when it takes connections. */
  async start() {
    const child = spawn('nats-server', this.#args, { stdio: ['ignore', 'ignore', 'pipe'] });
    this.#child = child;
    let log = '';
    await new Promise((resolve, reject) => {
      child.stderr.on('data', (data) => {
        log = (log + data.toString()).slice(-10_000);
        if (log.includes('Server is ready')) resolve();
      });
      child.once('error', reject);
      child.once('exit', (code) => reject(new Error(`nats-server ended with ${code}:\n${log}`)));
    });
  }

  /** @param {NodeJS.Signals} signal */
  signal(signal) {
    this.#child.kill(signal);
  }

  /**
   * Resolves when it has ended; at once where it does not run.
   *
   * @param {NodeJS.Signals} signal
   */
  async end(signal) {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    child.kill('SIGCONT'); // it may have been stopped
    await ended;
  }
}

/**
 * A cluster of so many servers with JetStream, or one server alone. Whoever starts them ends them.
 *
 * @param {string} folder for their files
 * @param {number} [size]
 * @param {{ config?: string, jetstream?: boolean, ports?: number[] }} [options] lines of the
 *   configuration file; whether there is JetStream (default: true); the clients' ports (default: free
 *   ones)
 */
export async function natsServers(folder, size = 1, options = {}) {
  const clients = options.ports ?? (await freePorts(size));
  const routes = await freePorts(size);
  return clients.map((port, i) => {
    const name = `n${i}`;
    const args = ['-a', '127.0.0.1', '-p', String(port), '--name', name];
    if (options.jetstream !== false) args.push('-js', '-sd', path.join(folder, name));
    if (options.config !== undefined) {
      const file = path.join(folder, `${name}.conf`);
      writeFileSync(file, options.config);
      args.push('-c', file);
    }
    if (size > 1) {
      const all = routes.map((route) => `nats://127.0.0.1:${route}`);
      args.push('--cluster_name', 'sluice', '--cluster', all[i], '--routes', all.join(','));
    }
    return new NatsServer(name, port, args);
  });
}
