import { EventStream, encodeValue } from '@sluice/event-stream';
import { describe, expect, test } from 'vitest';
import {
  ForwardReader,
  encodeForward,
  encodeMessage,
  encodePackedForward,
  type ForwardMessage,
  type ForwardReaderOptions,
  type Refusal,
} from '../src/index.js';

const READ = 64 * 1024;

/** Reads as from a socket, in order. */
async function read(bytes: Buffer, options: Partial<ForwardReaderOptions> = {}) {
  const messages: ForwardMessage[] = [];
  const refusals: Refusal[] = [];
  const reader = new ForwardReader({
    onMessage: (message) => void messages.push(message),
    onRefused: (refusal) => refusals.push(refusal),
    ...options,
  });
  for (let pos = 0; pos < bytes.length; pos += READ) {
    await reader.push(bytes.subarray(pos, pos + READ));
  }
  return { messages, refusals };
}

const after = encodeMessage('after', { time: 1, record: { a: 1 } }, { chunk: 'after' });

describe('an event that is too large is refused, and the connection goes on', () => {
  const large = [{ time: 1, record: { text: 'x'.repeat(600_000) } }];
  const wide = [{ time: 1, record: { list: Array<number>(300_000).fill(1) } }];
  test.each([
    ['packed, by its size', encodePackedForward('t', large, { chunk: 'c' })],
    ['forward, by its size', encodeForward('t', large, { chunk: 'c' })],
    ['message, by its size', encodeMessage('t', large[0], { chunk: 'c' })],
    ['packed, by its values', encodePackedForward('t', wide, { chunk: 'c' })],
    ['forward, by its values', encodeForward('t', wide, { chunk: 'c' })],
    ['message, by its values', encodeMessage('t', wide[0], { chunk: 'c' })],
  ])('%s', async (_name, bytes) => {
    const { messages, refusals } = await read(Buffer.concat([bytes, after]), {
      eventSizeLimit: 500_000,
    });
    expect(refusals.map(({ reason, tag }) => [reason, tag])).toEqual([['event_size_limit', 't']]);
    expect(messages.map(({ ackId }) => ackId)).toEqual([encodeValue('after').toString('latin1')]);
  });

  test('an announced size is not believed before its values come', async () => {
    // An array of 2^31 elements, of which there are few.
    const bytes = Buffer.concat([
      Buffer.from('93a17401', 'hex'),
      Buffer.from('81a16cdd80000000', 'hex'),
      Buffer.alloc(1000),
    ]);
    expect((await read(bytes)).refusals).toEqual([]);
    const { refusals } = await read(Buffer.concat([bytes, Buffer.alloc(300_000)]));
    expect(refusals.map(({ reason }) => reason)).toEqual(['event_size_limit']);
  });

  test('events below the limit are all there, however many', async () => {
    const events = Array.from({ length: 4 }, (_, n) => ({
      time: 1,
      record: { n, text: 'x'.repeat(400_000) },
    }));
    for (const encode of [encodePackedForward, encodeForward]) {
      const numbers: unknown[] = [];
      const { refusals } = await read(encode('t', events, { chunk: 'c' }), {
        eventSizeLimit: 500_000,
        onMessage: ({ stream }) => numbers.push(...[...stream].map(({ record }) => record.n)),
      });
      expect(refusals).toEqual([]);
      expect(numbers).toEqual([0, 1, 2, 3]);
    }
  });
});

test('an option that is too large is refused', async () => {
  const bytes = encodeForward('t', [{ time: 1, record: {} }], { more: 'x'.repeat(200_000) });
  const { messages, refusals } = await read(Buffer.concat([bytes, after]));
  expect(refusals.map(({ reason }) => reason)).toEqual(['option_size_limit']);
  expect(messages.length).toBe(1);
});

describe('large chunks that have to be repaired', () => {
  const timeless = Buffer.from('92c081a16101', 'hex');
  const broken = Buffer.from('92c381a16102', 'hex');
  const count = 200_000;
  const chunk = Buffer.concat([Buffer.alloc(timeless.length * count, timeless), broken]);

  test('get their times, and lose what is no event', async () => {
    const messages: ForwardMessage[] = [];
    await read(Buffer.concat([encodePackedForward('t', chunk, { chunk: 'c' }), after]), {
      onMessage: (message) => {
        // It lies in memory that goes at once otherwise.
        message.memory?.retain();
        messages.push(message);
      },
    });
    expect(messages.map(({ invalid, stream }) => [invalid, stream.count])).toEqual([
      [1, count],
      [0, 1],
    ]);
    const { bytes } = messages[0].stream;
    const { stream, entries, invalid } = EventStream.scan(bytes);
    expect([entries, invalid, stream.bytes.equals(bytes)]).toEqual([count, 0, true]);
    const [first] = stream;
    expect(first.record).toEqual({ a: 1 });
    expect(first.time.seconds).toBeGreaterThan(1_600_000_000);
  });

  test('are refused where they would become larger than a payload may be', async () => {
    const { messages, refusals } = await read(
      Buffer.concat([encodePackedForward('t', chunk), after]),
      { decompressionSizeLimit: chunk.length + 1 },
    );
    expect(refusals.map(({ reason }) => reason)).toEqual(['decompression_size_limit']);
    expect(messages.length).toBe(1);
  });

  test('take their memory from the room, and give it back', async () => {
    const taken: number[] = [];
    const room = {
      take: (bytes: number) => void taken.push(bytes),
      tryTake: () => false,
      release: () => void taken.push(0),
      close: () => undefined,
    };
    await read(encodePackedForward('t', chunk), { room });
    expect(taken).toEqual([chunk.length + 9 * count, 0]);
  });
});

test('messages wait for one whose taker gives a promise', async () => {
  const order: string[] = [];
  let release!: () => void;
  const gate = new Promise<void>((resolve) => (release = resolve));
  const reader = new ForwardReader({
    onMessage: ({ tag }) => {
      order.push(tag);
      return tag === 'first' ? gate : undefined;
    },
  });
  const entries = (tag: string): Buffer => encodeForward(tag, [{ time: 1, record: {} }]);
  const done = reader.push(Buffer.concat([entries('first'), entries('second')]));
  expect(order).toEqual(['first']);
  release();
  await done;
  expect(order).toEqual(['first', 'second']);
});
