import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { ForwardSender } from '@sluice/forward-client';
import { expect, onTestFinished, test } from 'vitest';
import { Pacer } from '../src/bench/pacer.js';
import { progressText, resultText, startLoad } from '../src/index.js';

test('a pacer spreads events over the time', () => {
  const pacer = new Pacer(100, 1000);
  expect(pacer.batch(1)).toBe(5);
  expect(pacer.batch(100)).toBe(1);
  expect(pacer.take(5, 1000)).toBe(0);
  expect(pacer.take(5, 1000)).toBe(50);
  expect(pacer.take(5, 1070)).toBe(30);
  // What was late is made up for.
  expect(pacer.take(5, 2000)).toBe(0);
  expect(new Pacer(Infinity, 0).batch(4)).toBe(1000);
  expect(new Pacer(Infinity, 0).take(1000, 0)).toBe(0);
});

async function sink(onConnection: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    onConnection(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

test('a load ends when it is told to, with what was sent', async () => {
  const ending = new AbortController();
  let connections = 0;
  const port = await sink((socket) => {
    connections += 1;
    socket.on('data', () => ending.abort());
  });
  const load = await startLoad({
    connect: () => ForwardSender.connect({ port, ack: false }),
    tag: 'a',
    connections: 3,
    seconds: 3600,
    rate: 100,
    signal: ending.signal,
  });
  const result = await load.done;
  expect(connections).toBe(3);
  expect(result.kept).toBe(result.sent);
  expect(result.sent).toBeGreaterThan(0);
  expect(result.bytes).toBeGreaterThan(result.sent * 200);
});

test('a connection that fails ends all', async () => {
  let first = true;
  const port = await sink((socket) => {
    if (first) socket.once('data', () => socket.destroy());
    else socket.resume();
    first = false;
  });
  const load = await startLoad({
    connect: () => ForwardSender.connect({ port }),
    tag: 'a',
    connections: 2,
    seconds: 3600,
  });
  await expect(load.done).rejects.toThrow();
  expect(load.progress().kept).toBe(0);
});

test('one that cannot be opened closes those that could', async () => {
  const closed: Promise<unknown>[] = [];
  const port = await sink((socket) => closed.push(once(socket.resume(), 'close')));
  let count = 0;
  const connect = () => {
    count += 1;
    return count === 2 ? Promise.reject(new Error('no')) : ForwardSender.connect({ port });
  };
  await expect(startLoad({ connect, tag: 'a', connections: 3 })).rejects.toThrow('no');
  await Promise.all(closed);
});

test('what is told', () => {
  const start = { seconds: 0, sent: 0, kept: 0, bytes: 0 };
  const now = { seconds: 2, sent: 3500, kept: 3000, bytes: 600_000 };
  expect(progressText(now, start)).toBe('2s  1,500 events/s  300 kB/s  500 under way');
  expect(resultText(now, 'sent to h:1')).toBe(
    '3,000 events (600 kB) sent to h:1 in 2.0 s: 1,500 events/s, 300 kB/s',
  );
});
