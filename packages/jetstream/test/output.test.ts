import { EventStream } from '@sluice/event-stream';
import { expect } from 'vitest';
import { look, natsTest, startNats, waitFor } from './support/nats.js';
import { events, namesIn, startOutput, stop } from './support/plugins.js';

const created = 'stream logs\ncreate_stream true\n';

natsTest('a stream of events is one message, as it came', async () => {
  const nodes = await startNats();
  const { output } = await startOutput(
    `servers ${nodes[0].address}\n${created}max_age 1h\nmax_bytes 100m\nduplicate_window 1m`,
  );
  const stream = events(3).withChunkId('abc');
  await output.write('app.a b', stream);
  const { jsm, messages } = await look(nodes);
  const [message, ...others] = await messages('logs');
  expect(others).toEqual([]);
  expect(message.subject).toBe('sluice.app.a%20b');
  expect(message.headers).toMatchObject({ 'Sluice-Tag': 'app.a%20b', 'Sluice-Events': '3' });
  expect(message.data).toEqual(stream.bytes);
  const { config } = await jsm.streams.info('logs');
  expect(config).toMatchObject({
    subjects: ['sluice.>'],
    max_age: 3600e9,
    max_bytes: 100 * 1024 * 1024,
    duplicate_window: 60e9,
    discard: 'new',
    storage: 'file',
  });
  expect(output.statistics()).toMatchObject({
    queue: { bytes: 0, chunks: 0 },
    counters: { events: 3, published_messages: 1, duplicate_messages: 0 },
    servers: [{ address: nodes[0].address, available: true }],
  });
});

natsTest('a chunk that is sent again is not a second message, whoever sends it', async () => {
  const nodes = await startNats();
  const text = `servers ${nodes[0].address}\n${created}`;
  const first = await startOutput(text);
  const second = await startOutput(text);
  const stream = events(2).withChunkId('1');
  await first.output.write('app', stream);
  await first.output.write('app', stream.copy());
  await second.output.write('app', stream.copy());
  // The same id, but not the same chunk: of another tag, or of other events.
  await second.output.write('other', stream.copy());
  await second.output.write('app', events(2, 'x').withChunkId('1'));
  const { messages } = await look(nodes);
  expect((await messages('logs')).map(({ data }) => namesIn(data))).toEqual([
    ['e0', 'e1'],
    ['e0', 'e1'],
    ['x0', 'x1'],
  ]);
  expect(first.output.statistics().counters).toMatchObject({ duplicate_messages: 1 });
  expect(second.output.statistics().counters).toMatchObject({ duplicate_messages: 1 });
});

natsTest('without an id equal events are messages of their own, a retry is not', async () => {
  const nodes = await startNats();
  const { output } = await startOutput(`servers ${nodes[0].address}\n${created}`);
  const stream = events(1);
  await output.write('app', stream);
  await output.write('app', stream); // as a buffer does it
  await output.write('app', stream.copy());
  const { messages } = await look(nodes);
  expect(await messages('logs')).toHaveLength(2);
});

natsTest('what is larger than max_payload is split between events', async () => {
  const nodes = await startNats(1, { config: 'max_payload: 8192\n' });
  const { output } = await startOutput(`servers ${nodes[0].address}\n${created}`);
  const stream = events(100, 'e', 300).withChunkId('large');
  await output.write('app', stream);
  await output.write('app', stream.copy());
  const { messages } = await look(nodes);
  const parts = await messages('logs');
  expect(parts.length).toBeGreaterThan(3);
  expect(parts.flatMap(({ data }) => namesIn(data)).sort()).toEqual(
    Array.from({ length: 100 }, (_, i) => `e${i}`).sort(),
  );
  for (const { data, headers } of parts) {
    expect(headers['Sluice-Events']).toBe(String(namesIn(data).length));
  }
  expect(output.statistics().counters).toMatchObject({
    split_chunks: 2,
    duplicate_messages: parts.length,
  });
  await expect(output.write('app', events(1, 'huge', 9000))).rejects.toThrow(
    /an event of \d+ bytes is larger than the \d+ that max_payload of the server leaves/,
  );
  await output.write('app', events(1));
});

natsTest('a stream that is full refuses, and nothing is kept of it', async () => {
  const nodes = await startNats();
  const { output } = await startOutput(`servers ${nodes[0].address}\n${created}max_bytes 20k`);
  await output.write('app', events(1, 'a', 12_000));
  await expect(output.write('app', events(1, 'b', 12_000))).rejects.toMatchObject({
    code: 'ERR_SLUICE_JETSTREAM_FULL',
    message: expect.stringContaining('maximum bytes exceeded') as string,
  });
  const { jsm, messages } = await look(nodes);
  expect(await messages('logs')).toHaveLength(1);
  await jsm.streams.purge('logs');
  await output.write('app', events(1, 'c', 12_000));
  expect((await messages('logs')).map(({ data }) => namesIn(data))).toEqual([['c0']]);
});

natsTest('a stream that is absent or has other subjects fails the start', async () => {
  const nodes = await startNats();
  const { jsm } = await look(nodes);
  const text = `servers ${nodes[0].address}\nstream logs`;
  await expect(startOutput(text)).rejects.toThrow(
    'the stream logs does not exist; create it, or write create_stream true',
  );
  await expect(startOutput(`${text}\ncreate_stream true\nreplicas 3`)).rejects.toThrow(
    'replicas > 1 not supported in non-clustered mode',
  );
  await jsm.streams.add({ name: 'logs', subjects: ['other.>'] });
  await expect(startOutput(`${text}\ncreate_stream true`)).rejects.toThrow(
    'the stream logs takes other.>, not sluice.>',
  );
  const { output } = await startOutput(`${text}\nsubject other.\${tag[0]}.\${tag}`);
  await output.write('a.b', events(1));
  // It is taken for the stream that is named, not for whichever takes the subject.
  await jsm.streams.delete('logs');
  await jsm.streams.add({ name: 'foreign', subjects: ['other.>'] });
  await expect(output.write('a.b', events(1))).rejects.toMatchObject({
    code: 'ERR_SLUICE_JETSTREAM_STREAM',
  });
});

natsTest('refused credentials and subjects are told apart', async () => {
  const nodes = await startNats(1, {
    config: `authorization { users: [
      { user: all, password: pw }
      { user: some, password: pw, permissions: { publish: ["$JS.API.>", "sluice.ok"] } }
    ] }\n`,
  });
  const text = `servers ${nodes[0].address}\n${created}`;
  await expect(startOutput(`${text}user all\npassword wrong`)).rejects.toMatchObject({
    code: 'ERR_SLUICE_JETSTREAM_PERMISSION',
  });
  const { output } = await startOutput(`${text}user some\npassword pw`);
  await output.write('ok', events(1));
  await expect(output.write('secret', events(1))).rejects.toMatchObject({
    code: 'ERR_SLUICE_JETSTREAM_PERMISSION',
    message: expect.stringContaining('sluice.secret') as string,
  });
  await output.write('ok', events(1, 'more'));
});

natsTest('without JetStream, and without a server, it says so and waits', async () => {
  const [node] = await startNats(1, { jetstream: false });
  const text = `servers ${node.address}\n${created}retry_timeout 0.2`;
  const { output, line } = await startOutput(text);
  expect((await line('JetStream cannot be used')).fields.reason).toContain(
    'JetStream is not running',
  );
  await expect(output.write('app', events(1))).rejects.toThrow(
    'not acknowledged within 0.2 s (there was no connection)',
  );
  await node.end('SIGKILL');
  const [later] = await startNats();
  await later.end('SIGKILL');
  const waiting = await startOutput(`servers ${later.address}\n${created}`);
  expect((await waiting.line('JetStream cannot be used')).fields.reason).toContain('refused');
  const written = waiting.output.write('app', events(1));
  await later.start();
  await written;
});

natsTest('what was under way when the server died is published once', async () => {
  const nodes = await startNats();
  const { output, line } = await startOutput(
    `servers ${nodes[0].address}\n${created}reconnect_wait 0.1\npublish_window 16`,
  );
  const names = Array.from({ length: 300 }, (_, i) => `c${i}-`);
  const written = Promise.all(
    names.map(async (name) => output.write('app', events(1, name, 20_000).withChunkId(name))),
  );
  await waitFor(() => expect(output.statistics().counters!.events).toBeGreaterThan(20));
  await nodes[0].end('SIGKILL');
  await line('the connection to NATS is lost');
  await nodes[0].start();
  await written;
  const { messages } = await look(nodes);
  const found = (await messages('logs')).flatMap(({ data }) => namesIn(data));
  expect(found.sort()).toEqual(names.map((name) => `${name}0`).sort());
  await waitFor(() => expect(output.statistics().counters!.reconnects).toBe(1));
});

natsTest(
  'a server that stands still is given up for another one',
  async () => {
    const nodes = await startNats(3);
    const { jsm } = await look(nodes);
    await waitFor(() => jsm.streams.add({ name: 'logs', subjects: ['sluice.>'], num_replicas: 3 }));
    const { output } = await startOutput(
      `servers ${nodes.map(({ address }) => address).join(',')}\nstream logs\npublish_timeout 1\n` +
        'connect_timeout 1\nreconnect_wait 0.1',
    );
    await output.write('app', events(1));
    const { address } = output.statistics().servers![0];
    const node = nodes.find((one) => one.address === address)!;
    node.signal('SIGSTOP');
    try {
      await output.write('app', events(1, 'second', 200_000).withChunkId('2'));
      expect(output.statistics().servers![0].address).not.toBe(address);
    } finally {
      node.signal('SIGCONT');
    }
  },
  60_000,
);

natsTest('the queue is bounded, and a stop refuses what waits', async () => {
  const [node] = await startNats();
  const { output } = await startOutput(`servers ${node.address}\n${created}queue_limit_size 10k`);
  await node.end('SIGKILL');
  const first = output.write('app', events(1, 'a', 8000));
  await expect(output.write('app', events(1, 'b', 8000))).rejects.toMatchObject({
    code: 'ERR_SLUICE_JETSTREAM_OVERFLOW',
  });
  const refused = expect(first).rejects.toMatchObject({ code: 'ERR_SLUICE_JETSTREAM_STOPPED' });
  await stop(output);
  await refused;
});

natsTest('no events are kept at once', async () => {
  const [node] = await startNats();
  const { output } = await startOutput(`servers ${node.address}\n${created}`);
  expect(output.write('app', EventStream.empty)).toBe('kept');
});
