import { gzipSync } from 'node:zlib';
import * as zlib from 'node:zlib';
import { EventStream, EventTime, encodeValue } from '@sluice/event-stream';
import { describe, expect, test, vi } from 'vitest';
import {
  AckBatch,
  AckReader,
  ForwardReader,
  encodeAck,
  encodeForward,
  encodeMessage,
  encodePackedForward,
  supportedCompressions,
  type ForwardMessage,
  type ForwardReaderOptions,
  type Refusal,
} from '../src/index.js';

async function read(
  bytes: Buffer,
  options: Partial<ForwardReaderOptions> = {},
  size = bytes.length,
): Promise<{ messages: ForwardMessage[]; refusals: Refusal[]; reader: ForwardReader }> {
  const messages: ForwardMessage[] = [];
  const refusals: Refusal[] = [];
  const reader = new ForwardReader({
    onMessage: (message) => {
      message.memory?.retain(); // it is looked at later
      messages.push(message);
    },
    onRefused: (refusal) => refusals.push(refusal),
    ...options,
  });
  const waits: unknown[] = [];
  for (let pos = 0; pos < bytes.length; pos += size) {
    waits.push(reader.push(Buffer.from(bytes.subarray(pos, pos + size))));
  }
  await Promise.all(waits);
  return { messages, refusals, reader };
}

function events(count: number, message = 'text'): EventStream {
  return EventStream.fromEvents(
    Array.from({ length: count }, (_, n) => ({ time: 1_700_000_000, record: { message, n } })),
  );
}

describe('a reader that may change the bytes', () => {
  const time = new EventTime(1_700_000_000, 7);
  const chunk = 'Y2h1bms=';
  const packedTime = EventStream.fromEvents([{ time, record: {} }]).bytes.subarray(1, 11);
  const sent = Buffer.concat([
    encodeMessage('app.a', { time, record: { message: 'one', list: [1, { a: null }] } }, { chunk }),
    encodeMessage('b', { time: 1_700_000_001, record: {} }),
    encodeMessage('app.long'.repeat(5), { time, record: { n: 1 } }, { chunk, size: 1 }),
    encodeMessage('zero', { time: 0, record: { n: 2 } }, { chunk: 'x'.repeat(100) }),
    encodeMessage('metrics', { time, record: {} }, { fluent_signal: 1 }),
    // Its record is a number.
    Buffer.concat([Buffer.of(0x93), encodeValue('odd'), packedTime, Buffer.of(1)]),
    encodePackedForward('app.a', events(3), { chunk }),
    encodeMessage('large', { time, record: { message: 'x'.repeat(3000) } }, { chunk }),
    encodeMessage('app.a', { time, record: { message: 'last' } }, { chunk: 'é' }),
  ]);

  async function seen(options: Partial<ForwardReaderOptions>, size?: number): Promise<unknown> {
    const found: unknown[] = [];
    const acks = new AckBatch();
    const onMessage = (message: ForwardMessage): void => {
      const events = [...message.stream].map(({ record, time: { seconds } }) => ({
        record,
        // The one without a time has that of its arrival.
        time: seconds > 1_700_000_001 ? 'now' : seconds,
      }));
      const { mode, tag, invalid, signal, chunk: id, ackId, option } = message;
      const acked = message.addAck(acks);
      found.push({
        mode,
        tag,
        size: message.size,
        invalid,
        signal,
        id,
        ackId,
        option,
        acked,
        events,
      });
    };
    const { refusals } = await read(sent, { ...options, onMessage }, size);
    return { found, refusals, acks: acks.take()?.toString('latin1') };
  }

  test.each([1, 7, 50, 100_000])('sees what any other sees, in pieces of %i', async (size) => {
    expect(await seen({ ownsBytes: true }, size)).toEqual(await seen({}, size));
  });

  test.each([
    { eventSizeLimit: 1000 },
    { chunkSizeLimit: 1000 },
    { tagSizeLimit: 20 },
    { skipInvalidEvents: false },
  ])('refuses what any other refuses: %o', async (limits) => {
    const owning = await seen({ ...limits, ownsBytes: true });
    expect(owning).toEqual(await seen(limits));
    expect(owning).toMatchObject({ refusals: [{}] });
  });

  test('copies no event of Message mode', () => {
    const bytes = encodeMessage('app', { time, record: { n: 1 } });
    const buffers: ArrayBufferLike[] = [];
    const onMessage = ({ stream }: ForwardMessage): unknown => buffers.push(stream.bytes.buffer);
    void new ForwardReader({ onMessage, ownsBytes: true }).push(bytes);
    expect(buffers[0]).toBe(bytes.buffer);
  });
});

const tags = ({ messages }: { messages: ForwardMessage[] }) => messages.map(({ tag }) => tag);

describe('compressed payloads', () => {
  const stream = events(50);
  const members = [0, 1].map((half) => {
    const all = [...stream].slice(half * 25, half * 25 + 25);
    return EventStream.fromEvents(all).bytes;
  });

  test.each([1, 100, 100_000])('several gzip members, in pieces of %i', async (size) => {
    const payload = Buffer.concat(members.map((member) => gzipSync(member)));
    const bytes = Buffer.concat([
      encodeMessage('first', { record: { a: 1 } }),
      encodePackedForward('gz', payload, { compressed: 'gzip', chunk: 'id' }),
      encodeMessage('last', { record: { a: 1 } }),
    ]);
    const result = await read(bytes, {}, size);
    expect(tags(result)).toEqual(['first', 'gz', 'last']);
    const [, message] = result.messages;
    expect(message).toMatchObject({ mode: 'compressed_packed_forward', chunk: 'id' });
    expect(message.stream.bytes.equals(stream.bytes)).toBe(true);
  });

  test('some are inflated at once, and what is more in one push in turns', async () => {
    const large = gzipSync(events(2000).bytes);
    const one = encodePackedForward('t', large, { compressed: 'gzip' });
    let count = 0;
    const reader = new ForwardReader({ onMessage: () => (count += 1) });
    expect(reader.push(one)).toBeUndefined();
    expect(count).toBe(1);
    const wait = reader.push(Buffer.concat(Array<Buffer>(100).fill(one)));
    expect(wait).toBeInstanceOf(Promise);
    expect(count).toBeGreaterThan(2);
    expect(count).toBeLessThan(100);
    await wait;
    expect(count).toBe(101);
  });

  test.each([
    ['says that it is larger', (size: number) => size * 2],
    ['says that it is smaller', () => 1],
    ['says that it is empty', () => 0],
    ['says that it is huge', () => 0xffff_ffff],
  ])('a payload that %s than it is is refused as broken', async (_, lie) => {
    const payload = gzipSync(events(50).bytes);
    payload.writeUInt32LE(lie(events(50).bytes.length), payload.length - 4);
    await expect(
      read(encodePackedForward('t', payload, { compressed: 'gzip' })),
    ).rejects.toMatchObject({ code: 'ERR_SLUICE_FORWARD_DECOMPRESSION' });
  });

  test.runIf(supportedCompressions().includes('zstd'))('several zstd frames', async () => {
    const compress = (zlib as unknown as { zstdCompressSync: (bytes: Buffer) => Buffer })
      .zstdCompressSync;
    const payload = Buffer.concat(members.map((member) => compress(member)));
    const result = await read(encodePackedForward('z', payload, { compressed: 'zstd' }));
    expect(result.messages[0].stream.bytes.equals(stream.bytes)).toBe(true);
  });

  test.runIf(!supportedCompressions().includes('zstd'))('zstd is refused clearly', async () => {
    const result = await read(
      Buffer.concat([
        encodePackedForward('z', Buffer.from('x'), { compressed: 'zstd' }),
        encodeMessage('next', { record: {} }),
      ]),
    );
    expect(result.refusals).toMatchObject([{ reason: 'unsupported_compression', tag: 'z' }]);
    expect(result.refusals[0].message).toMatch(/zstd needs Node.js 22.15/);
    expect(tags(result)).toEqual(['next']);
  });

  test.each([
    ['one member', () => gzipSync(Buffer.alloc(20_000_000, 0xc0))],
    ['members', () => Buffer.concat(Array(20).fill(gzipSync(Buffer.alloc(1_000_000, 0xc0))))],
  ])('a bomb of %s stops at the limit, and the connection goes on', async (_, bomb) => {
    const result = await read(
      Buffer.concat([
        encodePackedForward('bomb', bomb(), { compressed: 'gzip', chunk: 'b' }),
        encodeMessage('next', { record: {} }),
      ]),
      { decompressionSizeLimit: 1_000_000 },
    );
    expect(result.refusals).toMatchObject([{ reason: 'decompression_size_limit', tag: 'bomb' }]);
    expect(tags(result)).toEqual(['next']);
  });

  test('members beyond half of the limit come out whole', async () => {
    const part = events(5000).bytes;
    const payload = Buffer.concat([gzipSync(part), gzipSync(part)]);
    const result = await read(encodePackedForward('t', payload, { compressed: 'gzip' }), {
      decompressionSizeLimit: part.length * 2,
    });
    expect(result.messages[0].stream.count).toBe(10_000);
  });

  test('a broken payload ends the reader', async () => {
    const bytes = encodePackedForward('t', Buffer.from('no gzip'), { compressed: 'gzip' });
    await expect(read(bytes)).rejects.toMatchObject({ code: 'ERR_SLUICE_FORWARD_DECOMPRESSION' });
  });
});

describe('the size limit', () => {
  const big = events(1000, 'x'.repeat(50));
  const small = encodeMessage('small', { record: {} });

  test.each([1, 7, 1000, 1_000_000])('concerns one message only, in pieces of %i', async (size) => {
    const bytes = Buffer.concat([
      small,
      encodePackedForward('big', big, { chunk: 'x' }),
      small,
      encodeForward('big', big, { chunk: 'x' }),
      small,
      encodeMessage('big', { record: { text: 'y'.repeat(20_000) } }, { chunk: 'x' }),
      small,
      encodeMessage('t'.repeat(20_000), { record: {} }),
      small,
    ]);
    const { messages, refusals, reader } = await read(bytes, { chunkSizeLimit: 10_000 }, size);
    expect(messages.map(({ tag }) => tag)).toEqual(Array(5).fill('small'));
    expect(refusals.map(({ reason, tag }) => [reason, tag?.slice(0, 3)])).toEqual([
      ['chunk_size_limit', 'big'],
      ['chunk_size_limit', 'big'],
      ['chunk_size_limit', 'big'],
      ['chunk_size_limit', size > 20_000 ? 'ttt' : undefined],
    ]);
    expect(reader.bufferedBytes).toBe(0);
  });

  test('an announced length beyond it is refused before anything is kept for it', async () => {
    const head = Buffer.from([0x92, 0xa1, 0x74, 0xc6, 0xff, 0xff, 0xff, 0xff]);
    const { refusals, reader } = await read(head);
    expect(refusals).toMatchObject([{ reason: 'chunk_size_limit', tag: 't' }]);
    expect(reader.bufferedBytes).toBe(0);
    for (let i = 0; i < 100; i++) void reader.push(Buffer.alloc(1000));
    expect(reader.bufferedBytes).toBe(0);
  });

  test('an array of impossibly many entries is refused', async () => {
    const head = Buffer.from([0x92, 0xa1, 0x74, 0xdd, 0xff, 0xff, 0xff, 0xff]);
    expect((await read(head)).refusals).toMatchObject([{ reason: 'chunk_size_limit' }]);
  });
});

describe('bad entries', () => {
  const good = EventStream.fromEvents([{ time: 1, record: { good: true } }]).bytes;
  const bad = {
    'no array': encodeValue('x'),
    'an array of 3': encodeValue([1, {}, 3]),
    'a time of text': encodeValue(['1', {}]),
    'a record of text': encodeValue([1, 'x']),
    'an extension of another type': Buffer.from([0x92, 0xd7, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0x80]),
    'a time that is not a number': Buffer.from([0x92, 0xcb, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0, 0x80]),
    'metadata that is not a map': encodeValue([[1, 2], {}]),
    'deep nesting': Buffer.concat([
      Buffer.from([0x92, 1, 0x81, 0xa1, 0x61]),
      Buffer.alloc(100_000, 0x91),
      Buffer.of(0xc0),
    ]),
  };
  describe.each(Object.entries(bad))('%s', (_, entry) => {
    const payload = Buffer.concat([good, entry, good]);
    const forward = Buffer.concat([Buffer.from([0x92, 0xa1, 0x74, 0x93]), payload]);

    test.each([
      ['packed', encodePackedForward('t', payload)],
      ['forward', forward],
    ])('is left out, the others kept: %s', async (_mode, bytes) => {
      for (const size of [bytes.length, 13]) {
        const { messages } = await read(bytes, {}, size);
        expect(messages[0].invalid).toBe(1);
        expect(messages[0].stream.bytes.equals(Buffer.concat([good, good]))).toBe(true);
      }
    });

    test('refuses the whole message where skipInvalidEvents is off', async () => {
      const { messages, refusals } = await read(encodePackedForward('t', payload), {
        skipInvalidEvents: false,
      });
      expect(messages).toEqual([]);
      expect(refusals).toMatchObject([{ reason: 'invalid_event', tag: 't' }]);
    });
  });

  test('a tag that is not a string makes all entries invalid', async () => {
    const { messages } = await read(encodeValue([5, 1, {}, { chunk: 'c' }]));
    expect(messages).toMatchObject([
      { invalidTag: true, invalid: 1, chunk: 'c', stream: { count: 0 } },
    ]);
  });

  test.each([
    ['0', Buffer.of(0)],
    ['nil', Buffer.of(0xc0)],
    ['0 as EventTime', Buffer.from([0xd7, 0, 0, 0, 0, 0, 0, 0, 0, 0])],
    ['0.0', Buffer.from([0xcb, 0, 0, 0, 0, 0, 0, 0, 0])],
    ['0 as ext 8', Buffer.from([0xc7, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0])],
  ])('time %s means now in every mode', async (_, time) => {
    const record = encodeValue({ a: 1 });
    const entry = Buffer.concat([Buffer.of(0x92), time, record]);
    const before = Math.floor(Date.now() / 1000);
    const { messages } = await read(
      Buffer.concat([
        Buffer.from([0x93, 0xa1, 0x74]),
        time,
        record,
        Buffer.from([0x92, 0xa1, 0x74, 0x91]),
        entry,
        encodePackedForward('t', entry),
      ]),
    );
    expect(messages.map(({ mode }) => mode)).toEqual(['message', 'forward', 'packed_forward']);
    for (const { stream } of messages) {
      const [event] = stream;
      expect(event.time.seconds).toBeGreaterThanOrEqual(before);
      expect(event.record).toEqual({ a: 1 });
    }
  });
});

describe('lost framing', () => {
  test.each([
    ['text', Buffer.from('GET / HTTP/1.1\r\n'), 'NOT_A_MESSAGE'],
    ['a map', encodeValue({ a: 1 }), 'NOT_A_MESSAGE'],
    ['an array of one', encodeValue(['tag']), 'NOT_A_MESSAGE'],
    ['a time without a record', encodeValue(['tag', 1]), 'NOT_A_MESSAGE'],
    ['0xc1', Buffer.from([0x93, 0xa1, 0x74, 1, 0xc1]), 'MALFORMED'],
    ['entries cut short', encodePackedForward('t', Buffer.from([0x92, 1])), 'BROKEN_ENTRIES'],
    ['broken JSON', Buffer.from('["tag", 1, {]]'), 'MALFORMED'],
    ['JSON that is not a message', Buffer.from('{"a": 1}'), 'NOT_A_MESSAGE'],
    ['deep JSON', Buffer.from(`["t", 1, ${'['.repeat(100_000)}`), 'MALFORMED'],
  ])('%s', async (_, bytes, code) => {
    const error = expect.objectContaining({ code: `ERR_SLUICE_FORWARD_${code}` });
    await expect(read(bytes)).rejects.toEqual(error);
    await expect(read(bytes, {}, 1)).rejects.toEqual(error);
  });

  test('a reader that has failed takes no more', () => {
    const reader = new ForwardReader({ onMessage: () => undefined });
    expect(() => reader.push(Buffer.from('x'))).toThrow();
    expect(() => reader.push(encodeMessage('t', { record: {} }))).toThrow('not a forward message');
  });
});

describe('JSON', () => {
  const text =
    '["a",1700000000,{"m":"x\\u00e9 ]} \\""},{"chunk":"c1"}]\n ["b",[[1700000001.5,{"n":-1}],[0,{}]]]';

  test.each([1, 3, 1000])('messages, in pieces of %i bytes', async (size) => {
    const { messages, reader } = await read(Buffer.from(text), {}, size);
    expect(messages).toMatchObject([
      { mode: 'message', tag: 'a', chunk: 'c1', format: 'json' },
      { mode: 'forward', tag: 'b', chunk: undefined, format: 'json' },
    ]);
    expect([...messages[0].stream][0].record).toEqual({ m: 'xé ]} "' });
    expect([...messages[1].stream][0].time).toMatchObject({
      seconds: 1700000001,
      nanoseconds: 5e8,
    });
    expect(reader.bufferedBytes).toBe(0);
  });

  test('is refused where only MessagePack is allowed', async () => {
    await expect(read(Buffer.from(text), { json: false })).rejects.toMatchObject({
      code: 'ERR_SLUICE_FORWARD_JSON_REFUSED',
    });
  });

  test.each([7, 1_000_000])(
    'a text beyond the limit is passed over, pieces of %i',
    async (size) => {
      const big = JSON.stringify(['big', 1, { text: 'x'.repeat(5000) }]);
      const { messages, refusals } = await read(
        Buffer.from(big + text),
        { chunkSizeLimit: 1000 },
        size,
      );
      expect(messages.map(({ tag }) => tag)).toEqual(['a', 'b']);
      expect(refusals).toMatchObject([{ reason: 'chunk_size_limit' }]);
    },
  );
});

test('Fluent Bit: metadata is kept, metrics and traces are told apart', async () => {
  const entry = encodeValue([[1_700_000_000, { source: 'x' }], { a: 1 }]);
  const { messages } = await read(
    Buffer.concat([
      encodePackedForward('logs', entry, { fluent_signal: 0 }),
      encodePackedForward('metrics', Buffer.from([1, 2]), { fluent_signal: 1, chunk: 'm' }),
      encodePackedForward('traces', gzipSync('t'), { fluent_signal: 2, compressed: 'gzip' }),
    ]),
  );
  expect([...messages[0].stream]).toMatchObject([{ metadata: { source: 'x' }, record: { a: 1 } }]);
  expect(messages[1]).toMatchObject({
    signal: 'metrics',
    payload: Buffer.from([1, 2]),
    chunk: 'm',
  });
  expect(messages[2]).toMatchObject({ signal: 'traces', payload: Buffer.from('t') });
});

test('acks of one read are written together and read back, however they are cut', () => {
  const chunks = ['a', 'b'.repeat(40), 'ü'.repeat(100), 'c'.repeat(40_000), ''];
  const batch = new AckBatch();
  expect(batch.take()).toBeUndefined();
  for (const chunk of chunks) batch.add(chunk);
  const bytes = batch.take()!;
  expect(batch.take()).toBeUndefined();
  expect(bytes.length).toBeGreaterThan(40_000);
  for (const size of [1, 9, bytes.length]) {
    const reader = new AckReader();
    const found: string[] = [];
    for (let pos = 0; pos < bytes.length; pos += size) {
      found.push(...reader.push(bytes.subarray(pos, pos + size)));
    }
    expect(found).toEqual(chunks);
  }
  expect(new AckReader().push(encodeAck('x'))).toEqual(['x']);
  const json = new AckBatch('json');
  json.add('a');
  json.add('b');
  expect(json.take()!.toString()).toBe('{"ack":"a"}\n{"ack":"b"}\n');
  expect(() => new AckReader().push(encodeValue([1]))).toThrow('not an ack');
});

test.each(['forward', 'packed', 'message'])(
  'a large message in small pieces is moved only a few times: %s',
  async (mode) => {
    const big = mode === 'message' ? events(1, 'x'.repeat(500_000)) : events(10_000);
    const encode = { forward: encodeForward, packed: encodePackedForward };
    const bytes =
      mode === 'message'
        ? encodeMessage('t', [...big][0])
        : encode[mode as 'forward' | 'packed']('t', big);
    let count = 0;
    const reader = new ForwardReader({ onMessage: ({ stream }) => (count += stream.count) });
    const moves = vi.spyOn(Buffer, 'allocUnsafeSlow');
    let last: unknown;
    for (let pos = 0; pos < bytes.length; pos += 7)
      last = reader.push(bytes.subarray(pos, pos + 7));
    await last;
    expect(count).toBe(big.count);
    // Doubling from a kilobyte, whatever is known of the end.
    expect(moves.mock.calls.length).toBeLessThan(15);
    moves.mockRestore();
  },
);

describe('chunk ids', () => {
  test.each([
    ['text', encodeValue('c1'), 'c1'],
    ['text in str 8', Buffer.from([0xd9, 2, 0x63, 0x31]), 'c1'],
    ['text that is not UTF-8', Buffer.from([0xa2, 0xff, 0xfe]), '\ufffd\ufffd'],
    ['an integer', encodeValue(5), '5'],
    ['an integer of 64 bits', encodeValue(2n ** 63n + 1n), '9223372036854775809'],
    ['bin', encodeValue(Buffer.from('c1')), 'c1'],
    ['bin that is not UTF-8', encodeValue(Buffer.of(0xff)), 'c401ff'],
    ['a float', encodeValue(1.5), 'cb3ff8000000000000'],
    ['an array', encodeValue(['a', null]), '92a161c0'],
    ['true', encodeValue(true), 'c3'],
  ])('%s is repeated as it came, and text for outputs', async (_, id, text) => {
    const option = Buffer.concat([Buffer.from([0x81]), encodeValue('chunk'), id]);
    const { messages } = await read(
      Buffer.concat([
        Buffer.from([0x94]),
        encodeValue('t'),
        encodeValue(1),
        encodeValue({}),
        option,
      ]),
    );
    expect(messages).toMatchObject([{ chunk: text, stream: { chunkId: text } }]);
    const acks = new AckBatch();
    acks.addPacked(messages[0].ackId!);
    const head = Buffer.concat([Buffer.from([0x81]), encodeValue('ack')]);
    expect(acks.take()).toEqual(Buffer.concat([head, id]));
    expect(acks.size).toBe(0);
  });

  test.each([null, false])('%j asks for no ack, as in Fluentd', async (chunk) => {
    const { messages } = await read(encodeValue(['t', 1, {}, { chunk }]));
    expect(messages).toMatchObject([{ chunk: undefined, ackId: undefined }]);
  });

  test('in JSON all digits come back', async () => {
    const { messages } = await read(
      Buffer.from('["t",1,{"n":9007199254740993},{"chunk":18446744073709551615}]'),
    );
    const acks = new AckBatch('json');
    acks.addPacked(messages[0].ackId!);
    expect(acks.take()!.toString()).toBe('{"ack":18446744073709551615}\n');
    expect(messages[0].stream.toJsonLines().toString()).toBe('{"n":9007199254740993}\n');
  });

  test('one of more than 64 KiB is refused with its message', async () => {
    const id = (size: number) => encodeMessage('t', { record: {} }, { chunk: 'x'.repeat(size) });
    const { messages, refusals } = await read(Buffer.concat([id(65_536), id(65_000)]));
    expect(refusals).toMatchObject([{ reason: 'chunk_id_size_limit', tag: 't' }]);
    expect(messages.length).toBe(1);
  });
});

test('a tag beyond tagSizeLimit is refused, and cut where it is told', async () => {
  for (const size of [1000, 1_000_000]) {
    const { messages, refusals } = await read(
      Buffer.concat([
        encodeMessage('t'.repeat(1024), { record: {} }),
        encodeMessage('u'.repeat(1025), { record: {} }),
        encodeForward('v'.repeat(500_000), [{ record: {} }]),
        encodePackedForward('w', [{ record: {} }]),
      ]),
      {},
      size,
    );
    expect(messages.map(({ tag }) => tag.length)).toEqual([1024, 1]);
    expect(refusals).toMatchObject([
      { reason: 'tag_size_limit', tag: 'u'.repeat(1024) },
      { reason: 'tag_size_limit', tag: 'v'.repeat(1024) },
    ]);
  }
});

test('JSON beyond jsonSizeLimit is refused as such', async () => {
  const { messages, refusals } = await read(
    Buffer.from(`["t",1,{"a":"${'x'.repeat(200)}"}]["t",1,{}]`),
    { jsonSizeLimit: 100 },
  );
  expect(refusals).toMatchObject([{ reason: 'json_size_limit' }]);
  expect(messages.length).toBe(1);
});
