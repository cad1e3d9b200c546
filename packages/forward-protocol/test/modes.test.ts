import { EventStream, EventTime, type Event } from '@sluice/event-stream';
import { describe, expect, test } from 'vitest';
import {
  ForwardReader,
  encodeForward,
  encodeMessage,
  encodePackedForward,
  type ForwardMessage,
} from '../src/index.js';

const events: Event[] = [
  { time: new EventTime(1_700_000_000, 123_456_789), record: { message: 'one', n: 1 } },
  {
    time: new EventTime(1_700_000_001, 0),
    record: { message: 'zwei ü', list: [1, [2, { a: null }]] },
  },
  { time: new EventTime(1_700_000_002, 5), record: { deep: { a: { b: 'x'.repeat(300) } } } },
];
const option = { chunk: 'Y2h1bms=', size: 3 };

/** Pushes the bytes in pieces of `size` and gives the messages back. */
function read(bytes: Buffer, size: number): ForwardMessage[] {
  const messages: ForwardMessage[] = [];
  const reader = new ForwardReader({
    onMessage: (message) => {
      message.memory?.retain(); // it is looked at later
      messages.push(message);
    },
  });
  for (let pos = 0; pos < bytes.length; pos += size) {
    expect(reader.push(bytes.subarray(pos, pos + size))).toBeUndefined();
  }
  expect(reader.bufferedBytes).toBe(0);
  return messages;
}

test('what nobody retains is used again', () => {
  const bytes = encodePackedForward('t', EventStream.fromEvents(events));
  const streams: EventStream[] = [];
  const memories = new Set<unknown>();
  const reader = new ForwardReader({
    onMessage: ({ stream, memory }) => {
      streams.push(stream);
      memories.add(memory);
    },
  });
  for (let times = 0; times < 3; times++) {
    void reader.push(bytes.subarray(0, 100));
    void reader.push(bytes.subarray(100));
  }
  // One buffer for all three, overwritten when nobody held it.
  expect([...memories]).toEqual([expect.objectContaining({ bytes: expect.any(Buffer) })]);
  expect(streams.map(({ bytes: [first] }) => first)).toEqual([0xc1, 0xc1, 0xc1]);
});

test('what somebody retains stays until it is released', () => {
  const stream = EventStream.fromEvents(events);
  const bytes = encodePackedForward('t', stream);
  const messages: ForwardMessage[] = [];
  const reader = new ForwardReader({
    onMessage: (message) => {
      message.memory!.retain();
      messages.push(message);
    },
  });
  for (let times = 0; times < 3; times++) {
    void reader.push(bytes.subarray(0, 100));
    void reader.push(bytes.subarray(100));
  }
  for (const message of messages) {
    expect(message.stream.bytes.equals(stream.bytes)).toBe(true);
    message.memory!.release();
    expect(message.stream.bytes[0]).toBe(0xc1);
  }
});

describe.each([1, 2, 7, 64, 65_536])('in pieces of %i bytes', (size) => {
  test('every mode, one after another', () => {
    const stream = EventStream.fromEvents(events);
    const bytes = Buffer.concat([
      encodeMessage('a.message', events[0], option),
      encodeForward('a.forward', stream, option),
      Buffer.of(0xc0),
      encodePackedForward('a.packed', stream, option),
      encodeMessage('b', events[1]),
      encodeForward('b', stream),
      encodePackedForward('b', stream),
    ]);
    const messages = read(bytes, size);
    expect(
      messages.map(({ mode, tag, chunk, stream: { count } }) => [mode, tag, chunk, count]),
    ).toEqual([
      ['message', 'a.message', 'Y2h1bms=', 1],
      ['forward', 'a.forward', 'Y2h1bms=', 3],
      ['packed_forward', 'a.packed', 'Y2h1bms=', 3],
      ['message', 'b', undefined, 1],
      ['forward', 'b', undefined, 3],
      ['packed_forward', 'b', undefined, 3],
    ]);
    // The id reaches outputs with the events.
    for (const { chunk, stream: received } of messages) expect(received.chunkId).toBe(chunk);
    expect([...messages[0].stream]).toEqual([events[0]]);
    expect([...messages[1].stream]).toEqual(events);
    expect([...messages[2].stream]).toEqual(events);
    expect([...messages[3].stream]).toEqual([events[1]]);
    expect(messages[2].stream.bytes.equals(stream.bytes)).toBe(true);
    expect(messages[2].option).toEqual(option);
    expect(messages.reduce((sum, message) => sum + message.size, 1)).toBe(bytes.length);
  });
});
