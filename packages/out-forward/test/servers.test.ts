import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { EventStream, EventTime } from '@sluice/event-stream';
import { encodeAck } from '@sluice/forward-protocol';
import { ServiceDiscovery, type Service } from '@sluice/plugin';
import { expect, onTestFinished, test } from 'vitest';
import { ForwardOutput } from '../src/index.js';
import { readSection, server, startOutput, startServer } from './support/servers.js';

const event = (n: number): EventStream =>
  EventStream.fromEvents([{ time: new EventTime(5, 7), record: { n } }]);
const quiet = (): void => undefined;
const log = { trace: quiet, debug: quiet, info: quiet, warn: quiet, error: quiet };

class Found extends ServiceDiscovery {
  constructor(private now: Service[]) {
    super({ id: 'found', log });
  }

  services(): Service[] {
    return this.now;
  }

  become(services: Service[]): void {
    this.now = services;
    this.changed();
  }
}

test('servers of a service discovery come and go while the output runs', async () => {
  const [a, b] = await Promise.all([startServer(), startServer()]);
  const service = (port: number): Service => ({ host: '127.0.0.1', port });
  const found = new Found([service(a.port)]);
  const text =
    'require_ack_response true\nheartbeat_type none\nkeepalive true\nslow_start 0\n' +
    '<service_discovery>\n@type test\n</service_discovery>';
  const output = new ForwardOutput({ id: 'test', log }, readSection(text), [found]);
  onTestFinished(() => output.close());
  await output.start();
  await output.write('x', event(1));
  expect(a.messages).toHaveLength(1);
  found.become([service(b.port)]);
  await output.write('x', event(2));
  await a.until(() => a.sockets.size === 0);
  expect([a.messages.length, b.messages.length]).toEqual([1, 1]);
  expect(output.statistics()).toMatchObject({
    gauges: { servers: 1 },
    counters: { kept_chunks: 2 },
  });
  found.become([]);
  const waiting = Promise.resolve(output.write('x', event(3)));
  found.become([service(a.port)]);
  await waiting;
  expect(a.messages).toHaveLength(2);
});

test.each(['true', 'false'])('weights 3 : 1 hold with keepalive %s', async (keepalive) => {
  const [a, b] = await Promise.all([startServer(), startServer()]);
  const { output } = await startOutput(
    `require_ack_response true\nheartbeat_type none\nkeepalive ${keepalive}\n` +
      server(a.port, 'weight 30') +
      server(b.port, 'weight 10'),
  );
  for (let n = 0; n < 40; n++) await output.write('x', event(n));
  expect([a.messages.length, b.messages.length]).toEqual([30, 10]);
});

test('keep_chunk_id: a chunk that came with an id goes on alone and under it', async () => {
  const to = await startServer();
  const { output } = await startOutput(
    `require_ack_response true\nkeep_chunk_id true\nheartbeat_type none\n${server(to.port)}`,
  );
  await Promise.all([
    output.write('x', event(1)),
    output.write('x', event(2).withChunkId('one')),
    output.write('x', event(3).withChunkId('one')),
    output.write('x', event(4)),
  ]);
  expect(to.messages.map(({ chunk }) => chunk === 'one')).toEqual([false, true, true, false]);
  expect(to.records().map(({ n }) => n)).toEqual([1, 2, 3, 4]);
});

test('an ack that comes before the bytes are written keeps nothing yet', async () => {
  const big = EventStream.fromEvents([{ record: { text: 'x'.repeat(50_000_000) } }]);
  // A server that reads nothing, and acknowledges an id that it can guess.
  const liar = createServer({ pauseOnConnect: true }, (socket) => {
    socket.on('error', quiet);
    connected(socket);
  });
  let connected!: (socket: Socket) => void;
  const connection = new Promise<Socket>((resolve) => (connected = resolve));
  liar.listen(0, '127.0.0.1');
  await once(liar, 'listening');
  onTestFinished(() => void liar.close());
  const { output } = await startOutput(
    'require_ack_response true\nkeep_chunk_id true\nheartbeat_type none\nkeepalive true\n' +
      server((liar.address() as AddressInfo).port),
  );
  let done = false;
  const written = Promise.resolve(output.write('x', big.withChunkId('id'))).then(
    () => (done = true),
  );
  const socket = await connection;
  onTestFinished(() => void socket.destroy());
  await new Promise<void>((sent) => socket.write(encodeAck('id'), () => sent()));
  // The ack is there; enough turns of the loop for it to be read.
  for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => setImmediate(resolve));
  expect(done).toBe(false);
  socket.resume();
  await written;
});

test('a buffer has its chunk back as soon as no server is available, and may try again', async () => {
  const gone = createServer().listen(0, '127.0.0.1');
  await once(gone, 'listening');
  const { port } = gone.address() as AddressInfo;
  gone.close();
  await once(gone, 'close');
  const { output, warnings } = await startOutput(
    `require_ack_response true\nheartbeat_type none\nrecover_wait 0.001\nretry_timeout 1h\n${server(port)}`,
  );
  const chunk = { id: 'a', metadata: { tag: 'x' } };
  for (let attempt = 0; attempt < 3; attempt += 1) {
    await expect(output.write('x', event(1), chunk)).rejects.toMatchObject({
      code: 'ERR_SLUICE_FORWARD_UNAVAILABLE',
      message: expect.stringMatching(
        /^no server is available \(127\.0\.0\.1:\d+: connect ECONNREFUSED/,
      ) as string,
    });
  }
  expect(warnings.filter((text) => text.includes('not sent on'))).toEqual([]);
  expect(output.statistics()).toMatchObject({
    queue: { bytes: 0, chunks: 0 },
    counters: { refused_events: 0 },
  });
});
