import { createServer, type AddressInfo, type Server } from 'node:net';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createServerHelper, type ServerHelper } from '../src/index.js';
import { MemoryLog } from './support/log.js';

// Fluentd's plugins do not await: server_create raises there. Here a call without `await` must be
// heard of all the same.
let log: MemoryLog;
let helper: ServerHelper;
let busy: Server;
let port: number;
const unhandled: unknown[] = [];
const onUnhandled = (reason: unknown): void => void unhandled.push(reason);

beforeEach(async () => {
  log = new MemoryLog();
  helper = createServerHelper({ log });
  busy = createServer().listen(0, '127.0.0.1');
  await once(busy, 'listening');
  ({ port } = busy.address() as AddressInfo);
  unhandled.length = 0;
  process.on('unhandledRejection', onUnhandled);
});
afterEach(async () => {
  await helper.terminate();
  busy.close();
  await new Promise((resolve) => setImmediate(resolve)); // unhandled rejections are told by now
  process.off('unhandledRejection', onUnhandled);
  expect(unhandled).toEqual([]);
});

const onData = (): void => undefined;
const bind = '127.0.0.1';
const errors = (): string[] =>
  log.lines.filter(({ level }) => level === 'error').map(({ message }) => message);

describe('a create that nobody awaits', () => {
  test('fails waitUntilStart with the reason, and is then not logged', async () => {
    void helper.create('busy', port, { bind }, onData);
    await expect(helper.waitUntilStart()).rejects.toMatchObject({
      code: 'EADDRINUSE',
      title: 'busy',
    });
    expect(errors()).toEqual([]);
    await helper.waitUntilStart(); // told once
  });

  test('fails waitUntilStart for a missing certificate', async () => {
    const tlsOptions = { certPath: '/nonexistent/cert.pem', privateKeyPath: '/nonexistent/key' };
    void helper.createTls('tls', 0, { bind, tlsOptions }, onData);
    await expect(helper.waitUntilStart()).rejects.toThrow('/nonexistent/cert.pem');
  });

  test('fails waitUntilStart for UDP and for connections, too', async () => {
    void helper.createUdp('udp', 0, { bind: '192.0.2.1', maxBytes: 9 }, onData);
    await expect(helper.waitUntilStart()).rejects.toMatchObject({ code: 'EADDRNOTAVAIL' });
    void helper.createConnection('other', port, { bind }, onData);
    await expect(helper.waitUntilStart()).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });

  test('that had failed before is told by waitUntilStart, and by the log at once', async () => {
    void helper.create('busy', port, { bind }, onData);
    const line = await log.line({ level: 'error', title: 'busy' });
    expect(line.message).toMatch(/^server busy did not start: .*EADDRINUSE/);
    await expect(helper.waitUntilStart()).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });

  test('several failures: one rejects, the others are logged', async () => {
    void helper.create('one', port, { bind }, onData);
    void helper.create('two', port, { bind }, onData);
    await expect(helper.waitUntilStart()).rejects.toMatchObject({ title: 'one' });
    expect(errors()).toEqual([expect.stringMatching(/^server two did not start: /)]);
  });

  test('later, after the start, is logged as an error with the reason', async () => {
    await helper.waitUntilStart();
    void helper.create('late', port, { bind }, onData);
    const line = await log.line({ level: 'error', title: 'late' });
    expect(line.err).toMatchObject({ code: 'EADDRINUSE' });
  });

  test('does not keep it from stopping', async () => {
    void helper.create('busy', port, { bind }, onData);
    await helper.terminate();
  });
});

describe('a create whose failure the caller has seen', () => {
  test('is not a failure of the start', async () => {
    const server = await helper
      .create('busy', port, { bind }, onData)
      .catch(() => helper.create('busy', 0, { bind }, onData));
    await helper.waitUntilStart();
    expect(server.address()).not.toBeNull();
    expect(errors()).toEqual([]);
  });

  test('also where it looks only after the failure', async () => {
    const failing = helper.create('busy', port, { bind }, onData);
    await log.line({ level: 'error', title: 'busy' });
    await expect(failing).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await helper.waitUntilStart();
  });

  test('also with try and await, beside others that are fine', async () => {
    await expect(
      Promise.all([
        helper.create('fine', 0, { bind }, onData),
        helper.create('busy', port, { bind }, onData),
      ]),
    ).rejects.toMatchObject({ title: 'busy' });
    await helper.waitUntilStart();
    expect(helper.servers.map(({ title }) => title)).toEqual(['fine']);
  });
});
