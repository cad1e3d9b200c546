import { headers } from '@nats-io/transport-node';
import { jetstream } from '@nats-io/jetstream';
import { expect } from 'vitest';
import type { NatsServer } from '../../../tools/nats-servers.mjs';
import { look, natsTest, startNats, waitFor, type Looker } from './support/nats.js';
import {
  events,
  namesIn,
  startInput,
  startOutput,
  stop,
  type Received,
} from './support/plugins.js';

async function withStream(
  retention: 'limits' | 'workqueue' = 'workqueue',
): Promise<{ nodes: NatsServer[]; text: string; looker: Looker; write: Write }> {
  const nodes = await startNats();
  const looker = await look(nodes);
  await looker.jsm.streams.add({ name: 'logs', subjects: ['sluice.>'], retention });
  const { output } = await startOutput(`servers ${nodes[0].address}\nstream logs`);
  return {
    nodes,
    looker,
    text: `servers ${nodes[0].address}\nstream logs\ndurable writers\n`,
    write: (tag, name) => Promise.resolve(output.write(tag, events(1, name))).then(() => undefined),
  };
}
type Write = (tag: string, name: string) => Promise<void>;

/** The names of all events that were handed on. */
function handedOn({ streams }: Received): string[] {
  return streams.flatMap(({ stream }) => namesIn(stream.bytes)).sort();
}

async function messagesLeft({ jsm }: Looker, stream = 'logs'): Promise<number> {
  return (await jsm.streams.info(stream)).state.messages;
}

natsTest('a message comes with its tag and id, and is acknowledged once kept', async () => {
  const { text, looker, nodes } = await withStream();
  const { output } = await startOutput(`servers ${nodes[0].address}\nstream logs`);
  let keep!: () => void;
  const received = await startInput(text, () => new Promise((resolve) => (keep = resolve)));
  await output.write('app.größe', events(2).withChunkId('abc'));
  await received.count(1);
  const [{ tag, stream }] = received.streams;
  expect(tag).toBe('app.größe');
  expect(stream.count).toBe(2);
  expect(stream.chunkId).toMatch(/^[\w-]{22}-/);
  expect(await messagesLeft(looker)).toBe(1);
  expect(received.input.statistics().gauges).toMatchObject({ in_flight_messages: 1 });
  keep();
  await waitFor(async () => expect(await messagesLeft(looker)).toBe(0));
  expect(received.input.statistics()).toMatchObject({
    counters: { messages: 1, events: 2, kept_messages: 1, redelivered_messages: 0 },
    gauges: { in_flight_messages: 0, in_flight_bytes: 0 },
  });
});

natsTest('a message that takes longer than ack_wait does not come again', async () => {
  const { text, looker, write } = await withStream();
  let keep!: () => void;
  const received = await startInput(
    `${text}ack_wait 1`,
    () => new Promise((resolve) => (keep = resolve)),
  );
  const acks = looker.nc.subscribe('$JS.ACK.>');
  await write('app', 'slow');
  await received.count(1);
  // The input says three times within ack_wait that it works on it.
  let signs = 0;
  for await (const { data } of acks) {
    if (Buffer.from(data).toString() === '+WPI' && ++signs === 7) break;
  }
  keep();
  await waitFor(async () => expect(await messagesLeft(looker)).toBe(0));
  const info = await looker.jsm.consumers.info('logs', 'writers');
  expect(info.num_redelivered).toBe(0);
  expect(received.streams).toHaveLength(1);
});

natsTest('a message that is not kept comes again', async () => {
  const { text, looker, write } = await withStream();
  let attempts = 0;
  const received = await startInput(`${text}retry_wait 0.05`, () => {
    if (++attempts === 1) throw new Error('no room');
    return attempts === 2 ? Promise.reject(new Error('no room')) : Promise.resolve();
  });
  await write('app', 'a');
  await received.count(3);
  await waitFor(async () => expect(await messagesLeft(looker)).toBe(0));
  expect(received.input.statistics().counters).toMatchObject({ not_kept: 2, kept_messages: 1 });
});

natsTest('after max_deliver attempts it is a dead letter, and the others go on', async () => {
  const { text, looker, write } = await withStream();
  await looker.jsm.streams.add({ name: 'dead', subjects: ['dead'] });
  const received = await startInput(
    `${text}max_deliver 2\ndead_letter_subject dead\nretry_wait 0.05`,
    (_tag, stream) =>
      namesIn(stream.bytes)[0].startsWith('bad')
        ? Promise.reject(new Error('too ugly: ü'))
        : Promise.resolve(),
  );
  await write('app.x', 'bad');
  await write('app.x', 'good');
  await received.count(3);
  await waitFor(async () => expect(await messagesLeft(looker)).toBe(0));
  expect(handedOn(received)).toEqual(['bad0', 'bad0', 'good0']);
  const [letter, ...others] = await looker.messages('dead');
  expect(others).toEqual([]);
  expect(letter.headers).toMatchObject({
    'Sluice-Tag': 'app.x',
    'Sluice-Dead-Reason': 'too ugly: %C3%BC',
    'Sluice-Dead-Stream': 'logs',
    'Sluice-Dead-Sequence': '1',
  });
  expect(namesIn(letter.data)).toEqual(['bad0']);
  expect(received.input.statistics().counters).toMatchObject({ dead_letters: 1 });
});

natsTest('a dead letter that no stream takes stays where it is', async () => {
  const { text, looker, write } = await withStream();
  const received = await startInput(
    `${text}max_deliver 1\ndead_letter_subject nobody\nretry_wait 0.05`,
    () => Promise.reject(new Error('no')),
  );
  await write('app', 'a');
  await received.line('a message is a dead letter, but no stream takes it');
  expect(await messagesLeft(looker)).toBe(1);
});

for (const [retention, left] of [
  ['limits', 4],
  ['workqueue', 3],
] as const) {
  natsTest(`messages that are not ours are not lost (${retention}), the rest goes on`, async () => {
    const { text, looker, write } = await withStream(retention);
    const js = jetstream(looker.nc);
    await js.publish('sluice.plain', 'hello');
    for (const [count, data] of [
      ['1', Buffer.of(0x92, 0xc1)],
      ['2', events(1).bytes],
    ] as const) {
      const hdrs = headers();
      hdrs.set('Sluice-Tag', 'app');
      hdrs.set('Sluice-Events', count);
      await js.publish('sluice.app', data, { headers: hdrs });
    }
    await write('app', 'ours');
    const received = await startInput(`${text}retry_wait 60`);
    await received.count(1);
    expect(handedOn(received)).toEqual(['ours0']);
    await waitFor(async () => {
      expect(received.input.statistics().counters).toMatchObject({
        foreign_messages: 3,
        kept_messages: 1,
      });
      expect(await messagesLeft(looker)).toBe(left);
    });
    const reasons = received.lines
      .filter(({ text: line }) => line.startsWith('a message is not ours'))
      .map(({ fields }) => fields.reason);
    expect(reasons).toEqual([
      'it has no Sluice-Tag and Sluice-Events headers',
      expect.stringContaining('its data are not packed events'),
      'it says 2 events, and has 1 and 0 that are none',
    ]);
  });
}

natsTest('inputs with one durable share the work, by subject where one is named', async () => {
  const { text, looker, write } = await withStream();
  const shared = `${text}filter_subject sluice.app.*`;
  const first = await startInput(shared);
  const second = await startInput(shared);
  const names = Array.from({ length: 300 }, (_, i) => `c${i}-`);
  await Promise.all(names.map((name) => write('app.x', name)));
  await write('other', 'not for them');
  await waitFor(async () => expect(await messagesLeft(looker)).toBe(1));
  expect([...handedOn(first), ...handedOn(second)].sort()).toEqual(
    names.map((name) => `${name}0`).sort(),
  );
  expect(first.streams.length).toBeGreaterThan(0);
  expect(second.streams.length).toBeGreaterThan(0);
});

natsTest('one request after another is made without a pause', async () => {
  const { text, write } = await withStream();
  await Promise.all(Array.from({ length: 1000 }, (_, i) => write('app', `c${i}-`)));
  const began = performance.now();
  const received = await startInput(text);
  await received.count(1000);
  // A request that is not ended by its last message would take seconds, for each hundred of them.
  expect(performance.now() - began).toBeLessThan(4000);
});

natsTest('no more bytes are in hand than in_flight_limit_size', async () => {
  const { text, nodes, looker } = await withStream();
  const { output } = await startOutput(`servers ${nodes[0].address}\nstream logs`);
  for (let i = 0; i < 40; i++) await output.write('app', events(1, `c${i}-`, 10_000));
  await output.write('app', events(1, 'large', 300_000)); // alone it goes through
  const keep: (() => void)[] = [];
  let most = 0;
  let holding = true;
  const received = await startInput(`${text}in_flight_limit_size 100k`, () => {
    most = Math.max(most, Number(received.input.statistics().gauges!.in_flight_bytes));
    return holding ? new Promise((resolve) => keep.push(resolve)) : Promise.resolve();
  });
  await received.count(8);
  // The server has dealt out all that it was asked for when it answers.
  expect((await looker.jsm.consumers.info('logs', 'writers')).num_ack_pending).toBeLessThan(11);
  expect(most).toBeGreaterThan(70_000);
  expect(most).toBeLessThan(102_400);
  holding = false;
  for (const done of keep) done();
  await received.count(41);
  await waitFor(async () => expect(await messagesLeft(looker)).toBe(0));
  // The large one is taken beside less than half of the limit.
  expect(most).toBeLessThan(360_000);
  expect(handedOn(received)).toHaveLength(41);
});

natsTest('an acknowledgement that was lost is not a second message', async () => {
  const { text, nodes, looker, write } = await withStream();
  let keep!: () => void;
  const received = await startInput(
    `${text}ack_wait 0.5\nreconnect_wait 0.1`,
    () => new Promise((resolve) => (keep = resolve)),
  );
  await write('app', 'a');
  await received.count(1);
  await nodes[0].end('SIGKILL');
  await received.line('the connection to NATS is lost');
  keep(); // nobody hears of it
  await nodes[0].start();
  await waitFor(async () => expect(await messagesLeft(looker)).toBe(0));
  expect(received.streams).toHaveLength(1);
  expect(received.input.statistics().counters).toMatchObject({ known_messages: 1 });
});

natsTest('a stop finishes what is in hand and gives the rest to others', async () => {
  const { text, looker, write } = await withStream();
  for (let i = 0; i < 3; i++) await write('app', `c${i}-`);
  const keep: (() => void)[] = [];
  const first = await startInput(text, () => new Promise((resolve) => keep.push(resolve)));
  await first.count(3);
  const stopped = stop(first.input);
  for (const done of keep) done();
  await stopped;
  await waitFor(async () => expect(await messagesLeft(looker)).toBe(0));
  await write('app', 'later');
  const second = await startInput(text);
  await second.count(1);
  expect(handedOn(second)).toEqual(['later0']);
});

natsTest('it waits for a stream, and refuses a consumer of another kind', async () => {
  const nodes = await startNats();
  const { jsm } = await look(nodes);
  const text = `servers ${nodes[0].address}\nstream logs\ndurable writers\n`;
  const received = await startInput(text);
  const line = await received.line('JetStream cannot be used');
  expect(line.fields.reason).toContain('the stream logs does not exist (yet)');
  const { output } = await startOutput(
    `servers ${nodes[0].address}\nstream logs\ncreate_stream true`,
  );
  await output.write('app', events(1));
  await received.count(1);
  await jsm.consumers.add('logs', {
    durable_name: 'push',
    ack_policy: 'explicit',
    deliver_subject: 'there',
  });
  await expect(startInput(text.replace('writers', 'push'))).rejects.toThrow(
    'the consumer push of the stream logs is a push consumer',
  );
  await expect(startInput(`${text}filter_subject sluice.x`)).rejects.toThrow(
    'has filter_subject (none), not sluice.x',
  );
  await expect(startInput(`${text}dead_letter_subject sluice.dead`)).rejects.toThrow(
    'dead letters would come in again',
  );
});
