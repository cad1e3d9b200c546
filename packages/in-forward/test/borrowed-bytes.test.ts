import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { EventStream } from '@sluice/event-stream';
import { encodeForward, encodeMessage, encodePackedForward } from '@sluice/forward-protocol';
import { KEPT } from '@sluice/plugin';
import { describe, expect, test } from 'vitest';
import { connectTo, until } from './support/client.js';
import { startInput } from './support/input.js';

/** In tests the bytes that an input uses again are overwritten first. */
const overwritten = 0xc1;

/** A stream whose bytes tell which it is. */
function streamOf(n: number, size: number): EventStream {
  return EventStream.fromEvents([
    { time: 1_700_000_000 + n, record: { n, text: String(n % 10).repeat(size) } },
    { time: 1_700_000_000 + n, record: { n } },
  ]);
}

const digest = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

// Some lie within one read, some are cut, some are longer than several reads.
const sizes = [10, 300, 2000, 30_000, 70_000, 200_000, 50, 1];

const encoders: [string, (stream: EventStream, chunk: string) => Buffer][] = [
  ['packed', (stream, chunk) => encodePackedForward('t', stream, { chunk })],
  ['Forward', (stream, chunk) => encodeForward('t', stream, { chunk })],
  [
    'gzip',
    (stream, chunk) =>
      encodePackedForward('t', gzipSync(stream.bytes), { chunk, compressed: 'gzip' }),
  ],
];

describe.each(encoders)('%s', (_, encode) => {
  test('bytes stay as they are until the promise of emit has settled', async () => {
    const waiting: { stream: EventStream; settle: () => void }[] = [];
    const seen: string[] = [];
    const server = await startInput('', (_tag, stream) => {
      seen.push(digest(stream.bytes));
      return new Promise((settle) => waiting.push({ stream, settle }));
    });
    const streams = Array.from({ length: 64 }, (_none, n) => streamOf(n, sizes[n % sizes.length]));
    const clients = await Promise.all([connectTo(server.port), connectTo(server.port)]);
    for (const [n, stream] of streams.entries()) clients[n % 2].write(encode(stream, `c${n}`));
    await until(() => waiting.length === streams.length);
    const expected = new Set(streams.map(({ bytes }) => digest(bytes)));
    expect(new Set(seen)).toEqual(expected);
    // They settle in another order than they came, with all that is read meanwhile.
    const order = waiting.map((__, n) => (n * 37) % waiting.length);
    const later = new Set<string>();
    for (const n of order) {
      later.add(digest(waiting[n].stream.bytes));
      waiting[n].settle();
      await Promise.resolve();
    }
    expect(later).toEqual(expected);
    await until(() => server.input.received().inFlightBytes === 0);
    expect(server.input.received().acks).toBe(streams.length);
  });

  test('afterwards they are used again', async () => {
    const kept: EventStream[] = [];
    const server = await startInput('', (_tag, stream) => {
      kept.push(stream);
      return kept.length % 2 === 0 ? Promise.resolve() : KEPT;
    });
    const client = await connectTo(server.port);
    for (let n = 0; n < 40; n++) client.write(encode(streamOf(n, 30_000), `c${n}`));
    await until(() => server.input.received().acks === 40);
    await until(() => server.input.received().inFlightBytes === 0);
    const stale = kept.filter(({ bytes }) => bytes[0] === overwritten);
    expect(stale.length).toBeGreaterThan(30);
  });
});

test('messages of one read settle one by one', async () => {
  const waiting: { stream: EventStream; settle: () => void }[] = [];
  const server = await startInput('', (_tag, stream) => {
    return new Promise((settle) => waiting.push({ stream, settle }));
  });
  const client = await connectTo(server.port);
  const streams = Array.from({ length: 200 }, (_, n) => streamOf(n, 20));
  client.write(Buffer.concat(streams.map((stream) => encodePackedForward('t', stream))));
  client.write(encodeMessage('t', { time: 1, record: { last: true } }));
  await until(() => waiting.length === streams.length + 1);
  for (const [n, expected] of streams.entries()) {
    expect(waiting[n].stream.bytes.equals(expected.bytes)).toBe(true);
    waiting[n].settle();
    await Promise.resolve();
  }
  expect([...waiting[200].stream][0].record).toEqual({ last: true });
  waiting[200].settle();
  await until(() => server.input.received().inFlightBytes === 0);
});
