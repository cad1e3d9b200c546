import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  applySocketOptions,
  getSocketOption,
  selectBackend,
  SocketClosedError,
  SocketOptionError,
  SocketOptionUnsupportedError,
  setSocketOption,
  validateSocketOptions,
  type SocketOptions,
} from '../src/index.js';
import {
  bind,
  connect,
  descriptor,
  descriptorFlags,
  keep,
  listen,
  portOf,
  withBackend,
} from './support.js';

const all: SocketOptions = {
  resolveName: true,
  nonblock: true,
  lingerTimeout: 0,
  recvTimeout: 1.5,
  sendTimeout: 2,
  receiveBufferSize: 65_536,
  sendBufferSize: 32_768,
  keepaliveIdle: 11,
  keepaliveInterval: 5,
  keepaliveCount: 3,
  userTimeout: 7.5,
  noDelay: true,
};

/** What the kernel shows of a connection with all of these options. */
function expectInKernel(socket: net.Socket): void {
  expect(getSocketOption(socket, 'SO_LINGER')).toEqual({ on: true, seconds: 0 });
  expect(getSocketOption(socket, 'SO_RCVTIMEO')).toBe(1.5);
  expect(getSocketOption(socket, 'SO_SNDTIMEO')).toBe(2);
  expect(getSocketOption(socket, 'SO_RCVBUF')).toBe(131_072);
  expect(getSocketOption(socket, 'SO_SNDBUF')).toBe(65_536);
  expect(getSocketOption(socket, 'SO_KEEPALIVE')).toBe(true);
  expect(getSocketOption(socket, 'TCP_KEEPIDLE')).toBe(11);
  expect(getSocketOption(socket, 'TCP_KEEPINTVL')).toBe(5);
  expect(getSocketOption(socket, 'TCP_KEEPCNT')).toBe(3);
  expect(getSocketOption(socket, 'TCP_USER_TIMEOUT')).toBe(7500);
  expect(getSocketOption(socket, 'TCP_NODELAY')).toBe(true);
  expect(descriptorFlags(descriptor(socket)) & 0o4000).toBe(0o4000); // O_NONBLOCK
}

describe('the native backend', () => {
  withBackend('native');

  test('sets every option on a listener, and accepted sockets inherit', async () => {
    const server = await listen();
    const report = applySocketOptions(server, all);
    expect(report.unsupported).toEqual([]);
    expect(report.perConnection).toEqual([]);
    expect(report.set).toEqual({ ...all, sendKeepalivePacket: true });
    expect(report.actual).toEqual({
      nonblock: true,
      lingerTimeout: 0,
      recvTimeout: 1.5,
      sendTimeout: 2,
      sendKeepalivePacket: true,
      receiveBufferSize: 131_072,
      sendBufferSize: 65_536,
      keepaliveIdle: 11,
      keepaliveInterval: 5,
      keepaliveCount: 3,
      userTimeout: 7.5,
      noDelay: true,
    });
    const listeners = server.listenerCount('connection');
    const { socket } = await connect(server);
    expectInKernel(socket);
    expect(listeners).toBe(0); // nothing of ours runs when a connection comes
  });

  test('sets every option on one socket', async () => {
    const { socket } = await connect();
    applySocketOptions(socket, validateSocketOptions('tcp', all));
    expectInKernel(socket);
  });

  test('shows a keepalive timer in ss', async () => {
    const { server, client, socket } = await connect();
    applySocketOptions(socket, { keepaliveIdle: 100 });
    const filter = `sport = :${portOf(server)} and dport = :${client.localPort!}`;
    const text = execFileSync('ss', ['-tnoiH', filter], { encoding: 'utf8' });
    expect(text).toMatch(/timer:\(keepalive,1min3\d|timer:\(keepalive,(9\d|100)/);
  });

  test('gives accepted sockets a window scale by the receive buffer of the listener', async () => {
    const scaleOf = async (size: number): Promise<number> => {
      const server = await listen();
      applySocketOptions(server, { receiveBufferSize: size });
      const { client } = await connect(server);
      const filter = `sport = :${portOf(server)} and dport = :${client.localPort!}`;
      const text = execFileSync('ss', ['-tnoiH', filter], { encoding: 'utf8' });
      return Number(/wscale:\d+,(\d+)/.exec(text)![1]);
    };
    expect(await scaleOf(8192)).toBeLessThan(await scaleOf(2_000_000));
  });

  test('leaves a positive linger out of the kernel, where it would stall the process', async () => {
    const server = await listen();
    setSocketOption(server, 'SO_LINGER', { on: true, seconds: 9 });
    const report = applySocketOptions(server, { lingerTimeout: 5 });
    expect(report.set).toEqual({ lingerTimeout: 5 });
    expect(report.actual).toEqual({});
    expect(getSocketOption(server, 'SO_LINGER').on).toBe(false);
    const { socket } = await connect(server);
    expect(getSocketOption(socket, 'SO_LINGER').on).toBe(false);
  });

  test('turns options off again', async () => {
    const { socket } = await connect();
    applySocketOptions(socket, all);
    applySocketOptions(socket, {
      sendKeepalivePacket: false,
      noDelay: false,
      recvTimeout: 0,
      sendTimeout: 0,
      userTimeout: 0,
      lingerTimeout: 1,
    });
    expect(getSocketOption(socket, 'SO_KEEPALIVE')).toBe(false);
    expect(getSocketOption(socket, 'TCP_NODELAY')).toBe(false);
    expect(getSocketOption(socket, 'SO_RCVTIMEO')).toBe(0);
    expect(getSocketOption(socket, 'SO_SNDTIMEO')).toBe(0);
    expect(getSocketOption(socket, 'TCP_USER_TIMEOUT')).toBe(0);
    expect(getSocketOption(socket, 'SO_LINGER').on).toBe(false);
  });

  test('reads back what the kernel made of a buffer that is too large', async () => {
    const { socket } = await connect();
    const { actual } = applySocketOptions(socket, { receiveBufferSize: 1_073_741_823 });
    expect(actual.receiveBufferSize).toBe(getSocketOption(socket, 'SO_RCVBUF'));
    expect(actual.receiveBufferSize).toBeGreaterThan(100_000);
  });

  test('works on a Unix socket', async () => {
    const file = path.join(os.tmpdir(), `socket-options-${process.pid}.sock`);
    const server = keep(net.createServer()).listen(file);
    await once(server, 'listening');
    const accepted = once(server, 'connection');
    keep(net.connect(file));
    const [socket] = (await accepted) as [net.Socket];
    keep(socket);
    const report = applySocketOptions(socket, { recvTimeout: 3, sendBufferSize: 20_000 });
    expect(report.actual).toEqual({ recvTimeout: 3, sendBufferSize: 40_000 });
    expect(() => applySocketOptions(server, { noDelay: true })).toThrow(SocketOptionError);
  });

  test('says that reusePort comes too late for a socket that is bound', async () => {
    const { unsupported, actual } = applySocketOptions(await listen(), { reusePort: true });
    expect(actual.reusePort).toBe(false);
    expect(unsupported).toEqual([
      { option: 'reusePort', reason: expect.stringContaining('before bind') },
    ]);
  });

  test('says what a socket of this kind does not have', async () => {
    const socket = await bind();
    expect(() => getSocketOption(socket, 'TCP_KEEPIDLE')).toThrow(SocketOptionUnsupportedError);
    expect(() => getSocketOption(socket, 'SO_NOTHING' as 'SO_TYPE')).toThrow(SocketOptionError);
    expect(() => setSocketOption(socket, 'SO_RCVBUF', 'x' as never)).toThrow(SocketOptionError);
  });

  test('says what the kernel said', async () => {
    const { socket } = await connect();
    const error: unknown = (() => {
      try {
        setSocketOption(socket, 'TCP_CONGESTION', 'nonesuch');
        return undefined;
      } catch (caught) {
        return caught;
      }
    })();
    expect(error).toMatchObject({
      code: 'ERR_SLUICE_SOCKET_OPTION_SYSTEM',
      option: 'TCP_CONGESTION',
      syscall: 'setsockopt',
      errno: 'ENOENT',
    });
  });
});

describe.each(['native', 'plain'] as const)('%s: a descriptor that is used again', (backend) => {
  withBackend(backend);

  test('is left alone by calls for the socket that had it', async () => {
    const { server, socket } = await connect();
    const fd = descriptor(socket);
    socket.destroy();
    await once(socket, 'close');
    const successors = [await connect(server), await connect(server)];
    expect(() => applySocketOptions(socket, { noDelay: true })).toThrow(SocketClosedError);
    expect(() => setSocketOption(socket, 'SO_KEEPALIVE', true)).toThrow(SocketClosedError);
    const descriptors = successors.flatMap((pair) => [
      descriptor(pair.socket),
      descriptor(pair.client),
    ]);
    expect(descriptors).toContain(fd); // so the test means something
    selectBackend('native');
    for (const pair of successors) {
      for (const each of [pair.socket, pair.client]) {
        expect(getSocketOption(each, 'SO_KEEPALIVE')).toBe(false);
        expect(getSocketOption(each, 'TCP_NODELAY')).toBe(false);
      }
    }
    selectBackend(backend);
  });
});
