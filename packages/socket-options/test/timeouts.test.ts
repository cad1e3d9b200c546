import { once } from 'node:events';
import net from 'node:net';
import { describe, expect, test } from 'vitest';
import {
  applySocketOptions,
  SocketTimeoutError,
  watchTimeouts,
  type TimeoutReason,
} from '../src/index.js';
import { backends, connect, ending, listen, until, withBackend } from './support.js';

const LARGE = Buffer.alloc(32 * 1024 * 1024); // more than the kernel's buffers take

interface Fired {
  reason: TimeoutReason;
  error: SocketTimeoutError;
  after: number;
}

function watch(
  socket: net.Socket,
  limits: { recvTimeout?: number; sendTimeout?: number },
): { fired: Promise<Fired>; stop: () => void; count: () => number } {
  let count = 0;
  let stop = (): void => undefined;
  const started = performance.now();
  const fired = new Promise<Fired>((resolve) => {
    stop = watchTimeouts(socket, limits, (reason, error) => {
      count += 1;
      resolve({ reason, error, after: performance.now() - started });
    });
  });
  return { fired, stop, count: () => count };
}

/** The time that a busy machine may take, on which nothing here depends. */
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe.each(backends)('time-outs with the %s backend', (backend) => {
  withBackend(backend);

  test('a silent peer', async () => {
    const { socket, client } = await connect();
    socket.resume();
    const { fired } = watch(socket, { recvTimeout: 0.3, sendTimeout: 0.1 });
    const { reason, error, after } = await fired;
    expect(reason).toBe('recv-timeout');
    expect(error).toBeInstanceOf(SocketTimeoutError);
    expect(error).toMatchObject({
      code: 'ERR_SLUICE_RECV_TIMEOUT',
      seconds: 0.3,
      peer: `127.0.0.1:${client.localPort!}`,
    });
    expect(after).toBeGreaterThanOrEqual(295);
  });

  test('a peer that takes nothing', async () => {
    const { socket } = await connect();
    socket.write(LARGE);
    const { reason, error, after } = await watch(socket, { sendTimeout: 0.3 }).fired;
    expect(reason).toBe('send-timeout');
    expect(error).toMatchObject({ code: 'ERR_SLUICE_SEND_TIMEOUT', seconds: 0.3 });
    expect(after).toBeGreaterThanOrEqual(295);
    expect(socket.destroyed).toBe(false); // closing is up to the listener
  });

  test('a peer that goes on sending is left alone', async () => {
    const { socket, client } = await connect();
    socket.resume();
    const { fired, count } = watch(socket, { recvTimeout: 0.5 });
    for (let sent = 0; sent < 14; sent += 1) {
      client.write('x');
      await pause(50);
    }
    const seen = count();
    const { after } = await fired;
    expect(seen).toBe(0);
    expect(after).toBeGreaterThan(1100);
  });

  test('a peer that takes slowly is left alone', async () => {
    const { socket, client } = await connect();
    socket.write(LARGE);
    const { count, stop } = watch(socket, { sendTimeout: 0.6 });
    let received = 0;
    client.on('data', (chunk: Buffer) => (received += chunk.length));
    for (let turn = 1; turn <= 8; turn += 1) {
      client.resume();
      await until(() => received >= turn * 3_000_000, 'the next part');
      client.pause();
      await pause(100);
    }
    expect(count()).toBe(0);
    stop();
  });

  test('bytes written meanwhile are no sign of life', async () => {
    const { socket } = await connect();
    socket.write(LARGE);
    const { fired } = watch(socket, { sendTimeout: 0.4 });
    const timer = setInterval(() => socket.write('more'), 20);
    expect((await fired).reason).toBe('send-timeout');
    clearInterval(timer);
  });

  test('the default resets the connection, with the reason as its error', async () => {
    const { socket, client } = await connect();
    socket.resume();
    const end = ending(client);
    const failed = once(socket, 'error');
    watchTimeouts(socket, { recvTimeout: 0.2 });
    expect((await failed)[0]).toMatchObject({ reason: 'recv-timeout' });
    expect(await end).toBe('ECONNRESET');
  });

  test('a listener keeps them for all that it accepts', async () => {
    const server = await listen();
    const fired = new Promise<TimeoutReason>((resolve) => {
      applySocketOptions(server, { recvTimeout: 0.2 }, { onTimeout: resolve });
    });
    const { socket } = await connect(server);
    socket.resume();
    expect(await fired).toBe('recv-timeout');
  });

  test('time in which we do not read, and after the peer has ended, does not count', async () => {
    const { socket, client } = await connect();
    socket.pause();
    const { fired, count } = watch(socket, { recvTimeout: 0.1 });
    await pause(400);
    expect(count()).toBe(0);
    socket.resume();
    expect((await fired).reason).toBe('recv-timeout');

    const other = await connect(await listen(net.createServer({ allowHalfOpen: true })));
    other.socket.resume();
    other.client.end();
    await once(other.socket, 'end');
    const ended = watch(other.socket, { recvTimeout: 0.1 });
    await pause(400);
    expect(ended.count()).toBe(0);
    client.destroy();
  });

  test('stops when told to, when the socket ends, and when watched anew', async () => {
    const first = await connect();
    first.socket.resume();
    const stopped = watch(first.socket, { recvTimeout: 0.1 });
    stopped.stop();
    const second = await connect();
    second.socket.resume();
    const ended = watch(second.socket, { recvTimeout: 0.1 });
    second.socket.destroy();
    const third = await connect();
    third.socket.resume();
    const replaced = watch(third.socket, { recvTimeout: 0.1 });
    const last = watch(third.socket, { recvTimeout: 0.3 });
    stopped.stop();
    await last.fired;
    expect([stopped.count(), ended.count(), replaced.count()]).toEqual([0, 0, 0]);
  });
});

describe('with the kernel’s word', () => {
  withBackend('native');

  test('what waits in the kernel counts', async () => {
    const server = await listen();
    applySocketOptions(server, { receiveBufferSize: 4096, sendBufferSize: 1_000_000 });
    const { socket, client } = await connect(server);
    applySocketOptions(client, { receiveBufferSize: 4096 });
    socket.write(Buffer.alloc(300_000));
    await until(() => socket.writableLength === 0, 'the kernel to take it all');
    expect((await watch(socket, { sendTimeout: 0.3 }).fired).reason).toBe('send-timeout');
  });
});
