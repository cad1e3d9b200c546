import { EventStream, type EventInput } from '@sluice/event-stream';
import { encodeAck, encodePackedForward } from '@sluice/forward-protocol';
import { KEPT } from '@sluice/plugin';
import { expect, test } from 'vitest';
import { connectTo, until } from './support/client.js';
import { startInput } from './support/input.js';

const COUNT = 40_000;

/** Many events: numbers, each with a text of so many characters. */
function events(count: number, size = 20): EventInput[] {
  const text = 'x'.repeat(size);
  return Array.from({ length: count }, (_, n) => ({ time: 1, record: { n, text } }));
}

const message = (list: EventInput[]): Buffer => encodePackedForward('t', list, { chunk: 'c' });

/** Emits that the test settles. */
function gate(): {
  waiting: { keep: () => void; fail: (error: Error) => void }[];
  emit: () => Promise<void>;
} {
  const waiting: { keep: () => void; fail: (error: Error) => void }[] = [];
  return {
    waiting,
    emit: () => new Promise((keep, fail) => waiting.push({ keep, fail })),
  };
}

test('a large message is handed on in parts, in order, and acknowledged once', async () => {
  const server = await startInput('');
  const client = await connectTo(server.port);
  client.write(message(events(COUNT)));
  expect(await client.read(1)).toEqual(encodeAck('c'));
  expect(server.streams.length).toBeGreaterThan(COUNT / 2048 - 1);
  expect(Math.max(...server.streams.map(({ stream }) => stream.count))).toBeLessThanOrEqual(2048);
  expect(server.events().map(({ record }) => record.n)).toEqual(
    Array.from({ length: COUNT }, (_, n) => n),
  );
  const ids = server.streams.map(({ stream }) => stream.chunkId);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.slice(0, 2)).toEqual(['c/0', 'c/1']);
  expect(server.input.received().acks).toBe(1);
});

test('it is cut at the same places when it comes again', async () => {
  const server = await startInput('');
  const client = await connectTo(server.port);
  for (let n = 0; n < 2; n++) {
    client.write(message(events(20_000, 100)));
    await client.read(1);
  }
  const cuts = server.streams.map(({ stream }) => `${stream.chunkId} ${stream.bytes.length}`);
  expect(cuts.slice(0, cuts.length / 2)).toEqual(cuts.slice(cuts.length / 2));
});

test('the ack waits until the last part is kept', async () => {
  const { waiting, emit } = gate();
  const server = await startInput('', emit);
  const client = await connectTo(server.port);
  client.write(message(events(COUNT)));
  await until(() => waiting.length === server.streams.length && waiting.length > 10);
  await until(() => server.events().length === COUNT);
  for (const { keep } of waiting.slice(1)) keep();
  // What comes behind it is kept meanwhile, and acknowledged.
  client.write(encodePackedForward('t', events(1), { chunk: 'small' }));
  await until(() => server.events().length === COUNT + 1);
  waiting.at(-1)!.keep();
  expect(await client.read(1)).toEqual(encodeAck('small'));
  waiting[0].keep();
  expect(await client.read(1)).toEqual(encodeAck('c'));
});

test('while nothing is kept no more than a few parts are on their way', async () => {
  const { waiting, emit } = gate();
  const server = await startInput('', emit);
  const clients = await Promise.all([connectTo(server.port), connectTo(server.port)]);
  const list = events(COUNT, 1000);
  for (const client of clients) client.write(message(list));
  const bytes = (): number =>
    server.streams.reduce((sum, { stream }) => sum + stream.bytes.length, 0);
  const done = Promise.all(clients.map((client) => client.read(1)));
  let kept = 0;
  let most = 0;
  while (server.input.received().acks < 2) {
    await until(() => waiting.length > 0 || server.input.received().acks === 2);
    most = Math.max(most, bytes() - kept);
    for (const { keep } of waiting.splice(0)) keep();
    kept = bytes();
  }
  await done;
  expect(server.events().length).toBe(2 * COUNT);
  expect(most).toBeLessThan(17 * 1024 * 1024);
}, 60_000);

test('after a part that is not kept nothing more is handed on, and there is no ack', async () => {
  let emits = 0;
  const server = await startInput('', () => {
    emits += 1;
    if (emits === 3) throw new Error('the disk is full');
    return KEPT;
  });
  const client = await connectTo(server.port);
  client.write(message(events(COUNT)));
  await client.closed();
  await until(() => server.input.received().notKept > 0);
  expect(emits).toBe(3);
  expect(server.input.received()).toMatchObject({ acks: 0, notKept: 1 });
  expect(server.warnings().map(({ text }) => text)).toEqual([
    expect.stringContaining('the disk is full'),
  ]);
});

test('nor is there one where a part proves later not to be kept', async () => {
  const { waiting, emit } = gate();
  const server = await startInput('', emit);
  const client = await connectTo(server.port);
  client.write(message(events(COUNT)));
  await until(() => waiting.length > 2);
  waiting[1].fail(new Error('the disk is full'));
  await until(() => {
    for (const { keep } of waiting) keep();
    return server.input.received().notKept === 1;
  });
  await client.closed();
  expect(server.input.received().acks).toBe(0);
});

test('each part gets the fields of its source', async () => {
  const server = await startInput('source_address_key from');
  const client = await connectTo(server.port);
  client.write(message(events(COUNT)));
  expect(await client.read(1)).toEqual(encodeAck('c'));
  expect(new Set(server.events().map(({ record }) => record.from))).toEqual(new Set(['127.0.0.1']));
  expect(server.events().length).toBe(COUNT);
});

test('a stream that is small stays as it is', () => {
  const stream = EventStream.fromEvents(events(10)).withChunkId('c');
  expect([...stream.parts({ bytes: 1000, events: 10 })]).toEqual([stream]);
  const parts = [...stream.parts({ bytes: 1, events: 10 })];
  expect(parts.map(({ count, chunkId }) => [count, chunkId])).toEqual(
    Array.from({ length: 10 }, (_, n) => [1, `c/${n}`]),
  );
  expect(Buffer.concat(parts.map(({ bytes }) => bytes))).toEqual(stream.bytes);
  expect([...EventStream.empty.parts({ bytes: 1, events: 1 })].length).toBeLessThanOrEqual(1);
});
