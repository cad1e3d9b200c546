import { encodeAck, ForwardSecurity } from '@sluice/forward-protocol';
import { EventStream } from '@sluice/event-stream';
import { expect, test } from 'vitest';
import { passTime, passTimeUntil, useFakeClock } from './support/clock.js';
import { server, startOutput, startServer } from './support/servers.js';

useFakeClock();

const event = (n: number): EventStream => EventStream.fromEvents([{ time: 1, record: { n } }]);
const acked = 'require_ack_response true\nheartbeat_type none\n';

test('keepalive: an idle connection stays, for as long as it may be', async () => {
  const to = await startServer();
  const { output } = await startOutput(`${acked}keepalive true\n${server(to.port)}`);
  for (const n of [1, 2]) {
    await output.write('x', event(n));
    await passTime(3600);
  }
  expect(to.connections).toBe(1);
});

test('keepalive_timeout: a connection that was idle for so long is closed', async () => {
  const to = await startServer();
  const { output } = await startOutput(
    `${acked}keepalive true\nkeepalive_timeout 30\n${server(to.port)}`,
  );
  for (const n of [1, 2, 3]) {
    await output.write('x', event(n));
    await passTime(29);
  }
  expect(to.connections).toBe(1);
  await passTimeUntil(() => to.sockets.size === 0);
  await output.write('x', event(4));
  expect(to.connections).toBe(2);
});

test('without keepalive a busy connection takes nothing new after a second', async () => {
  const to = await startServer({ ack: () => false });
  const { output } = await startOutput(acked + server(to.port));
  const first = output.write('x', event(1));
  await to.until(() => to.messages.length === 1);
  await passTime(1.1);
  const second = output.write('x', event(2));
  await to.until(() => to.messages.length === 2);
  expect([to.connections, to.sockets.size]).toEqual([2, 2]);
  for (const { chunk } of to.messages) {
    for (const socket of to.sockets) socket.write(encodeAck(chunk!));
  }
  await Promise.all([first, second]);
});

test('send_timeout: a server that takes no bytes loses its chunks to another', async () => {
  const stuck = await startServer({ onConnection: (socket) => socket.pause() });
  const good = await startServer();
  const { output, warnings } = await startOutput(
    `heartbeat_type none\nkeepalive true\nsend_timeout 30\n${server(stuck.port)}` +
      server(good.port, 'standby true'),
  );
  // More than the kernel holds for a connection.
  const records = Array.from({ length: 50 }, () => ({ record: { text: 'x'.repeat(1_000_000) } }));
  const written = output.write('x', EventStream.fromEvents(records));
  await stuck.until(() => stuck.sockets.size === 1);
  await passTime(29);
  expect(warnings).toEqual([]);
  await passTimeUntil(() => warnings.length > 0);
  expect(warnings[0]).toMatch(/is unavailable: it took no bytes within 30 s$/);
  await written;
  await passTimeUntil(() => good.messages.length === 1);
});

test('connect_timeout: for the connection and the handshake together', async () => {
  const silent = await startServer({ onConnection: () => undefined });
  const good = await startServer({
    security: new ForwardSecurity({ selfHostname: 'them', sharedKey: 'k' }),
  });
  const { output, warnings } = await startOutput(
    `${acked}connect_timeout 5\n<security>\nself_hostname us\nshared_key k\n</security>\n` +
      server(silent.port) +
      server(good.port, 'standby true'),
  );
  const written = output.write('x', event(1));
  await silent.until(() => silent.sockets.size === 1);
  await passTime(4.8);
  expect(warnings).toEqual([]);
  await passTimeUntil(() => warnings.length > 0);
  expect(warnings[0]).toMatch(/is unavailable: no connection within 5 s$/);
  await written;
  expect(good.messages).toHaveLength(1);
});

test('chunks_in_flight: no more are under way on one connection', async () => {
  const to = await startServer({ ack: () => false });
  const { output } = await startOutput(
    `${acked}keepalive true\nchunks_in_flight 2\n${server(to.port)}`,
  );
  const written = ['a', 'b', 'c'].map(async (tag) => await output.write(tag, event(1)));
  await to.until(() => to.messages.length === 2);
  await passTime(10);
  expect(output.statistics()).toMatchObject({ queue: { chunks: 1 } });
  expect(to.messages).toHaveLength(2);
  const [socket] = to.sockets;
  socket.write(encodeAck(to.messages[0].chunk!));
  await to.until(() => to.messages.length === 3);
  for (const { chunk } of to.messages.slice(1)) socket.write(encodeAck(chunk!));
  await Promise.all(written);
});

test('chunk_limit_size: streams of one tag are joined up to this size', async () => {
  const to = await startServer();
  const size = event(1).bytes.length;
  const { output } = await startOutput(`${acked}chunk_limit_size ${2 * size}\n${server(to.port)}`);
  await Promise.all([1, 2, 3].map(async (n) => await output.write('x', event(n))));
  expect(to.messages.map(({ stream }) => stream.count)).toEqual([2, 1]);
});

test('heartbeat_type transport: a server that refuses connections is out until it takes them', async () => {
  const to = await startServer();
  const { port } = to;
  const { output } = await startOutput(`heartbeat_interval 1\nrecover_wait 20\n${server(port)}`);
  const state = () => output.statistics().servers![0];
  await passTime(5);
  expect(state()).toMatchObject({ available: true, failures: 0 });
  expect(to.connections).toBeGreaterThan(2);
  to.close();
  await passTimeUntil(() => !state().available);
  expect(state()).toMatchObject({ failures: 1, reason: expect.stringContaining('ECONNREFUSED') });
  const again = await startServer({ port });
  await passTimeUntil(() => again.connections === 1);
  await passTime(10);
  expect(state().available).toBe(false);
  await passTimeUntil(() => state().available);
});
