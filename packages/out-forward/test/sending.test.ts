import { EventStream, EventTime } from '@sluice/event-stream';
import { ForwardSecurity, encodeAck, supportedCompressions } from '@sluice/forward-protocol';
import { expect, test } from 'vitest';
import { server, startOutput, startServer } from './support/servers.js';

const events = (...ns: number[]): EventStream =>
  EventStream.fromEvents(ns.map((n) => ({ time: new EventTime(5, 7), record: { n } })));
const ns = (records: Record<string, unknown>[]): unknown[] => records.map(({ n }) => n);
const acked = 'require_ack_response true\nheartbeat_type none\nkeepalive true\n';

test('bytes go on as they are, and streams of one tag that wait are joined', async () => {
  const to = await startServer();
  const { output } = await startOutput(acked + server(to.port));
  const [a, b, other] = [events(1, 2), events(3), events(4)];
  await Promise.all([output.write('x', a), output.write('x', b), output.write('y', other)]);
  expect(to.messages.map(({ tag }) => tag)).toEqual(['x', 'y']);
  expect(to.messages[0].stream.bytes).toEqual(Buffer.concat([a.bytes, b.bytes]));
  expect(to.messages[0].option).toMatchObject({ size: 3 });
  expect(output.statistics()).toMatchObject({
    queue: { bytes: 0, chunks: 0 },
    counters: { events: 4 },
  });
});

test('write is done only when the ack has come', async () => {
  const to = await startServer({ ack: () => false });
  const { output } = await startOutput(acked + server(to.port));
  let done = false;
  const written = Promise.resolve(output.write('x', events(1))).then(() => (done = true));
  await to.until(() => to.messages.length === 1);
  expect(done).toBe(false);
  for (const socket of to.sockets) socket.write(encodeAck(to.messages[0].chunk!));
  await written;
  expect(done).toBe(true);
});

test('a chunk whose server dies or stays silent goes to another, with the same id', async () => {
  const dying = await startServer({
    ack: (_message, socket) => {
      socket.destroy();
      return false;
    },
  });
  const silent = await startServer({ ack: () => false });
  const good = await startServer();
  const { output, warnings } = await startOutput(
    `${acked}ack_response_timeout 0.2\n${server(dying.port)}${server(silent.port)}` +
      server(good.port, 'weight 1\nstandby true'),
  );
  for (let n = 0; n < 3; n++) await output.write('x', events(n));
  expect(ns(good.records())).toEqual([0, 1, 2]);
  expect(dying.messages[0].chunk).toBe(good.messages[0].chunk);
  expect(warnings.join()).toMatch(/closed the connection/);
  expect(warnings.join()).toMatch(/no acknowledgement within 0.2 s/);
});

test('weights divide the chunks, a standby gets none while all is well', async () => {
  const [a, b, standby] = await Promise.all([startServer(), startServer(), startServer()]);
  const { output } = await startOutput(
    `${acked}${server(a.port, 'weight 30')}${server(b.port, 'weight 10')}` +
      server(standby.port, 'standby true'),
  );
  for (let n = 0; n < 44; n++) await output.write('x', events(n));
  expect(a.messages.length + b.messages.length).toBe(44);
  expect(a.messages.length).toBeGreaterThan(2 * b.messages.length);
  expect(b.messages.length).toBeGreaterThan(5);
  expect(standby.messages).toEqual([]);
});

// Node knows zstd from 22.15 on; what an older one says is a test of the configuration.
const compressions = supportedCompressions() as ('gzip' | 'zstd')[];

test.each(compressions)('compress %s', async (compress) => {
  const to = await startServer();
  const { output } = await startOutput(`${acked}compress ${compress}\n${server(to.port)}`);
  await output.write('x', events(1, 2));
  expect(to.messages[0]).toMatchObject({ mode: 'compressed_packed_forward', compressed: compress });
  expect(ns(to.records())).toEqual([1, 2]);
});

test('without acks and keepalive: kept when sent, and the connection is closed when idle', async () => {
  const to = await startServer();
  const { output } = await startOutput(`heartbeat_type none\n${server(to.port)}`);
  await output.write('x', events(1));
  await to.until(() => to.messages.length === 1 && to.sockets.size === 0);
  expect(to.messages[0].chunk).toBeUndefined();
});

test('time_as_integer sends whole seconds', async () => {
  const to = await startServer();
  const { output } = await startOutput(`${acked}time_as_integer true\n${server(to.port)}`);
  await output.write('x', events(1));
  expect(to.messages[0].stream.bytes.subarray(0, 6)).toEqual(Buffer.from('92ce00000005', 'hex'));
});

const security = (sharedKey: string): string =>
  `<security>\nself_hostname me\nshared_key ${sharedKey}\n</security>\n`;

test('shared key and user; a wrong key is refused with the reason', async () => {
  const to = await startServer({
    security: new ForwardSecurity({
      selfHostname: 'them',
      sharedKey: 'k',
      userAuth: true,
      users: [{ username: 'u', password: 'p' }],
    }),
  });
  const user = 'username u\npassword p';
  const good = await startOutput(acked + security('k') + server(to.port, user));
  await good.output.write('x', events(1));
  expect(ns(to.records())).toEqual([1]);
  const bad = await startOutput(
    `${acked}retry_timeout 0.3\n${security('wrong')}${server(to.port, user)}`,
  );
  await expect(bad.output.write('x', events(2))).rejects.toMatchObject({
    code: 'ERR_SLUICE_FORWARD_UNAVAILABLE',
    message: expect.stringContaining('shared_key mismatch'),
  });
  expect(bad.output.statistics()).toMatchObject({
    queue: { bytes: 0 },
    counters: { refused_events: 1 },
  });
  await expect(
    startOutput(`verify_connection_at_startup true\n${security('wrong')}${server(to.port, user)}`),
  ).rejects.toThrow('shared_key mismatch');
});

test('more than queue_limit_size is refused', async () => {
  const to = await startServer({ ack: () => false });
  const { output } = await startOutput(`${acked}queue_limit_size 40\n${server(to.port)}`);
  void output.write('x', events(1, 2));
  await expect(output.write('x', events(3, 4))).rejects.toMatchObject({
    code: 'ERR_SLUICE_FORWARD_OVERFLOW',
  });
});
