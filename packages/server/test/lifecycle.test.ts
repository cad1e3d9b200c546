import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { createSocket } from 'node:dgram';
import { lookupService } from 'node:dns/promises';
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { getSocketOption } from '@sluice/socket-options';
import { createServerHelper, type Connection, type ServerHelper } from '../src/index.js';
import { deferred, outcome, read, until } from './support/clients.js';
import { MemoryLog } from './support/log.js';
import { at, tcp, tls, transports } from './support/transports.js';

let log: MemoryLog;
let helper: ServerHelper;
beforeEach(() => {
  log = new MemoryLog();
  helper = createServerHelper({ log, shutdownTimeout: 1 });
});
afterEach(() => helper.terminate());
const echo = (data: Buffer, connection: Connection): boolean => connection.write(data);
const handles = (): unknown[] =>
  (process as unknown as { _getActiveHandles(): unknown[] })._getActiveHandles();

describe('the phases', () => {
  test('leave nothing behind, in any order and however often', async () => {
    const before = handles().length;
    for (const transport of transports) {
      const options = { ...transport.options(), idleTimeout: 60 };
      const server = await helper.create(transport.protocol, 0, options, echo);
      const client = transport.connect(server);
      client.write('x');
      await read(client, 1);
      client.end();
      client.resume();
      await once(client, 'close');
    }
    await helper.createUdp('udp', 0, { maxBytes: 9, bind: '127.0.0.1' }, () => undefined);
    expect(handles().length).toBeGreaterThan(before);
    await helper.terminate();
    await Promise.all([helper.stop(), helper.shutdown(), helper.close(), helper.terminate()]);
    await until(() => handles().length <= before);
  });

  test('waitUntilStart waits for what is starting, waitUntilStop for stop', async () => {
    const starting = helper.createTls('tls', 0, tls.options(), echo);
    await helper.waitUntilStart();
    expect(helper.servers.map(({ title }) => title)).toEqual(['tls']);
    let stopped = false;
    const waiting = helper.waitUntilStop().then(() => (stopped = true));
    await new Promise((resolve) => setImmediate(resolve));
    expect(stopped).toBe(false);
    await helper.stop();
    await waiting;
    expect((await starting).address()).toBeNull();
  });

  test('a server that is still starting when stop is called is stopped, too', async () => {
    const starting = helper.createTls('tls', 0, tls.options(), echo);
    await helper.stop();
    expect((await starting).address()).toBeNull();
  });

  test('one server ends alone', async () => {
    const first = await helper.create('first', 0, tcp.options(), echo);
    const second = await helper.create('second', 0, tcp.options(), echo);
    await first.close();
    expect(first.address()).toBeNull();
    const client = tcp.connect(second);
    client.write('x');
    expect((await read(client, 1)).toString()).toBe('x');
    client.destroy();
  });

  test('await using ends a helper', async () => {
    const own = createServerHelper({ log });
    const server = await own.create('own', 0, tcp.options(), echo);
    await own[Symbol.asyncDispose]();
    expect(server.address()).toBeNull();
  });

  test('bytes that the kernel has received before shutdown reach the consumer', async () => {
    let size = 0;
    const server = await helper.create('main', 0, tcp.options(), async (data) => {
      size += data.length;
      await new Promise((resolve) => setImmediate(resolve));
    });
    const client = tcp.connect(server);
    await new Promise((resolve) => client.write(Buffer.alloc(300_000), resolve));
    await helper.shutdown();
    expect(size).toBe(300_000);
    client.destroy();
  });

  test('a handshake that is under way ends with shutdown', async () => {
    const server = await helper.createTls('tls', 0, tls.options(), echo);
    const silent = tcp.connect(server);
    await until(() => server.stats().open === 1);
    const end = outcome(silent);
    await helper.shutdown();
    await end;
    await until(() => server.stats().open === 0);
  });
});

describe('lingerTimeout, as the peer sees it', () => {
  test.each([tcp, tls])('0, the default, resets over $protocol', async (transport) => {
    const server = await helper.create('main', 0, transport.options(), (_, connection) => {
      connection.close();
    });
    const client = transport.connect(server);
    client.write('x');
    expect(await outcome(client)).toMatchObject({ error: 'ECONNRESET' });
  });

  test.each([tcp, tls])('1 sends a FIN over $protocol', async (transport) => {
    const options = { ...transport.options(), lingerTimeout: 1 };
    const server = await helper.create('main', 0, options, (_, connection) => connection.close());
    const client = transport.connect(server);
    client.write('x');
    expect(await outcome(client)).toMatchObject({ ended: true, error: undefined });
  });
});

test('socket options are in the kernel of every accepted socket', async () => {
  const seen = deferred<Connection>();
  const options = {
    ...tcp.options(),
    sendKeepalivePacket: true,
    receiveBufferSize: 100_000,
    lingerTimeout: 0,
  };
  const server = await helper.create('main', 0, options, (_, connection) =>
    seen.resolve(connection),
  );
  const client = tcp.connect(server);
  client.write('x');
  const { socket } = await seen.promise;
  expect(getSocketOption(socket, 'SO_KEEPALIVE')).toBe(true);
  expect(getSocketOption(socket, 'SO_RCVBUF')).toBe(200_000); // Linux doubles it
  expect(getSocketOption(socket, 'SO_LINGER')).toEqual({ on: true, seconds: 0 });
  client.destroy();
});

test.each([tcp, tls])(
  'resolveName gives the name that the system gives, over $protocol',
  async (transport) => {
    const seen = deferred<[string, string]>();
    const options = { ...transport.options(), resolveName: true };
    const server = await helper.create('main', 0, options, async (_, connection) => {
      seen.resolve([connection.remoteAddr, await connection.resolveRemoteHost()]);
    });
    const client = transport.connect(server);
    client.write('x');
    const { hostname } = await lookupService('127.0.0.1', 0);
    expect(await seen.promise).toEqual(['127.0.0.1', hostname]);
    client.destroy();
  },
);

test('resolveName names the senders of datagrams', async () => {
  const seen = deferred<string>();
  const options = { bind: '127.0.0.1', maxBytes: 9, resolveName: true };
  const server = await helper.createUdp('udp', 0, options, async (_, peer) => {
    seen.resolve(await peer.resolveRemoteHost());
  });
  const client = createSocket('udp4');
  client.send('x', at(server).port, '127.0.0.1');
  const { hostname } = await lookupService('127.0.0.1', 0);
  expect(await seen.promise).toBe(hostname);
  client.close();
});

test('a failing peer is logged with its address, also where nobody had asked for it', async () => {
  const server = await helper.create('main', 0, tcp.options(), () => undefined);
  const client = connect(at(server));
  client.on('error', () => undefined);
  client.write('x');
  await until(() => server.stats().bytesIn === 1);
  const { localPort } = client;
  client.resetAndDestroy();
  const line = await log.line({ title: 'main', reason: 'ECONNRESET' });
  expect(line.peer).toBe(`127.0.0.1:${localPort!}`);
});

test('diagnostics channels tell what happens, with title, peer and reason', async () => {
  const events: [string, { title: string; peer?: string; reason?: string }][] = [];
  const names = ['listening', 'stopped', 'connection.open', 'connection.close'].concat(
    ['connection.refused', 'connection.aborted', 'handshake.failed', 'datagram.dropped'],
  ); // prettier-ignore
  const listener = (message: unknown, name: string | symbol): void => {
    events.push([String(name), message as { title: string }]);
  };
  for (const name of names) subscribe(`sluice.server.${name}`, listener);
  const options = { ...tcp.options(), maxConnections: 1 };
  const server = await helper.create('main', 0, options, (data) => {
    if (data.toString() === 'bad') throw new Error('broken consumer');
  });
  const first = tcp.connect(server);
  first.write('x');
  await until(() => server.stats().bytesIn === 1);
  await outcome(tcp.connect(server));
  first.write('bad');
  await outcome(first);
  await until(() => server.stats().open === 0);
  const secure = await helper.createTls('tls', 0, tls.options(), echo);
  const plain = tcp.connect(secure);
  plain.write('not TLS at all');
  await outcome(plain);
  await helper.terminate();
  for (const name of names) unsubscribe(`sluice.server.${name}`, listener);
  const seen = events.map(([name, { title }]) => `${name.slice('sluice.server.'.length)} ${title}`);
  expect(seen).toEqual([
    'listening main',
    'connection.open main',
    'connection.refused main',
    'connection.aborted main',
    'connection.close main',
    'listening tls',
    'handshake.failed tls',
    'stopped main',
    'stopped tls',
  ]);
  const refused = events.find(([name]) => name === 'sluice.server.connection.refused')![1];
  expect(refused).toMatchObject({ reason: 'max-connections' });
  expect(refused.peer).toMatch(/^127\.0\.0\.1:\d+$/);
});

test('the report of the certificates is that of the TLS context', async () => {
  const server = await helper.createTls('tls', 0, tls.options(), echo);
  expect(server.certificates()).toHaveLength(1);
  expect(await server.reloadCertificates()).toBe(true);
  const plain = await helper.create('tcp', 0, tcp.options(), echo);
  expect(plain.certificates()).toEqual([]);
});
