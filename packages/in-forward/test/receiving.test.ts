import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { EventStream, encodeValue } from '@sluice/event-stream';
import {
  encodeAck,
  encodeForward,
  encodeMessage,
  encodePackedForward,
} from '@sluice/forward-protocol';
import { describe, expect, test } from 'vitest';
import { connectTo, freshPath, until } from './support/client.js';
import { startInput } from './support/input.js';

const stream = EventStream.fromEvents([1, 2, 3].map((n) => ({ time: 1, record: { n } })));
const message = (n: number, chunk?: string) =>
  encodeMessage('a.b', { time: 1, record: { n } }, chunk === undefined ? undefined : { chunk });

describe('tags', () => {
  test.each([
    ['', 'a.b'],
    ['tag fixed', 'fixed'],
    ['add_tag_prefix pre', 'pre.a.b'],
    ['tag fixed\nadd_tag_prefix pre', 'pre.fixed'],
  ])('%j gives %s', async (text, tag) => {
    const server = await startInput(text);
    const client = await connectTo(server.port);
    client.write(message(1, 'c'));
    await client.read(1);
    expect(server.streams.map((emitted) => emitted.tag)).toEqual([tag]);
  });
});

describe('acks', () => {
  test('come after the promise of the router, those of one turn in one write', async () => {
    const kept: (() => void)[] = [];
    const server = await startInput('', () => new Promise<void>((resolve) => kept.push(resolve)));
    const client = await connectTo(server.port);
    client.write(Buffer.concat([message(1, 'one'), message(2, 'two'), message(3)]));
    await until(() => kept.length === 3);
    expect(client.received.length).toBe(0);
    expect(server.input.received().inFlightBytes).toBeGreaterThan(0);
    const writes: Buffer[] = [];
    client.socket.on('data', (data: Buffer) => writes.push(data));
    for (const resolve of kept) resolve();
    await client.read(1);
    expect(writes).toEqual([Buffer.concat([encodeAck('one'), encodeAck('two')])]);
    expect(server.input.received()).toMatchObject({ acks: 2, inFlightBytes: 0 });
  });

  test('those of one read are one write', async () => {
    const server = await startInput('');
    const client = await connectTo(server.port);
    const chunks = Array.from({ length: 50 }, (_, n) => `chunk-${n}`);
    const writes: Buffer[] = [];
    client.socket.on('data', (data: Buffer) => writes.push(data));
    client.write(Buffer.concat(chunks.map((chunk, n) => message(n, chunk))));
    await client.read(1);
    expect(writes).toEqual([Buffer.concat(chunks.map((chunk) => encodeAck(chunk)))]);
  });

  test('what an output does not keep is not acknowledged, and the connection closed', async () => {
    const server = await startInput('', () => Promise.reject(new Error('disk full')));
    const client = await connectTo(server.port);
    client.write(message(1, 'one'));
    expect(await client.closed()).toEqual(Buffer.alloc(0));
    expect(server.input.received()).toMatchObject({ notKept: 1, acks: 0, inFlightBytes: 0 });
    expect(server.warnings()[0].text).toMatch(/disk full/);
  });

  test('a router that throws is the same', async () => {
    const server = await startInput('', () => {
      throw new Error('no route');
    });
    const client = await connectTo(server.port);
    client.write(message(1, 'one'));
    expect(await client.closed()).toEqual(Buffer.alloc(0));
    expect(server.warnings()[0].text).toMatch(/no route/);
  });

  test('a peer that has half-closed still gets them', async () => {
    const kept: (() => void)[] = [];
    const server = await startInput('', () => new Promise<void>((resolve) => kept.push(resolve)));
    const client = await connectTo(server.port);
    client.write(message(1, 'one'));
    client.socket.end();
    await until(() => kept.length === 1);
    kept[0]();
    expect(await client.closed()).toEqual(encodeAck('one'));
  });

  test('an id of any type is repeated as it came', async () => {
    const server = await startInput('');
    const client = await connectTo(server.port);
    const ids = [7, Buffer.of(0xff, 0), 'text', [1, null]];
    client.write(Buffer.concat(ids.map((chunk) => encodeValue(['a.b', 1, {}, { chunk }]))));
    expect(await client.read(1)).toEqual(Buffer.concat(ids.map((ack) => encodeValue({ ack }))));
    expect(server.streams.map(({ stream }) => stream.chunkId)).toEqual([
      '7',
      'c402ff00',
      'text',
      '9201c0',
    ]);
  });

  test('JSON is answered in JSON', async () => {
    const server = await startInput('');
    const client = await connectTo(server.port);
    client.write(Buffer.from('["a.b",1,{"n":1},{"chunk":"c"}]'));
    expect((await client.read(1)).toString()).toBe('{"ack":"c"}\n');
    expect(server.events()).toMatchObject([{ tag: 'a.b', record: { n: 1 } }]);
  });
});

test('deny_keepalive closes after the first message and its ack', async () => {
  for (const emit of [undefined, () => Promise.resolve()]) {
    const server = await startInput('deny_keepalive true', emit);
    const client = await connectTo(server.port);
    client.write(Buffer.concat([message(1, 'one'), message(2, 'two')]));
    expect(await client.closed()).toEqual(encodeAck('one'));
    expect(server.streams.length).toBe(1);
  }
});

test('source_address_key and source_hostname_key are set in each record, in every mode', async () => {
  const server = await startInput('source_address_key addr\nsource_hostname_key name');
  const client = await connectTo(server.port);
  const old = EventStream.fromEvents([{ time: 1, record: { addr: 'old', n: 1 } }]);
  client.write(
    Buffer.concat([
      message(1),
      encodeForward('a', stream),
      encodePackedForward('a', old),
      encodePackedForward('a', gzipSync(stream.bytes), { compressed: 'gzip', chunk: 'c' }),
    ]),
  );
  await client.read(1);
  const records = server.events().map(({ record }) => record);
  expect(records.length).toBe(8);
  for (const record of records) {
    expect(record.addr).toBe('127.0.0.1');
    expect(record.name).toMatch(/./);
  }
});

test('a datagram is answered with one zero byte', async () => {
  const server = await startInput('');
  const socket = createSocket('udp4');
  socket.send(Buffer.from('anything'), server.port, '127.0.0.1');
  const [answer] = (await once(socket, 'message')) as [Buffer];
  socket.close();
  expect([...answer]).toEqual([0]);
});

test('a bare nil is a heartbeat', async () => {
  const server = await startInput('');
  const client = await connectTo(server.port);
  client.write(Buffer.concat([Buffer.of(0xc0), message(1, 'c')]));
  await client.read(1);
  expect(server.input.received().heartbeats).toBe(1);
});

test('unix_path with unix_perm', async () => {
  const path = freshPath();
  const server = await startInput(`unix_path ${path}\nunix_perm 0620`);
  expect(statSync(path).mode & 0o777).toBe(0o620);
  const client = await connectTo(path);
  client.write(message(1, 'c'));
  expect(await client.read(1)).toEqual(encodeAck('c'));
  expect(server.streams.length).toBe(1);
});

describe('limits', () => {
  test('chunk_size_limit drops a message, warns, gives no ack, and goes on', async () => {
    const server = await startInput('chunk_size_limit 1k\nchunk_size_warn_limit 100');
    const client = await connectTo(server.port);
    const record = (size: number) => ({ time: 1, record: { text: 'x'.repeat(size) } });
    client.write(
      Buffer.concat([
        encodeMessage('t', record(2000), { chunk: 'big' }),
        encodeMessage('t', record(500), { chunk: 'middle' }),
        message(1, 'small'),
      ]),
    );
    await until(() => server.streams.length === 2);
    expect(await client.read(1)).toEqual(Buffer.concat([encodeAck('middle'), encodeAck('small')]));
    expect(server.warnings().map(({ text }) => text)).toEqual([
      'message dropped and not acknowledged: larger than 1024 bytes',
      'message is larger than chunk_size_warn_limit',
    ]);
    expect(server.warnings()[0].fields).toMatchObject({ tag: 't', peer: expect.any(String) });
    expect(server.input.received().refusedMessages).toEqual({ chunk_size_limit: 1 });
  });

  test('decompression_size_limit', async () => {
    const server = await startInput('decompression_size_limit 10k');
    const client = await connectTo(server.port);
    const bomb = gzipSync(Buffer.alloc(1_000_000, 0xc0));
    client.write(
      Buffer.concat([
        encodePackedForward('t', bomb, { compressed: 'gzip', chunk: 'bomb' }),
        message(1, 'next'),
      ]),
    );
    expect(await client.read(1)).toEqual(encodeAck('next'));
    expect(server.input.received().refusedMessages).toEqual({ decompression_size_limit: 1 });
  });
});

describe('bad input', () => {
  test('broken framing closes that connection with one warning, and no other', async () => {
    const server = await startInput('');
    const good = await connectTo(server.port);
    const bad = await connectTo(server.port);
    bad.write(Buffer.concat([message(1, 'kept'), Buffer.from('GET / HTTP/1.1\r\n\r\n')]));
    expect(await bad.closed()).toEqual(encodeAck('kept'));
    expect(server.warnings().length).toBe(1);
    expect(server.warnings()[0].fields).toMatchObject({ title: 'in_forward' });
    good.write(message(2, 'fine'));
    expect(await good.read(1)).toEqual(encodeAck('fine'));
    expect(server.input.received().closedConnections).toEqual({ protocol: 1 });
  });

  const mixed = Buffer.concat([stream.bytes, encodeValue('bad'), stream.bytes]);

  test('skip_invalid_event true skips, warns and acknowledges', async () => {
    const server = await startInput('');
    const client = await connectTo(server.port);
    client.write(encodePackedForward('t', mixed, { chunk: 'c' }));
    expect(await client.read(1)).toEqual(encodeAck('c'));
    expect(server.events().length).toBe(6);
    expect(server.warnings()[0].fields).toMatchObject({ invalid: 1 });
    expect(server.input.received().invalidEvents).toBe(1);
  });

  test('skip_invalid_event false refuses the message', async () => {
    const server = await startInput('skip_invalid_event false');
    const client = await connectTo(server.port);
    client.write(
      Buffer.concat([encodePackedForward('t', mixed, { chunk: 'c' }), message(1, 'next')]),
    );
    expect(await client.read(1)).toEqual(encodeAck('next'));
    expect(server.input.received().refusedMessages).toEqual({ invalid_event: 1 });
  });

  test('metrics and traces are refused, not acknowledged', async () => {
    const server = await startInput('');
    const client = await connectTo(server.port);
    client.write(
      Buffer.concat([
        encodePackedForward('t', Buffer.of(1), { fluent_signal: 1, chunk: 'metrics' }),
        message(1, 'next'),
      ]),
    );
    expect(await client.read(1)).toEqual(encodeAck('next'));
    expect(server.input.received().refusedMessages).toEqual({ fluent_signal: 1 });
  });
});

test('statistics per mode and tag prefix', async () => {
  const server = await startInput('');
  const client = await connectTo(server.port);
  client.write(
    Buffer.concat([
      message(1),
      encodeForward('b.x', stream),
      encodePackedForward('b.y', stream),
      encodePackedForward('c', gzipSync(stream.bytes), { compressed: 'gzip', chunk: 'c' }),
    ]),
  );
  await client.read(1);
  expect(server.input.received()).toMatchObject({
    modes: {
      message: { messages: 1, events: 1, bytes: message(1).length },
      forward: { messages: 1, events: 3 },
      packed_forward: { messages: 1, events: 3 },
      compressed_packed_forward: { messages: 1, events: 3 },
    },
    tagPrefixes: {
      a: { messages: 1, events: 1 },
      b: { messages: 2, events: 6 },
      c: { messages: 1, events: 3 },
    },
  });
});
