import { once } from 'node:events';
import type { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  createServerHelper,
  type Connection,
  type ServerHandle,
  type ServerHelper,
} from '../src/index.js';
import { deferred, outcome, read, until } from './support/clients.js';
import { passTime, passTimeUntil, useFakeClock } from './support/clock.js';
import { MemoryLog } from './support/log.js';
import { tcp, bothWays } from './support/transports.js';

useFakeClock();
let log: MemoryLog;
let helper: ServerHelper;
const clients: Socket[] = [];
beforeEach(() => {
  log = new MemoryLog();
  helper = createServerHelper({ log, shutdownTimeout: 1 });
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await helper.terminate();
});

const echo = (data: Buffer, connection: Connection): boolean => connection.write(data);
const minute = 60_000;

describe.each(bothWays)('over $name', (transport) => {
  const open = (server: ServerHandle): Socket => {
    const client = transport.connect(server);
    clients.push(client);
    return client;
  };
  const create = (
    options: object,
    onData: (data: Buffer, connection: Connection) => unknown = echo,
  ): Promise<ServerHandle> =>
    helper.create('main', 0, { ...transport.options(), ...options }, onData);
  /** A client that has been answered, so that the server knows its connection. */
  const talk = async (server: ServerHandle): Promise<Socket> => {
    const client = open(server);
    client.write('x');
    await read(client, 1);
    return client;
  };

  test('idleTimeout closes a connection without a byte in either direction', async () => {
    const server = await create({ idleTimeout: 60 });
    const client = await talk(server);
    await passTime(minute - 100);
    expect(server.stats().aborted).toEqual({});
    const end = outcome(client);
    await passTimeUntil(() => server.stats().open === 0);
    await end;
    expect(server.stats().aborted).toEqual({ 'idle-timeout': 1 });
    expect(await log.line({ level: 'warn', reason: 'idle-timeout' })).toMatchObject({
      title: 'main',
    });
  });

  test('a connection that goes on talking is not idle', async () => {
    const server = await create({ idleTimeout: 60 });
    const client = await talk(server);
    for (let round = 0; round < 4; round += 1) {
      await passTime(minute / 2);
      client.write('x');
      await read(client, 1);
    }
    expect(server.stats()).toMatchObject({ open: 1, aborted: {} });
  });

  test('bytes to the peer alone keep a connection from being idle', async () => {
    const known = deferred<Connection>();
    const server = await create({ idleTimeout: 60 }, (_, connection) => known.resolve(connection));
    const client = open(server);
    client.write('x');
    const connection = await known.promise;
    for (let round = 0; round < 4; round += 1) {
      await passTime(minute / 2);
      connection.write('y');
      await read(client, 1);
    }
    expect(server.stats()).toMatchObject({ open: 1, aborted: {} });
  });

  test('firstByteTimeout closes a connection without a first byte, and no other', async () => {
    const server = await create({ firstByteTimeout: 60 });
    const talking = await talk(server);
    const silent = outcome(open(server));
    await until(() => server.stats().open === 2);
    await passTimeUntil(() => server.stats().open === 1);
    await silent;
    await passTime(2 * minute);
    expect(server.stats()).toMatchObject({ open: 1, aborted: { 'first-byte-timeout': 1 } });
    expect(talking.destroyed).toBe(false);
  });

  test('recvTimeout closes a peer that has fallen silent', async () => {
    const server = await create({ recvTimeout: 60 });
    const client = await talk(server);
    await passTime(minute - 100);
    expect(server.stats().aborted).toEqual({});
    const end = outcome(client);
    await passTimeUntil(() => server.stats().open === 0);
    await end;
    expect(server.stats().aborted).toEqual({ 'recv-timeout': 1 });
  });

  test('a busy consumer is not held against the peer', async () => {
    const called = deferred();
    const gate = deferred();
    const limits = { recvTimeout: 60, idleTimeout: 60 };
    const server = await create(limits, async (data, connection) => {
      called.resolve();
      await gate.promise;
      connection.write(data);
    });
    const client = open(server);
    client.write('x');
    await called.promise;
    await passTime(3 * minute);
    gate.resolve();
    expect((await read(client, 1)).toString()).toBe('x');
  });

  test('sendTimeout closes a peer that takes nothing of what waits', async () => {
    const server = await create({ sendTimeout: 60 }, (_, connection) => {
      connection.write(Buffer.alloc(12_000_000));
    });
    open(server).write('x');
    await until(() => server.stats().bytesOut > 0);
    await passTimeUntil(() => server.stats().open === 0);
    expect(server.stats().aborted).toEqual({ 'send-timeout': 1 });
  });

  test('closeTimeout resets a peer that does not answer our FIN', async () => {
    const server = await create({ closeTimeout: 60 }, (_, connection) => {
      connection.write('bye');
      connection.closeAfterWriteComplete();
    });
    const client = open(server);
    client.write('x');
    expect((await read(client, 3)).toString()).toBe('bye');
    await passTime(minute - 100);
    expect(server.stats()).toMatchObject({ open: 1, aborted: {} });
    await passTimeUntil(() => server.stats().open === 0);
    expect(server.stats().aborted).toEqual({ 'close-timeout': 1 });
  });

  test('0 is unlimited, closeTimeout included', async () => {
    const limits = { idleTimeout: 0, firstByteTimeout: 0, recvTimeout: 0, sendTimeout: 0 };
    const server = await create({ ...limits, closeTimeout: 0 }, (data, connection) => {
      if (data.toString() === 'bye') connection.closeAfterWriteComplete();
      else connection.write(data);
    });
    await talk(server);
    (await talk(server)).write('bye');
    await until(() => server.stats().bytesIn === 5);
    await passTime(5 * minute);
    expect(server.stats()).toMatchObject({ open: 2, aborted: {} });
  });
});

test('sendTimeout sees what is stuck in the kernel alone', async () => {
  const known = deferred<Connection>();
  const options = { ...tcp.options(), sendTimeout: 60, sendBufferSize: 1_000_000 };
  const server = await helper.create('main', 0, options, (_, connection) => {
    connection.write(Buffer.alloc(400_000));
    known.resolve(connection);
  });
  const client = tcp.connect(server).pause(); // its kernel takes some of it, and no more
  clients.push(client);
  await once(client, 'connect');
  client.write('x');
  const connection = await known.promise;
  await until(() => connection.socket.writableLength === 0);
  await passTime(minute / 2);
  expect(server.stats()).toMatchObject({ open: 1, bytesOut: 400_000 });
  await passTimeUntil(() => server.stats().open === 0);
  expect(server.stats().aborted).toEqual({ 'send-timeout': 1 });
});
