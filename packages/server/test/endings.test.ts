import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import {
  createServer as createHttpServer,
  get,
  request,
  type Server as HttpServer,
} from 'node:http';
import type { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  createServerHelper,
  type Connection,
  type ServerHandle,
  type ServerHelper,
} from '../src/index.js';
import { deferred, outcome, read, until } from './support/clients.js';
import { MemoryLog } from './support/log.js';
import { at, tcp, tls, transports } from './support/transports.js';

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
function open(transport: typeof tcp, server: ServerHandle): Socket {
  const client = transport.connect(server);
  clients.push(client);
  return client;
}

/** The kernel's states of a server's end of a connection: `06` is TIME_WAIT. */
function statesOf(serverPort: number, clientPort: number): string[] {
  const hex = (port: number): string => port.toString(16).toUpperCase().padStart(4, '0');
  const local = `:${hex(serverPort)}`;
  return readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter((line) => line[1]?.endsWith(local) && line[2]?.endsWith(`:${hex(clientPort)}`))
    .map((line) => line[3]);
}

const lingering = { lingerTimeout: 0 };

/** Answers `ping`; at `bye` it closes after what was written. */
const polite = (data: Buffer, connection: Connection): void => {
  if (data.toString() === 'bye') connection.closeAfterWriteComplete();
  else connection.write('pong');
};

describe.runIf(process.platform === 'linux')('lingerTimeout 0 in an orderly end', () => {
  test.each([tcp, tls])(
    'over $protocol is a reset where the peer has acknowledged everything',
    async (transport) => {
      const options = { ...transport.options(), ...lingering };
      const server = await helper.create('main', 0, options, polite);
      const client = open(transport, server);
      client.write('ping');
      await read(client, 4);
      const { localPort } = client;
      client.write('bye');
      expect(await outcome(client)).toMatchObject({ error: 'ECONNRESET' });
      await until(() => server.stats().open === 0);
      expect(statesOf(at(server).port, localPort!)).toEqual([]);
      expect(server.stats().aborted).toEqual({});
    },
  );

  test('is a reset where nothing was ever written', async () => {
    const options = { ...tcp.options(), ...lingering };
    const server = await helper.create('main', 0, options, polite);
    const client = open(tcp, server);
    client.write('bye');
    expect(await outcome(client)).toMatchObject({ error: 'ECONNRESET' });
  });

  test('is a FIN where bytes are on their way, and all of them arrive', async () => {
    const big = Buffer.alloc(8_000_000, 'a');
    const options = { ...tcp.options(), ...lingering };
    const server = await helper.create('main', 0, options, (_, connection) => {
      connection.write(big);
      connection.closeAfterWriteComplete();
    });
    const client = open(tcp, server);
    client.write('x');
    const { data, ended, error } = await outcome(client);
    expect(data.length).toBe(big.length);
    expect({ ended, error }).toEqual({ ended: true, error: undefined });
  });

  test('is a FIN for a peer that has ended already', async () => {
    const options = { ...tcp.options(), ...lingering };
    const server = await helper.create('main', 0, options, () => undefined);
    const client = open(tcp, server);
    client.end('x');
    expect(await outcome(client)).toMatchObject({ ended: true, error: undefined });
  });

  test('holds for a shutdown, too', async () => {
    const options = { ...tcp.options(), ...lingering };
    const server = await helper.create('main', 0, options, polite);
    const client = open(tcp, server);
    client.write('ping');
    await read(client, 4);
    const { port } = at(server);
    const { localPort } = client;
    const end = outcome(client);
    await helper.shutdown();
    expect(await end).toMatchObject({ error: 'ECONNRESET' });
    expect(statesOf(port, localPort!)).toEqual([]);
  });

  test('is a FIN at a shutdown where an end listener waits for what a peer without answers sends', async () => {
    const seen: string[] = [];
    const options = { ...tcp.options(), ...lingering };
    await helper.createConnection('main', 0, options, (connection) => {
      connection.on('data', (data) => seen.push(data.toString()));
      connection.on('end', () => undefined);
    });
    const client = open(tcp, helper.servers[0]);
    client.write('one');
    await until(() => seen.length === 1);
    const down = helper.shutdown();
    await once(client.resume(), 'end');
    client.end('two');
    await down;
    expect(seen).toEqual(['one', 'two']);
  });
});

describe.each(transports)('a connection that is handed over, over $protocol', (transport) => {
  /** Node's HTTP server on the helper's connections; idle ones are ended by a shutdown. */
  function serveHttp(http: HttpServer): Promise<ServerHandle> {
    const busy = new Set<Socket>();
    http.on('request', ({ socket }, response) => {
      busy.add(socket);
      response.on('finish', () => busy.delete(socket));
    });
    return helper.createConnection('http', 0, transport.options(), (connection) => {
      const socket = connection.handOver({
        shutdown: () => {
          if (!busy.has(socket)) socket.end();
        },
      });
      http.emit('connection', socket);
    });
  }

  test('serves HTTP, with the statistics of the helper', async () => {
    const http = createHttpServer((message, response) => {
      response.end(`${message.method!} ${message.url!}`);
    });
    const server = await serveHttp(http);
    const socket = open(transport, server);
    const answer = deferred<string>();
    get({ path: '/one', createConnection: () => socket }, (response) => {
      response.setEncoding('utf8').on('data', (text: string) => answer.resolve(text));
    });
    expect(await answer.promise).toBe('GET /one');
    const stats = server.stats();
    expect(stats.accepted).toBe(1);
    expect(stats.bytesIn).toBeGreaterThan(0);
    expect(stats.bytesOut).toBeGreaterThan(0);
    socket.destroy();
    await until(() => server.stats().open === 0);
  });

  test('hears of a shutdown, and a request that is under way gets its answer', async () => {
    const asked = deferred<() => void>();
    const http = createHttpServer((_, response) => {
      asked.resolve(() => response.end('late'));
      response.setHeader('connection', 'close');
    });
    const server = await serveHttp(http);
    const idle = open(transport, server);
    idle.write('GET /'); // a request that has only begun
    const busy = open(transport, server);
    const answer = deferred<string>();
    request({ path: '/', createConnection: () => busy }, (response) => {
      response.setEncoding('utf8').on('data', (text: string) => answer.resolve(text));
    }).end();
    const finish = await asked.promise;
    await until(() => server.stats().accepted === 2 && server.stats().bytesIn > 5);
    const idleEnd = outcome(idle);
    const down = helper.shutdown();
    await idleEnd;
    finish();
    expect(await answer.promise).toBe('late');
    await down;
    expect(server.stats().aborted).toEqual({});
  });

  test('is reset where it is open after the time of the shutdown', async () => {
    const quick = createServerHelper({ log, shutdownTimeout: 0.05 });
    const options = transport.options();
    const held = deferred();
    const server = await quick.createConnection('held', 0, options, (connection) => {
      connection.handOver({ shutdown: () => undefined });
      held.resolve();
    });
    const client = open(transport, server);
    await held.promise;
    const end = outcome(client);
    await quick.terminate();
    await end;
    expect(server.stats()).toMatchObject({ open: 0, aborted: { 'shutdown-timeout': 1 } });
  });

  test('ends by itself at a shutdown where nobody says how', async () => {
    const server = await helper.createConnection('held', 0, transport.options(), (connection) => {
      const socket = connection.handOver();
      socket.write('hello');
      socket.resume();
    });
    const client = open(transport, server);
    await read(client, 5);
    const end = outcome(client);
    await helper.shutdown();
    expect(await end).toMatchObject({ ended: true });
  });

  test('keeps the bounds in time', async () => {
    const options = { ...transport.options(), idleTimeout: 0.1 };
    const server = await helper.createConnection('held', 0, options, (connection) => {
      connection.handOver().resume();
    });
    const client = open(transport, server);
    await outcome(client);
    expect(server.stats().aborted).toEqual({ 'idle-timeout': 1 });
  });

  test('belongs to nobody else: no second hand-over, no write', async () => {
    const seen = deferred<unknown[]>();
    const caught = (call: () => unknown): unknown => {
      try {
        return call();
      } catch (error) {
        return error;
      }
    };
    const server = await helper.createConnection('held', 0, transport.options(), (connection) => {
      connection.handOver().resume();
      seen.resolve([caught(() => connection.handOver()), connection.write('x'), connection.closed]);
    });
    open(transport, server);
    expect(await seen.promise).toEqual([
      expect.objectContaining({ code: 'ERR_SLUICE_CONNECTION_EVENT', event: 'handOver' }),
      false,
      true,
    ]);
  });

  test('cannot be one that create has given a data callback', async () => {
    const seen = deferred<unknown>();
    const server = await helper.create('main', 0, transport.options(), (_, connection) => {
      try {
        connection.handOver();
      } catch (error) {
        seen.resolve(error);
      }
    });
    open(transport, server).write('x');
    expect(await seen.promise).toMatchObject({ code: 'ERR_SLUICE_CONNECTION_EVENT' });
  });
});

test('a callback that fails after the end of its connection is logged', async () => {
  const gate = deferred();
  const server = await helper.create('main', 0, tcp.options(), async () => {
    await gate.promise;
    throw new Error('too late');
  });
  const client = open(tcp, server);
  client.write('x');
  await until(() => server.stats().bytesIn === 1);
  client.resetAndDestroy();
  await until(() => server.stats().open === 0);
  gate.resolve();
  const line = await log.line({ level: 'warn', reason: 'callback' });
  expect(line).toMatchObject({ title: 'main', err: { message: 'too late' } });
});
