import { createHash, randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createServerHelper, type Connection, type ServerHelper } from '../src/index.js';
import { heldBytes } from '../src/reading/read-buffers.js';
import * as userBuffer from '../src/reading/user-buffer.js';
import { deferred, outcome, read, until } from './support/clients.js';
import { MemoryLog } from './support/log.js';
import { bothWays, tcp, transports } from './support/transports.js';

let helper: ServerHelper;
beforeEach(() => {
  helper = createServerHelper({ log: new MemoryLog(), shutdownTimeout: 2 });
});
afterEach(async () => {
  await helper.terminate();
  await until(() => heldBytes() === 0);
});

/** Sizes around those of a read, a TLS record and the pool's buffers. */
const sizes = [1, 7, 1024, 1025, 16_383, 16_384, 16_385, 65_535, 65_536, 65_537, 300_000, 2];

describe.each(bothWays)('reading over $name', (transport) => {
  test.each([
    ['at once', () => undefined],
    ['in the next turn', () => new Promise((resolve) => setImmediate(resolve))],
    ['now at once, now later', (call: number) => (call % 3 === 0 ? Promise.resolve() : undefined)],
  ])('a consumer that is through %s gets every byte once, in order', async (_, wait) => {
    const received = createHash('sha256');
    const ended = deferred<string>();
    let calls = 0;
    await using(transport.options(), (connection) => {
      connection.on('data', (chunk) => {
        const waiting = wait((calls += 1));
        if (waiting !== undefined) return waiting.then(() => received.update(chunk));
        received.update(chunk);
        return undefined;
      });
      connection.on('close', () => ended.resolve(received.digest('hex')));
    });
    const sent = createHash('sha256');
    const client = transport.connect(server!);
    for (let round = 0; round < 10; round += 1) {
      for (const size of sizes) {
        const bytes = randomBytes(size);
        sent.update(bytes);
        if (!client.write(bytes)) await new Promise((resolve) => client.once('drain', resolve));
      }
    }
    client.end();
    expect(await ended.promise).toBe(sent.digest('hex'));
    client.destroy();
  });

  test('what was read in a pause comes before the end', async () => {
    const events: string[] = [];
    const first = deferred();
    const gate = deferred();
    await using(transport.options(), (connection) => {
      connection.on('data', async (chunk) => {
        events.push(chunk.toString());
        first.resolve();
        await gate.promise;
      });
      connection.on('end', () => events.push('end'));
    });
    const client = transport.connect(server!);
    client.write('one');
    await first.promise;
    client.end('two');
    await until(() => server!.stats().bytesIn >= 6);
    expect(events).toEqual(['one']);
    gate.resolve();
    await outcome(client);
    expect(events).toEqual(['one', 'two', 'end']);
  });

  test('what came before anybody listened is not lost', async () => {
    const gate = deferred();
    await using(transport.options(), async (connection) => {
      await gate.promise;
      connection.on('data', (chunk) => connection.write(chunk));
    });
    const client = transport.connect(server!);
    client.write('early');
    await until(() => server!.stats().bytesIn >= 5);
    gate.resolve();
    expect((await read(client, 5)).toString()).toBe('early');
    client.write('late');
    expect((await read(client, 4)).toString()).toBe('late');
    client.destroy();
  });
});

describe.each(transports)('with reuseReadBuffers over $protocol', (transport) => {
  const options = (): object => ({ ...transport.options(), reuseReadBuffers: true });

  test('the bytes are given back when the callback has returned', async () => {
    const chunks: Buffer[] = [];
    await using(options(), (connection) => {
      connection.on('data', (chunk) => {
        chunks.push(chunk);
        connection.write(chunk.toString());
      });
    });
    const client = transport.connect(server!);
    client.write('first');
    await read(client, 5);
    expect(chunks[0].equals(Buffer.alloc(5, 0xc1))).toBe(true);
    client.destroy();
  });

  test('the bytes are given back when the promise has settled', async () => {
    const seen = deferred<Buffer>();
    const gate = deferred();
    await using(options(), (connection) => {
      connection.on('data', async (chunk) => {
        seen.resolve(chunk);
        await gate.promise;
        connection.write(Buffer.from(chunk));
      });
    });
    const client = transport.connect(server!);
    client.write('first');
    const chunk = await seen.promise;
    await new Promise((resolve) => setImmediate(resolve));
    expect(chunk.toString()).toBe('first');
    gate.resolve();
    await read(client, 5);
    await until(() => heldBytes() === 0);
    expect(chunk.equals(Buffer.alloc(5, 0xc1))).toBe(true);
    client.destroy();
  });

  test('retained bytes stay until all who retain them have let go', async () => {
    const kept: { chunk: Buffer; release: () => void }[] = [];
    await using(options(), (connection) => {
      connection.on('data', (chunk) => {
        kept.push({ chunk, release: connection.retain() }, { chunk, release: connection.retain() });
        connection.write('x');
      });
    });
    const client = transport.connect(server!);
    client.write('first');
    await read(client, 1);
    client.write('other');
    await read(client, 1);
    const [one, two, three, four] = kept;
    expect([one.chunk.toString(), three.chunk.toString()]).toEqual(['first', 'other']);
    one.release();
    one.release(); // a second call does nothing
    expect(one.chunk.toString()).toBe('first');
    two.release();
    expect(one.chunk.equals(Buffer.alloc(5, 0xc1))).toBe(true);
    expect(three.chunk.toString()).toBe('other');
    three.release();
    four.release();
    client.destroy();
  });

  test('iteration gives chunks that may be kept', async () => {
    const chunks: Buffer[] = [];
    const done = deferred();
    await using(options(), async (connection) => {
      for await (const chunk of connection) chunks.push(chunk);
      done.resolve();
    });
    const client = transport.connect(server!);
    client.end('kept');
    await done.promise;
    expect(Buffer.concat(chunks).toString()).toBe('kept');
  });

  test('connections that wait have no buffer, whatever they have sent before', async () => {
    await using(options(), (connection) => {
      connection.on('data', (chunk) => connection.write(chunk.subarray(0, 1)));
    });
    const clients = Array.from({ length: 40 }, () => transport.connect(server!));
    for (const client of clients) {
      client.write('hello');
      await read(client, 1);
    }
    expect(heldBytes()).toBe(0);
    for (const client of clients) client.destroy();
  });

  test('a connection that is reset gives back what it has', async () => {
    const called = deferred<Connection>();
    const gate = deferred();
    await using(options(), (connection) => {
      connection.on('data', async () => {
        called.resolve(connection);
        await gate.promise;
      });
    });
    const client = transport.connect(server!);
    client.write(Buffer.alloc(1_000_000));
    (await called.promise).close();
    await until(() => server!.stats().open === 0);
    expect(heldBytes()).toBeGreaterThan(0);
    gate.resolve();
    await until(() => heldBytes() === 0);
    client.destroy();
  });
});

test('where Node cannot read into buffers the bytes come as without the option', async () => {
  const cannot = vi.spyOn(userBuffer, 'readIntoBuffers').mockReturnValue(false);
  try {
    await using({ ...tcp.options(), reuseReadBuffers: true }, (connection) => {
      connection.on('data', (chunk) => connection.write(chunk));
    });
    const client = tcp.connect(server!);
    client.write('as ever');
    expect((await read(client, 7)).toString()).toBe('as ever');
    expect(cannot).toHaveBeenCalledOnce();
    client.destroy();
  } finally {
    cannot.mockRestore();
  }
});

test('without the option retain is there, and does nothing', async () => {
  await using(tcp.options(), (connection) => {
    connection.on('data', (chunk) => {
      connection.retain()();
      connection.write(chunk);
    });
  });
  const client = tcp.connect(server!);
  client.write('kept');
  expect((await read(client, 4)).toString()).toBe('kept');
  client.destroy();
});

let server: Awaited<ReturnType<ServerHelper['createConnection']>> | undefined;
async function using(
  options: object,
  onConnection: (connection: Connection) => unknown,
): Promise<void> {
  server = await helper.createConnection('main', 0, options, onConnection);
}
