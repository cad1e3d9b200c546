import { once } from 'node:events';
import net from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import {
  applySocketOptions,
  SocketTimeoutError,
  type TimeoutLimits,
  watchTimeouts,
  type TimeoutReason,
} from '../src/index.js';
import { backends, connect, ending, listen, until, withBackend } from './support.js';

// The clock and the timer of the sweeps; sockets go on as ever.
beforeAll(() => {
  vi.useFakeTimers({ toFake: ['performance', 'setInterval', 'clearInterval'] });
});
afterAll(() => {
  vi.useRealTimers();
});

const LARGE = Buffer.alloc(32 * 1024 * 1024); // more than the kernel's buffers take

interface Watched {
  count: () => number;
  stop: () => void;
  /** Lets time pass, in steps between which sockets may work, until the limit is passed. */
  fired: (each?: () => void) => Promise<{
    reason: TimeoutReason;
    error: SocketTimeoutError;
    /** Milliseconds since the watch began. */
    after: number;
  }>;
}

function watch(socket: net.Socket, limits: TimeoutLimits): Watched {
  const calls: { reason: TimeoutReason; error: SocketTimeoutError; after: number }[] = [];
  const started = performance.now();
  const stop = watchTimeouts(socket, limits, (reason, error) => {
    calls.push({ reason, error, after: performance.now() - started });
  });
  return {
    count: () => calls.length,
    stop,
    async fired(each) {
      await passTime(() => calls.length > 0, each);
      return calls[0];
    },
  };
}

async function passTime(enough: () => boolean, each?: () => void): Promise<void> {
  while (!enough()) {
    each?.();
    vi.advanceTimersByTime(20);
    await turn();
  }
}

describe.each(backends)('timeouts with the %s backend', (backend) => {
  withBackend(backend);

  test('a silent peer', async () => {
    const { socket, client } = await connect();
    socket.resume();
    const { fired, count } = watch(socket, { recvTimeout: 0.3, sendTimeout: 0.1 });
    vi.advanceTimersByTime(299);
    expect(count()).toBe(0);
    const { reason, error, after } = await fired();
    expect(reason).toBe('recv-timeout');
    expect(error).toBeInstanceOf(SocketTimeoutError);
    expect(error).toMatchObject({
      code: 'ERR_SLUICE_RECV_TIMEOUT',
      seconds: 0.3,
      peer: `127.0.0.1:${client.localPort!}`,
    });
    expect(after).toBeLessThan(350); // noticed an eighth of the shorter limit late at most, twice
  });

  test('a peer that takes nothing', async () => {
    const { socket } = await connect();
    socket.write(LARGE);
    const { reason, error, after } = await watch(socket, { sendTimeout: 0.3 }).fired();
    expect(reason).toBe('send-timeout');
    expect(error).toMatchObject({ code: 'ERR_SLUICE_SEND_TIMEOUT', seconds: 0.3 });
    expect(after).toBeGreaterThanOrEqual(300);
    expect(socket.destroyed).toBe(false); // closing is up to the listener
  });

  test('a peer without a first byte', async () => {
    const { socket } = await connect();
    socket.resume();
    const { reason, error, after } = await watch(socket, { firstByteTimeout: 0.3 }).fired();
    expect(reason).toBe('first-byte-timeout');
    expect(error).toMatchObject({ code: 'ERR_SLUICE_FIRST_BYTE_TIMEOUT', seconds: 0.3 });
    expect(after).toBeGreaterThanOrEqual(300);
  });

  test('a first byte is enough for firstByteTimeout', async () => {
    const { socket, client } = await connect();
    socket.resume();
    const { count } = watch(socket, { firstByteTimeout: 0.3 });
    client.write('x');
    await until(() => socket.bytesRead === 1, 'the first byte');
    for (let step = 0; step < 10; step += 1) vi.advanceTimersByTime(300);
    expect(count()).toBe(0);
  });

  test('a connection that is idle, and one that is written to', async () => {
    const { socket } = await connect();
    socket.resume();
    const { fired, count } = watch(socket, { idleTimeout: 0.5 });
    for (let sent = 1; sent <= 6; sent += 1) {
      await new Promise((resolve) => socket.write('x', resolve));
      vi.advanceTimersByTime(400);
    }
    expect(count()).toBe(0);
    const { reason, error } = await fired();
    expect(reason).toBe('idle-timeout');
    expect(error).toMatchObject({ code: 'ERR_SLUICE_IDLE_TIMEOUT', seconds: 0.5 });
  });

  test('limits that are not a time are refused by name', async () => {
    const { socket } = await connect();
    for (const option of ['recvTimeout', 'sendTimeout', 'idleTimeout', 'firstByteTimeout']) {
      const wrong = expect.objectContaining({ option, value: -1 });
      expect(() => watchTimeouts(socket, { [option]: -1 })).toThrow(wrong);
    }
  });

  test('a peer that goes on sending is left alone', async () => {
    const { socket, client } = await connect();
    socket.resume();
    const { fired, count } = watch(socket, { recvTimeout: 0.5 });
    for (let sent = 1; sent <= 14; sent += 1) {
      client.write('x');
      await until(() => socket.bytesRead === sent, 'a byte');
      vi.advanceTimersByTime(400);
    }
    expect(count()).toBe(0);
    expect((await fired()).reason).toBe('recv-timeout');
  });

  test('a peer that takes slowly is left alone', async () => {
    const { socket, client } = await connect();
    socket.write(LARGE);
    const { count, stop } = watch(socket, { sendTimeout: 0.6 });
    const queued = (): number =>
      (socket as unknown as { _handle: { writeQueueSize: number } })._handle.writeQueueSize;
    for (let step = 1; step <= 8; step += 1) {
      const before = queued();
      while (queued() >= before) {
        client.resume();
        await once(client, 'data');
        client.pause();
        await turn();
      }
      vi.advanceTimersByTime(450);
    }
    expect(count()).toBe(0);
    stop();
  });

  test('bytes written meanwhile are not a sign of life', async () => {
    const { socket } = await connect();
    socket.write(LARGE);
    const { fired } = watch(socket, { sendTimeout: 0.4 });
    expect((await fired(() => socket.write('more'))).reason).toBe('send-timeout');
  });

  test('the default resets the connection, with the reason as its error', async () => {
    const { socket, client } = await connect();
    socket.resume();
    const end = ending(client);
    const failed = once(socket, 'error');
    watchTimeouts(socket, { recvTimeout: 0.2 });
    await passTime(() => socket.destroyed);
    expect((await failed)[0]).toMatchObject({ reason: 'recv-timeout' });
    expect(await end).toBe('ECONNRESET');
  });

  test('a listener keeps them for all that it accepts', async () => {
    const server = await listen();
    const reasons: TimeoutReason[] = [];
    applySocketOptions(
      server,
      { recvTimeout: 0.2 },
      { onTimeout: (reason) => reasons.push(reason) },
    );
    const { socket } = await connect(server);
    socket.resume();
    await passTime(() => reasons.length > 0);
    expect(reasons).toEqual(['recv-timeout']);
  });

  test('time in which we do not read, and after the peer has ended, does not count', async () => {
    const { socket, client } = await connect();
    socket.pause();
    const { fired, count } = watch(socket, { recvTimeout: 0.1 });
    vi.advanceTimersByTime(400);
    expect(count()).toBe(0);
    socket.resume();
    expect((await fired()).reason).toBe('recv-timeout');

    const other = await connect(await listen(net.createServer({ allowHalfOpen: true })));
    other.socket.resume();
    other.client.end();
    await once(other.socket, 'end');
    const ended = watch(other.socket, { recvTimeout: 0.1 });
    vi.advanceTimersByTime(400);
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
    await last.fired();
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
    expect((await watch(socket, { sendTimeout: 0.3 }).fired()).reason).toBe('send-timeout');
  });
});
