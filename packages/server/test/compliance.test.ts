import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  ConnectionEventError,
  createServerHelper,
  type Connection,
  type ServerHandle,
  type ServerHelper,
} from '../src/index.js';
import { deferred, outcome, read, until } from './support/clients.js';
import { MemoryLog } from './support/log.js';
import { bothWays } from './support/transports.js';

describe.each(bothWays)('a connection over $name', (transport) => {
  let log: MemoryLog;
  let helper: ServerHelper;
  beforeEach(() => {
    log = new MemoryLog();
    helper = createServerHelper({ log, shutdownTimeout: 2 });
  });
  afterEach(() => helper.terminate());

  const create = (
    onData: (data: Buffer, connection: Connection) => unknown,
    options = {},
  ): Promise<ServerHandle> =>
    helper.create('main', 0, { ...transport.options(), ...options }, onData);
  const createConnection = (
    onConnection: (connection: Connection) => unknown,
    options = {},
  ): Promise<ServerHandle> =>
    helper.createConnection('main', 0, { ...transport.options(), ...options }, onConnection);

  test('data goes to the callback of create, and answers go back', async () => {
    const server = await create((data, connection) => connection.write(`got ${data.toString()}`));
    const client = transport.connect(server);
    client.write('one');
    expect((await read(client, 7)).toString()).toBe('got one');
    client.write('two');
    expect((await read(client, 7)).toString()).toBe('got two');
    client.destroy();
  });

  test('the connection tells who its peer is', async () => {
    const seen = deferred<Connection>();
    const server = await create((_, connection) => seen.resolve(connection));
    const client = transport.connect(server);
    client.write('x');
    const connection = await seen.promise;
    expect(connection.protocol).toBe(transport.protocol);
    expect(connection.title).toBe('main');
    if (transport.protocol === 'unix') {
      expect(connection.remoteAddr).toBe(server.address());
      expect(connection.remotePort).toBeUndefined();
      expect(connection.peer).toBe(`unix:${server.address() as string}`);
    } else {
      expect(connection.remoteAddr).toBe('127.0.0.1');
      expect(connection.remotePort).toBe(client.localPort);
      expect(connection.remoteHost).toBe('127.0.0.1');
      expect(connection.peer).toBe(`127.0.0.1:${client.localPort!}`);
    }
    client.destroy();
  });

  test('a client that sends and half-closes gets all that is written to it, then a FIN', async () => {
    const big = Buffer.alloc(3_000_000, 'abcdefgh');
    const ended = deferred<Connection>();
    const gate = deferred();
    const server = await create(async (_, connection) => {
      ended.resolve(connection);
      await gate.promise;
      connection.write(big);
    });
    const client = transport.connect(server);
    client.end('question');
    (await ended.promise).on('end', () => gate.resolve());
    const { data, ...end } = await outcome(client);
    expect(data.equals(big)).toBe(true);
    expect(end).toEqual({ ended: true, error: undefined });
  });

  test('a promise from an end listener keeps our side open for a late answer', async () => {
    const server = await createConnection((connection) => {
      connection.on('data', () => undefined);
      connection.on('end', async () => {
        await new Promise((resolve) => setImmediate(resolve));
        connection.write('late');
      });
    });
    const client = transport.connect(server);
    client.end('x');
    expect((await outcome(client)).data.toString()).toBe('late');
  });

  test('a pending promise pauses the socket: no second callback, no growing memory', async () => {
    const gate = deferred();
    let calls = 0;
    let bytes = 0;
    const server = await create(async (data) => {
      calls += 1;
      bytes += data.length;
      await gate.promise;
    });
    const client = transport.connect(server);
    const total = 32_000_000;
    client.write(Buffer.alloc(total));
    await until(() => calls === 1);
    // The kernel's buffers fill up, and stay as they are: nobody reads.
    let taken = -1;
    await until(() => {
      const before = taken;
      taken = client.bytesWritten - client.writableLength;
      return client.writableLength > 0 && taken === before;
    });
    expect(calls).toBe(1);
    const { bytesIn } = server.stats();
    expect(bytesIn).toBeLessThan(1_000_000);
    gate.resolve();
    await until(() => bytes === total);
    client.destroy();
  });

  test.each([
    ['throws', () => { throw new Error('broken consumer'); }], // prettier-ignore
    ['rejects', () => Promise.reject(new Error('broken consumer'))],
  ])('a data callback that %s closes its connection, logs, and hurts no other', async (_, fail) => {
    const server = await create((data, connection) =>
      data.toString() === 'bad' ? fail() : connection.write(data),
    );
    const good = transport.connect(server);
    good.write('1');
    await read(good, 1);
    const bad = transport.connect(server);
    bad.write('bad');
    await outcome(bad);
    const line = await log.line({ level: 'warn', reason: 'callback', title: 'main' });
    expect(line.peer).toMatch(transport.protocol === 'unix' ? /^unix:/ : /^127\.0\.0\.1:\d+$/);
    expect((line.err as Error).message).toBe('broken consumer');
    good.write('2');
    expect((await read(good, 1)).toString()).toBe('2');
    expect(server.stats().aborted).toEqual({ callback: 1 });
    good.destroy();
  });

  test('iteration gives the chunks in order and ends with the peer', async () => {
    const server = await createConnection(async (connection) => {
      let size = 0;
      for await (const chunk of connection) {
        size += chunk.length;
        if (size % 3 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      connection.write(String(size));
    });
    const client = transport.connect(server);
    for (let index = 0; index < 50; index += 1) client.write(Buffer.alloc(20_001));
    client.end();
    expect((await outcome(client)).data.toString()).toBe(String(50 * 20_001));
  });

  test('iteration fails where the peer vanishes', async () => {
    const failed = deferred<NodeJS.ErrnoException>();
    const started = deferred();
    const server = await createConnection(async (connection) => {
      try {
        for await (const chunk of connection) if (chunk.length > 0) started.resolve();
        failed.resolve(new Error('ended in order'));
      } catch (error) {
        failed.resolve(error as Error);
      }
    });
    const client = transport.connect(server);
    client.write('x');
    await started.promise;
    if (transport.protocol !== 'tcp') {
      client.destroy(); // without RST this is an end in order
      expect((await failed.promise).message).toBe('ended in order');
      return;
    }
    client.resetAndDestroy();
    expect((await failed.promise).code).toBe('ECONNRESET');
  });

  test('leaving the loop closes the connection after what was written', async () => {
    const server = await createConnection(async (connection) => {
      for await (const chunk of connection) {
        connection.write(chunk);
        break;
      }
    });
    const client = transport.connect(server);
    client.write('once');
    expect(await outcome(client)).toMatchObject({ ended: true, data: Buffer.from('once') });
  });

  test('data can be registered just once', async () => {
    const errors = deferred<unknown[]>();
    const server = await createConnection((connection) => {
      const thrown: unknown[] = [];
      connection.on('data', () => undefined);
      const attempts = [
        () => connection.on('data', () => undefined),
        () => connection[Symbol.asyncIterator](),
        () => connection.on('nonsense' as 'close', () => undefined),
      ];
      for (const attempt of attempts) {
        try {
          attempt();
        } catch (error) {
          thrown.push(error);
        }
      }
      errors.resolve(thrown);
    });
    const client = transport.connect(server);
    const thrown = await errors.promise;
    expect(thrown).toHaveLength(3);
    for (const error of thrown) expect(error).toBeInstanceOf(ConnectionEventError);
    client.destroy();
  });

  test('create has taken the data callback: the plugin cannot register another', async () => {
    const seen = deferred<unknown>();
    const server = await create((_, connection) => {
      try {
        connection.on('data', () => undefined);
      } catch (error) {
        seen.resolve(error);
      }
    });
    const client = transport.connect(server);
    client.write('x');
    expect(await seen.promise).toMatchObject({ code: 'ERR_SLUICE_CONNECTION_EVENT' });
    client.destroy();
  });

  test('a connection callback without a data callback is an error', async () => {
    const server = await createConnection(() => undefined);
    const client = transport.connect(server);
    await outcome(client);
    const line = await log.line({ reason: 'callback' });
    expect((line.err as Error).message).toContain('must register a data callback');
  });

  test('writeComplete and close call back', async () => {
    const events: string[] = [];
    const server = await createConnection((connection) => {
      connection.on('writeComplete', () => events.push('writeComplete'));
      connection.on('close', () => events.push('close'));
      connection.on('data', (data) => connection.write(data));
    });
    const client = transport.connect(server);
    client.write('x');
    await read(client, 1);
    await until(() => events.includes('writeComplete'));
    client.end();
    await until(() => events.includes('close'));
    expect(events).toEqual(['writeComplete', 'close']);
  });

  test('closeAfterWriteComplete sends everything first, however much it is', async () => {
    const big = Buffer.alloc(5_000_000, 'z');
    const server = await create((_, connection) => {
      connection.write(big);
      connection.closeAfterWriteComplete();
      expect(connection.write('too late')).toBe(false);
    });
    const client = transport.connect(server);
    client.write('x');
    const { data, ended } = await outcome(client);
    expect(data.equals(big)).toBe(true);
    expect(ended).toBe(true);
  });

  test('stop refuses new connections while the old live on', async () => {
    const server = await create((data, connection) => connection.write(data));
    const client = transport.connect(server);
    client.write('1');
    await read(client, 1);
    const late = transport.connect.bind(undefined, { ...server, address: pinned(server) });
    await helper.stop();
    const refused = late();
    const { error } = await outcome(refused);
    expect(error).toMatch(/^(ECONNREFUSED|ENOENT)$/);
    client.write('2');
    expect((await read(client, 1)).toString()).toBe('2');
    client.destroy();
  });

  test('shutdown finishes what was received and flushes what was written', async () => {
    const received: Buffer[] = [];
    const gate = deferred();
    const server = await create(async (data, connection) => {
      received.push(data);
      await gate.promise;
      connection.write(`ack ${Buffer.concat(received).length};`);
    });
    const client = transport.connect(server);
    client.write(Buffer.alloc(100_000));
    await until(() => received.length > 0);
    const end = outcome(client);
    const down = helper.shutdown();
    gate.resolve();
    await down;
    expect((await end).data.toString()).toMatch(/ack 100000;$/);
    expect((await end).ended).toBe(true);
    expect(server.stats().open).toBe(0);
  });

  test('shutdown does not wait longer than its limit', async () => {
    const short = createServerHelper({ log, shutdownTimeout: 0.2 });
    const server = await short.create('short', 0, transport.options(), () => new Promise(() => 0));
    const client = transport.connect(server);
    client.write('x');
    await until(() => server.stats().bytesIn > 0);
    const end = outcome(client);
    await short.shutdown();
    await end;
    expect(server.stats().aborted).toEqual({ 'shutdown-timeout': 1 });
  });

  test('the statistics add up', async () => {
    const server = await create((data, connection) => connection.write(data));
    const client = transport.connect(server);
    client.write('12345');
    await read(client, 5);
    expect(server.stats()).toMatchObject({ accepted: 1, open: 1, bytesIn: 5, bytesOut: 5 });
    client.end();
    await once(client, 'close');
    await until(() => server.stats().open === 0);
    const stats = server.stats();
    expect(stats).toMatchObject({ title: 'main', protocol: transport.protocol, accepted: 1 });
    expect(stats).toMatchObject({ bytesIn: 5, bytesOut: 5, refused: {}, aborted: {} });
  });

  test('what waits to be written is bounded', async () => {
    const server = await create(
      (_, connection) => {
        for (let index = 0; index < 200 && !connection.closed; index += 1) {
          connection.write(Buffer.alloc(1_000_000));
        }
      },
      { maxWriteBuffer: 2_000_000 },
    );
    const client = transport.connect(server);
    client.write('x');
    client.on('error', () => undefined);
    await log.line({ reason: 'write-buffer', level: 'warn' });
    expect(server.stats().aborted).toEqual({ 'write-buffer': 1 });
    client.destroy();
  });
});

/** The address as it is now, for a client that comes too late. */
function pinned(server: ServerHandle): ServerHandle['address'] {
  const address = server.address();
  return () => address;
}
