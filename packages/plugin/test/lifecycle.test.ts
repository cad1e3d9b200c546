import net from 'node:net';
import { once } from 'node:events';
import { silentLogger, type Logger } from '@sluice/server';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  Input,
  KEPT,
  LifecycleError,
  Output,
  startPlugins,
  stopPlugins,
  type Keeping,
  type Phase,
} from '../src/index.js';

const phases = [
  'start',
  'afterStart',
  'stop',
  'beforeShutdown',
  'shutdown',
  'afterShutdown',
  'close',
  'terminate',
] as const satisfies readonly Phase[];

class Recording extends Output {
  constructor(
    id: string,
    calls: string[],
    readonly failIn?: Phase,
    log: Logger = silentLogger,
  ) {
    super({ id, log });
    for (const phase of phases) {
      this[phase] = () => {
        calls.push(`${id} ${phase}`);
        if (phase === this.failIn) throw new Error(`no ${phase} today`);
      };
    }
  }
  write(): Keeping {
    return KEPT;
  }
}

test('each phase runs for all plugins before the next one begins', async () => {
  const calls: string[] = [];
  const plugins = [new Recording('a', calls), new Recording('b', calls)];
  await startPlugins(plugins);
  await stopPlugins(plugins);
  expect(calls).toEqual(phases.flatMap((phase) => [`a ${phase}`, `b ${phase}`]));
});

test('a plugin that cannot start stops those before it, the newest first', async () => {
  const calls: string[] = [];
  const plugins = [
    new Recording('a', calls),
    new Recording('b', calls, 'start'),
    new Recording('c', calls),
  ];
  const error = await startPlugins(plugins).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(LifecycleError);
  expect(error).toMatchObject({
    code: 'ERR_SLUICE_LIFECYCLE',
    pluginId: 'b',
    phase: 'start',
    message: 'plugin b failed in start: no start today',
  });
  expect(calls.slice(0, 4)).toEqual(['a start', 'b start', 'b stop', 'a stop']);
  expect(calls.at(-1)).toBe('a terminate');
  expect(calls.some((call) => call.startsWith('c '))).toBe(false);
});

test('a plugin that fails while it stops is logged and does not hinder the others', async () => {
  const calls: string[] = [];
  const lines: [object, string][] = [];
  const log: Logger = {
    ...silentLogger,
    error: (fields, message) => lines.push([fields, message]),
  };
  const plugins = [new Recording('a', calls, 'shutdown', log), new Recording('b', calls)];
  await startPlugins(plugins);
  const errors = await stopPlugins(plugins);
  expect(errors).toHaveLength(1);
  expect(calls.filter((call) => call.startsWith('b '))).toHaveLength(phases.length);
  expect(lines).toEqual([
    [
      { plugin: 'a', phase: 'shutdown', err: errors[0]?.cause },
      'plugin a failed in shutdown: no shutdown today',
    ],
  ]);
});

class Echo extends Input {
  port = 0;
  override async start(): Promise<void> {
    const server = await this.servers.create('echo', 0, { bind: '127.0.0.1' }, (data, connection) =>
      connection.write(data),
    );
    this.port = (server.address() as net.AddressInfo).port;
  }
}

test('servers of the helper stop, drain and close with their plugin', async () => {
  const plugin = new Echo({ id: 'echo', log: silentLogger, router: { emit: () => KEPT } });
  await startPlugins([plugin]);
  const client = net.connect(plugin.port, '127.0.0.1');
  client.on('error', () => undefined); // the end may be a reset
  client.write('one');
  const [data] = (await once(client, 'data')) as [Buffer];
  expect(data.toString()).toBe('one');
  const closed = new Promise((resolve) => client.once('close', resolve));
  await stopPlugins([plugin]);
  await closed;
  const refused = net.connect(plugin.port, '127.0.0.1');
  const [error] = (await once(refused, 'error')) as [NodeJS.ErrnoException];
  expect(error.code).toBe('ECONNREFUSED');
});

describe('a server that cannot be made', () => {
  let busy: net.Server;
  let port: number;
  beforeEach(async () => {
    busy = net.createServer().listen(0, '127.0.0.1');
    await once(busy, 'listening');
    ({ port } = busy.address() as net.AddressInfo);
  });
  afterEach(() => void busy.close());

  const bind = '127.0.0.1';
  const router = { emit: () => KEPT };
  class Unawaited extends Input {
    override start(): void {
      void this.servers.create('title', port, { bind }, () => undefined);
    }
    late(): void {
      void this.servers.create('late', port, { bind }, () => undefined);
    }
  }

  test('fails the start of its plugin with the reason, also without await', async () => {
    const plugin = new Unawaited({ id: 'input', log: silentLogger, router });
    await expect(startPlugins([plugin])).rejects.toMatchObject({
      code: 'ERR_SLUICE_LIFECYCLE',
      pluginId: 'input',
      phase: 'start',
      cause: { code: 'EADDRINUSE', title: 'title' },
    });
  });

  test('fails it for a certificate that is missing, too', async () => {
    class Secure extends Input {
      override start(): void {
        const tlsOptions = { certPath: '/nonexistent/cert.pem', privateKeyPath: '/nonexistent/k' };
        void this.servers.createTls('tls', 0, { bind, tlsOptions }, () => undefined);
      }
    }
    const plugin = new Secure({ id: 'input', log: silentLogger, router });
    await expect(startPlugins([plugin])).rejects.toThrow('/nonexistent/cert.pem');
  });

  test('after the start is logged as an error', async () => {
    const logged = new Promise<[object, string]>((resolve) => {
      const log = { ...silentLogger, error: (...line: [object, string]) => resolve(line) };
      const plugin = new Unawaited({ id: 'input', log, router });
      plugin.start = () => undefined;
      void startPlugins([plugin]).then(() => plugin.late());
    });
    const [fields, message] = await logged;
    expect(fields).toMatchObject({ title: 'late', err: { code: 'EADDRINUSE' } });
    expect(message).toContain('server late did not start');
  });
});
