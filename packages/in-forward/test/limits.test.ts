import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { EventStream, encodeValue } from '@sluice/event-stream';
import {
  encodeAck,
  encodeForward,
  encodeMessage,
  encodePackedForward,
} from '@sluice/forward-protocol';
import { describe, expect, test } from 'vitest';
import { PENDING_COST } from '../src/in-flight.js';
import { connectTo, until } from './support/client.js';
import { startInput } from './support/input.js';

const MIB = 1024 * 1024;

/** A message of about so many bytes. */
const sized = (size: number, chunk: string): Buffer =>
  encodePackedForward('t', [{ time: 1, record: { text: 'x'.repeat(size) } }], { chunk });

/** A router whose promises the test settles. */
function gate(): { kept: (() => void)[]; emit: () => Promise<void> } {
  const kept: (() => void)[] = [];
  return { kept, emit: () => new Promise((resolve) => kept.push(resolve)) };
}

describe('in flight', () => {
  test('in_flight_limit stops reading until outputs have kept enough', async () => {
    const { kept, emit } = gate();
    const server = await startInput('in_flight_limit 1m', emit);
    const client = await connectTo(server.port);
    const big = encodeMessage('t', { time: 1, record: { text: 'x'.repeat(100_000) } });
    const count = 200;
    for (let n = 0; n < count; n++) client.write(big);
    let most = 0;
    for (let done = 0; done < count; done++) {
      await until(() => kept.length > done);
      most = Math.max(most, server.input.received().inFlightBytes);
      kept[done]();
    }
    // One read may bring it over the limit, more may not.
    expect(most).toBeGreaterThan(MIB / 2);
    expect(most).toBeLessThan(MIB + 2 * big.length + 65_536);
    await until(() => server.input.received().inFlightBytes === 0);
    expect(server.input.received().waits.in_flight).toBeGreaterThan(0);
  });

  test('many small messages count at what they cost, not at their few bytes', async () => {
    const { kept, emit } = gate();
    const server = await startInput('in_flight_limit 1m', emit);
    const client = await connectTo(server.port);
    const small = encodeMessage('t', { time: 1, record: {} });
    const count = 50_000;
    client.write(Buffer.concat(Array<Buffer>(count).fill(small)));
    await until(() => server.input.received().waits.in_flight > 0);
    expect(server.input.received().inFlightBytes).toBeGreaterThanOrEqual(MIB);
    // The limit, and one read beyond: by their bytes alone all would have been let in.
    const read = 65_536 / small.length;
    expect(kept.length).toBeLessThan(MIB / PENDING_COST + read + 1);
    for (let done = 0; done < count; done++) {
      await until(() => kept.length > done);
      kept[done]();
    }
    await until(() => server.input.received().inFlightBytes === 0);
  });

  test('total_in_flight_limit holds for all together, and they go on in turn', async () => {
    const { kept, emit } = gate();
    const server = await startInput('total_in_flight_limit 1m', emit);
    const clients = await Promise.all(Array.from({ length: 8 }, () => connectTo(server.port)));
    // What is cut of eight of them is less than the quarter that unfinished messages have.
    const big = sized(25_000, 'c');
    const each = 40;
    for (const client of clients) for (let n = 0; n < each; n++) client.write(big);
    let most = 0;
    for (let done = 0; done < clients.length * each; done++) {
      await until(() => kept.length > done);
      most = Math.max(most, server.input.received().inFlightBytes);
      kept[done]();
    }
    // Each may have read once before the limit was reached.
    expect(most).toBeLessThan(MIB + clients.length * 2 * 65_536);
    const acks = encodeAck('c').length * each;
    for (const client of clients) expect((await client.read(acks)).length).toBe(acks);
  });
});

describe('unfinished messages', () => {
  test('peers that announce much and stop are closed for those that go on', async () => {
    const server = await startInput('total_in_flight_limit 64m');
    const idle = await Promise.all(Array.from({ length: 3 }, () => connectTo(server.port)));
    const large = sized(5 * MIB, 'large');
    for (const client of idle) client.write(large.subarray(0, 100_000));
    await until(() => server.input.received().unfinishedBytes > 14 * MIB);

    // Small messages, cut across reads, are not concerned at all.
    const good = await connectTo(server.port);
    for (let n = 0; n < 10; n++) {
      good.write(sized(200_000, `small-${n}`));
      expect(await good.read(1)).toEqual(encodeAck(`small-${n}`));
    }
    // A large one waits for those that stand still to go.
    good.write(large);
    expect(await good.read(1)).toEqual(encodeAck('large'));
    const { closedConnections, waits } = server.input.received();
    expect(closedConnections.unfinished_limit).toBeGreaterThan(0);
    expect(waits.unfinished).toBeGreaterThan(0);
    expect(server.warnings()[0].text).toMatch(/stands still/);
  });

  test.each(['packed', 'forward'])(
    'honest peers with large messages (%s) are served in turn',
    async (mode) => {
      const server = await startInput('total_in_flight_limit 8m');
      const events = [{ time: 1, record: { text: 'x'.repeat(3 * MIB) } }];
      const encode = mode === 'packed' ? encodePackedForward : encodeForward;
      const large = encode('t', events, { chunk: 'c' });
      const clients = await Promise.all(Array.from({ length: 5 }, () => connectTo(server.port)));
      for (const client of clients) client.write(large);
      for (const client of clients) expect(await client.read(1)).toEqual(encodeAck('c'));
      expect(server.input.received()).toMatchObject({ closedConnections: {}, unfinishedBytes: 0 });
      expect(server.warnings()).toEqual([]);
    },
  );

  test('one message may be larger than the limit', async () => {
    const server = await startInput('total_in_flight_limit 100k');
    const client = await connectTo(server.port);
    client.write(sized(300_000, 'c'));
    expect(await client.read(1)).toEqual(encodeAck('c'));
  });

  test('a chunk of nearly 256 MiB works by default', { timeout: 120_000 }, async () => {
    const server = await startInput('');
    const client = await connectTo(server.port);
    const record = { text: Buffer.alloc(MIB - 100, 'x') };
    const entry = EventStream.fromEvents([{ time: 1, record }]).bytes;
    const entries = Buffer.concat(Array<Buffer>(255).fill(entry));
    client.write(encodePackedForward('t', entries, { chunk: 'c' }));
    expect(await client.read(1)).toEqual(encodeAck('c'));
    expect(server.streams.reduce((sum, { stream }) => sum + stream.count, 0)).toBe(255);
    expect(server.warnings()).toEqual([]);
  });

  test('message_timeout closes one that makes no progress', async () => {
    const server = await startInput('message_timeout 0.2');
    const client = await connectTo(server.port);
    client.write(sized(1000, 'c').subarray(0, 500));
    expect(await client.closed()).toEqual(Buffer.alloc(0));
    expect(server.input.received().closedConnections).toEqual({ message_timeout: 1 });
    await until(() => server.input.received().unfinishedBytes === 0);
  });
});

describe('inflating', () => {
  test('payloads wait in turn for the room that they take', async () => {
    const server = await startInput('total_in_flight_limit 8m');
    const payload = gzipSync(
      Buffer.concat([
        Buffer.from([0x92, 1, 0x81, 0xa1, 0x61, 0xdb, 0, 0x2f, 0xff, 0xff]),
        Buffer.alloc(0x2fffff, 0x78),
      ]),
    );
    const message = encodePackedForward('t', payload, { compressed: 'gzip', chunk: 'c' });
    const clients = await Promise.all(Array.from({ length: 12 }, () => connectTo(server.port)));
    let most = 0;
    const watch = setInterval(() => {
      most = Math.max(most, server.input.received().inflatingBytes);
    }, 1);
    for (const client of clients) client.write(message);
    for (const client of clients) expect(await client.read(1)).toEqual(encodeAck('c'));
    clearInterval(watch);
    expect(most).toBeLessThanOrEqual(4 * MIB);
    expect(server.streams.length).toBe(clients.length);
    expect(server.input.received()).toMatchObject({ inflatingBytes: 0, refusedMessages: {} });
    expect(server.input.received().waits.inflating).toBeGreaterThan(0);
  });
});

describe('acks', () => {
  test('a peer that does not read its acks is not read', async () => {
    const server = await startInput('unread_ack_limit 4k');
    const client = await connectTo(server.port);
    client.socket.pause();
    const chunk = 'c'.repeat(1000);
    const message = encodeMessage('t', { time: 1, record: {} }, { chunk });
    const count = 20_000;
    client.write(Buffer.concat(Array<Buffer>(count).fill(message)));
    await until(() => server.input.received().waits.unread_acks > 0);
    expect(server.input.received().acks).toBeLessThan(count);
    // When it reads them it is read again.
    client.socket.resume();
    const acks = await client.read(count * encodeAck(chunk).length);
    expect(acks.length).toBe(count * encodeAck(chunk).length);
  });

  test('send_timeout closes a peer that takes nothing', async () => {
    const server = await startInput('unread_ack_limit 4k\nsend_timeout 0.3');
    const client = await connectTo(server.port);
    client.socket.pause();
    const message = encodeMessage('t', { time: 1, record: {} }, { chunk: 'c'.repeat(1000) });
    client.write(Buffer.concat(Array<Buffer>(20_000).fill(message)));
    await until(() => server.input.startedServers!.servers[0].stats().open === 0);
    expect(server.input.startedServers!.servers[0].stats().aborted).toMatchObject({
      'send-timeout': 1,
    });
  });
});

describe('connections', () => {
  test.each(['max_connections 2', 'max_connections_per_address 2'])('%s', async (text) => {
    const server = await startInput(text);
    await connectTo(server.port);
    await connectTo(server.port);
    const third = connect(server.port, '127.0.0.1').on('error', () => undefined);
    await new Promise((resolve) => third.on('close', resolve));
    const { refused, open } = server.input.startedServers!.servers[0].stats();
    expect(open).toBe(2);
    expect(Object.values(refused)).toEqual([1]);
  });

  test('first_byte_timeout closes one that has never said anything, and no other', async () => {
    const server = await startInput('first_byte_timeout 0.3');
    const good = await connectTo(server.port);
    good.write(encodeMessage('t', { time: 1, record: {} }, { chunk: 'c' }));
    await good.read(1);
    const silent = await connectTo(server.port);
    expect(await silent.closed()).toEqual(Buffer.alloc(0));
    expect(server.warnings()[0].fields).toMatchObject({ reason: 'first-byte-timeout' });
    good.write(encodeMessage('t', { time: 1, record: {} }, { chunk: 'c' }));
    expect(await good.read(1)).toEqual(encodeAck('c'));
  });

  test('idle_timeout closes one that is silent', async () => {
    const server = await startInput('idle_timeout 0.2');
    const client = await connectTo(server.port);
    await client.closed();
    expect(server.input.startedServers!.servers[0].stats().aborted).toMatchObject({
      'idle-timeout': 1,
    });
  });
});

describe('the log', () => {
  test('stays short whatever comes, and what was left out is counted', async () => {
    const server = await startInput('');
    const client = await connectTo(server.port);
    const bad = (n: number): Buffer => encodeValue([`${'t'.repeat(900)}${n}`, [5]]);
    client.write(Buffer.concat(Array.from({ length: 1000 }, (_, n) => bad(n))));
    client.write(encodeMessage('t', { time: 1, record: {} }, { chunk: 'c' }));
    await client.read(1);
    const lines = server.warnings();
    expect(lines.length).toBeLessThan(30);
    expect(JSON.stringify(lines[0]).length).toBeLessThan(800);
    const { invalidEvents, suppressedWarnings } = server.input.received();
    expect(invalidEvents).toBe(1000);
    expect(suppressedWarnings).toBe(1000 - lines.length);
  });

  test('control characters of a peer are escaped, and the event is kept as it came', async () => {
    const server = await startInput('chunk_size_warn_limit 1');
    const client = await connectTo(server.port);
    const tag = 'a\n2026-01-01 [error]: forged \u001b[31m';
    client.write(encodeMessage(tag, { time: 1, record: {} }, { chunk: 'c' }));
    await client.read(1);
    expect(server.warnings()[0].fields.tag).toBe('a\\n2026-01-01 [error]: forged \\x1b[31m');
    expect(server.streams[0].tag).toBe(tag);
  });

  test('tag_size_limit', async () => {
    const server = await startInput('tag_size_limit 10');
    const client = await connectTo(server.port);
    client.write(
      Buffer.concat([
        encodeMessage('t'.repeat(1_000_000), { record: {} }, { chunk: 'a' }),
        encodeMessage('t'.repeat(10), { record: {} }, { chunk: 'b' }),
      ]),
    );
    expect(await client.read(1)).toEqual(encodeAck('b'));
    expect(server.input.received().refusedMessages).toEqual({ tag_size_limit: 1 });
    expect(server.warnings()[0].fields.tag).toBe('t'.repeat(10));
  });
});
