import { createHash, randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createServerHelper, type Connection, type ServerHelper } from '../src/index.js';
import { Landing } from '../src/reading/landing.js';
import { heldBytes, type ReadBuffer } from '../src/reading/read-buffers.js';
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

  test('what is retained stays while more is read behind it', async () => {
    const kept: { chunk: Buffer; release: () => void }[] = [];
    const ended = deferred();
    await using(options(), (connection) => {
      // Every third is let go of at once, so that its memory is read into again.
      connection.on('data', (chunk) => {
        const release = connection.retain();
        kept.push({ chunk: kept.length % 3 === 0 ? Buffer.from(chunk) : chunk, release });
        if (kept.length % 3 === 1) release();
      });
      connection.on('end', () => ended.resolve());
    });
    const sent = randomBytes(1_500_000);
    const client = transport.connect(server!);
    for (let at = 0; at < sent.length; at += 131_072 + 16_384 + 100) {
      const bytes = sent.subarray(at, at + 131_072 + 16_384 + 100);
      if (!client.write(bytes)) await new Promise((resolve) => client.once('drain', resolve));
    }
    client.end();
    await ended.promise;
    expect(Buffer.concat(kept.map(({ chunk }) => chunk)).equals(sent)).toBe(true);
    for (const { release } of kept) release();
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

describe('a landing buffer', () => {
  const chunks: { text: string; memory: ReadBuffer }[] = [];
  const deliver = (chunk: Buffer, memory: ReadBuffer): void => {
    chunks.push({ text: chunk.toString(), memory });
  };
  afterEach(() => {
    for (const { memory } of chunks.splice(0)) memory.release();
  });

  /** As a read does that fills a piece. */
  function fill(landing: Landing, letter: string): boolean {
    landing.piece.fill(letter);
    return landing.fill();
  }

  test('makes one chunk of what fills several pieces, and of what comes behind them', () => {
    const landing = Landing.take(4096, 1024)!;
    expect([fill(landing, 'a'), fill(landing, 'b')]).toEqual([true, true]);
    landing.piece.fill('c', 0, 10);
    landing.takeAll(10, deliver);
    expect(chunks[0].text).toBe('a'.repeat(1024) + 'b'.repeat(1024) + 'c'.repeat(10));
    expect(chunks[0].memory.bytes.length).toBe(4096);
  });

  test('says when there is no piece left', () => {
    const landing = Landing.take(2048, 1024)!;
    expect([fill(landing, 'a'), fill(landing, 'b')]).toEqual([true, false]);
    landing.takeAll(0, deliver);
    expect(chunks[0].text).toBe('a'.repeat(1024) + 'b'.repeat(1024));
  });

  test('is read into behind what has been taken, and little of it gets memory of its own', () => {
    const landing = Landing.take(4096, 1024)!;
    fill(landing, 'a');
    expect(landing.hasSome).toBe(true);
    landing.takeSome(deliver);
    expect(landing.hasSome).toBe(false);
    landing.piece.fill('b', 0, 5);
    landing.takeAll(5, deliver);
    expect(chunks.map(({ text }) => text)).toEqual(['a'.repeat(1024), 'bbbbb']);
    expect(chunks.map(({ memory }) => memory.bytes.length)).toEqual([1024, 1024]);
  });

  test('is given back when it is dropped', () => {
    const before = heldBytes();
    const landing = Landing.take(4096, 1024)!;
    expect(heldBytes()).toBe(before + 4096);
    landing.drop();
    landing.drop();
    expect(heldBytes()).toBe(before);
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
