import dgram from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  applySocketOptions,
  getSocketOption,
  SocketClosedError,
  SocketOptionError,
} from '../src/index.js';
import { backends, bind, connect, inKernel, keep, withBackend } from './support.js';

describe.each(backends)('UDP with the %s backend', (backend) => {
  withBackend(backend);

  test('connect pins the socket to one peer in the kernel', async () => {
    const [socket, peer, stranger] = [await bind(), await bind(), await bind()];
    const address = '127.0.0.1';
    const report = applySocketOptions(socket, {
      connect: { address, port: peer.address().port },
    });
    expect(report.set.connect).toEqual({ address, port: peer.address().port });
    await once(socket, 'connect');

    const hex = (port: number): string => port.toString(16).toUpperCase().padStart(4, '0');
    const line = `0100007F:${hex(socket.address().port)} 0100007F:${hex(peer.address().port)}`;
    expect(readFileSync('/proc/net/udp', 'utf8')).toContain(line);

    const received: string[] = [];
    const came = new Promise<void>((resolve) =>
      socket.on('message', (message) => {
        received.push(message.toString());
        if (message.toString() === 'peer') resolve();
      }),
    );
    await new Promise((sent) => stranger.send('stranger', socket.address().port, address, sent));
    await new Promise((sent) => peer.send('peer', socket.address().port, address, sent));
    await came;
    expect(received).toEqual(['peer']);

    // The same again is not an error, and another peer takes its place.
    applySocketOptions(socket, { connect: { address, port: peer.address().port } });
    applySocketOptions(socket, { connect: { address, port: stranger.address().port } });
    await once(socket, 'connect');
    expect(socket.remoteAddress().port).toBe(stranger.address().port);
  });

  test('connect is refused on other sockets', async () => {
    const { socket } = await connect();
    const options = { connect: { address: '127.0.0.1', port: 1 } };
    expect(() => applySocketOptions(socket, options)).toThrow(SocketOptionError);
  });

  test('buffer sizes', async () => {
    const socket = await bind();
    const { actual } = applySocketOptions(socket, {
      receiveBufferSize: 65_536,
      sendBufferSize: 32_768,
    });
    const sizes = inKernel(backend, () => [
      getSocketOption(socket, 'SO_RCVBUF'),
      getSocketOption(socket, 'SO_SNDBUF'),
    ]);
    expect(sizes).toEqual([131_072, 65_536]);
    expect(actual).toEqual({ receiveBufferSize: 131_072, sendBufferSize: 65_536 });
  });

  test('a socket that is closed, or not bound yet', async () => {
    const unbound = keep(dgram.createSocket('udp4'));
    const options = { receiveBufferSize: 65_536 };
    if (backend === 'native') {
      expect(() => applySocketOptions(unbound, options)).toThrow(SocketClosedError);
    }
    const socket = await bind();
    socket.close();
    await once(socket, 'close');
    expect(() => applySocketOptions(socket, options)).toThrow(SocketClosedError);
  });
});

test('prints no deprecation warning', async () => {
  const warnings: Error[] = [];
  const note = (warning: Error): number => warnings.push(warning);
  process.on('warning', note);
  applySocketOptions(await bind(), { recvTimeout: 2 });
  await new Promise((resolve) => setImmediate(resolve));
  process.off('warning', note);
  expect(warnings).toEqual([]);
});
