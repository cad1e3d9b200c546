import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import tls from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  applySocketOptions,
  clearLinger,
  closeWithLinger,
  getSocketOption,
  type BackendChoice,
} from '../src/index.js';
import {
  backends,
  connect,
  ending,
  inKernel,
  keep,
  listen,
  portOf,
  tcpState,
  until,
  withBackend,
} from './support.js';

const ECONNRESET = 104;
const LARGE = Buffer.alloc(32 * 1024 * 1024); // more than the kernel's buffers take

let folder: string;
let certificate: { key: Buffer; cert: Buffer };
beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'socket-options-'));
  const [key, cert] = [path.join(folder, 'key.pem'), path.join(folder, 'cert.pem')];
  const words =
    'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=t';
  execFileSync('openssl', [...words.split(' '), '-keyout', key, '-out', cert], { stdio: 'ignore' });
  certificate = { key: readFileSync(key), cert: readFileSync(cert) };
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** One connection, with or without TLS on it. */
interface Transport {
  socket: net.Socket;
  raw: net.Socket | undefined;
  client: net.Socket;
  /** The client's TCP socket. */
  clientRaw: net.Socket;
}

async function plainTransport(): Promise<Transport> {
  const { socket, client } = await connect();
  return { socket, raw: undefined, client, clientRaw: client };
}

/** TLS on an accepted plain socket. */
async function upgraded(): Promise<Transport> {
  const { socket: raw, client: clientRaw } = await connect();
  const upgrade = keep(tls.createServer(certificate));
  const secured = once(upgrade, 'secureConnection');
  upgrade.emit('connection', raw);
  clientRaw.resume();
  const client = keep(tls.connect({ socket: clientRaw, rejectUnauthorized: false }));
  client.on('error', () => undefined);
  const [socket] = (await secured) as [tls.TLSSocket];
  keep(socket).on('error', () => undefined);
  client.pause();
  return { socket, raw, client, clientRaw };
}

/** The other end of a TLS listener, without being told of the raw socket. */
async function accepted(): Promise<Transport> {
  return { ...(await upgraded()), raw: undefined };
}

const transports = [
  ['tcp', plainTransport],
  ['tls', upgraded],
  ['tls without its raw socket', accepted],
] as const;

describe.each(backends)('closing with the %s backend', (backend: BackendChoice) => {
  withBackend(backend);

  /** The error that the peer's kernel holds: read by nobody yet, so it is still there. */
  const resetArrived = async (client: net.Socket): Promise<void> => {
    let error = 0;
    await until(() => {
      error ||= inKernel(backend, () => getSocketOption(client, 'SO_ERROR'));
      return error !== 0;
    }, 'a reset');
    expect(error).toBe(ECONNRESET);
  };

  describe.each(transports)('%s', (_name, open) => {
    test('linger 0 sends RST to a peer that reads', async () => {
      const { socket, raw, client, clientRaw } = await open();
      const end = Promise.race([ending(client), ending(clientRaw)]);
      const closed = once(socket, 'close');
      closeWithLinger(socket, 0, raw);
      expect(await end).toBe('ECONNRESET');
      await closed;
    });

    test('linger 0 drops what waits, and resets a peer that does not read', async () => {
      const { socket, raw, clientRaw, client } = await open();
      socket.write(LARGE);
      await until(() => socket.writableLength > 0, 'a queue');
      client.pause();
      closeWithLinger(socket, 0, raw);
      await once(socket, 'close');
      if (client === clientRaw) await resetArrived(client);
      const { remotePort, localPort } = clientRaw;
      if (localPort !== undefined) {
        expect(tcpState(remotePort ?? 0, localPort)).toBeUndefined(); // no orphan in the kernel
      }
    });

    test('linger n delivers what waits, and ends with FIN', async () => {
      const { socket, raw, client } = await open();
      socket.write(LARGE);
      closeWithLinger(socket, 15, raw);
      let received = 0;
      client.on('data', (chunk: Buffer) => (received += chunk.length));
      expect(await ending(client)).toBe('FIN');
      expect(received).toBe(LARGE.length);
      if (!socket.destroyed) await once(socket, 'close');
    });

    test('linger n resets a peer that does not take it in time', async () => {
      const { socket, raw, client, clientRaw } = await open();
      const { localPort, remotePort } = clientRaw;
      socket.write(LARGE);
      const started = performance.now();
      closeWithLinger(socket, 0.3, raw);
      client.pause();
      await once(socket, 'close');
      expect(performance.now() - started).toBeGreaterThan(290);
      if (client === clientRaw) await resetArrived(client);
      await until(() => tcpState(remotePort!, localPort!) === undefined, 'the end of the socket');
    });

    test('is done once the connection is gone, and may be asked for twice', async () => {
      const { socket, raw, client } = await open();
      const end = ending(client);
      closeWithLinger(socket, 15, raw);
      closeWithLinger(socket, 15, raw);
      expect(await end).toBe('FIN');
      if (!socket.destroyed) await once(socket, 'close');
      closeWithLinger(socket, 0, raw);
      closeWithLinger(socket, 5, raw);
    });

    test('resets while a FIN is being sent', async () => {
      const { socket, raw } = await open();
      socket.end();
      await new Promise((resolve) => process.nextTick(resolve));
      const errors: Error[] = [];
      for (const each of [socket, raw]) each?.on('error', (error) => errors.push(error));
      closeWithLinger(socket, 0, raw);
      await once(socket, 'close');
      expect(errors).toEqual([]);
    });
  });

  test('linger n ends a Unix socket', async () => {
    const file = path.join(folder, `${backend}.sock`);
    const server = keep(net.createServer()).listen(file);
    await once(server, 'listening');
    const connection = once(server, 'connection');
    const client = keep(net.connect(file));
    const [socket] = (await connection) as [net.Socket];
    socket.write('bye');
    closeWithLinger(keep(socket), 5);
    let text = '';
    client.on('data', (chunk: Buffer) => (text += chunk.toString()));
    expect(await ending(client)).toBe('FIN');
    expect(text).toBe('bye');

    const again = once(server, 'connection');
    const other = keep(net.connect(file));
    const [second] = (await again) as [net.Socket];
    closeWithLinger(keep(second), 0);
    expect(await ending(other)).toBe('FIN'); // a Unix socket has no RST
  });
});

describe('with a linger of 0 on the listener', () => {
  withBackend('native');

  test('destroy() sends RST', async () => {
    const server = await listen();
    applySocketOptions(server, { lingerTimeout: 0 });
    const { socket, client } = await connect(server);
    const end = ending(client);
    socket.destroy();
    expect(await end).toBe('ECONNRESET');
  });

  test.each([
    ['closeWithLinger', 'ECONNRESET'],
    ['destroy', 'FIN'],
  ])('resets a client socket of tls.connect: %s', async (how, seen) => {
    // A peer that does not answer the handshake, so that only TCP is to be seen.
    const server = await listen();
    const connection = once(server, 'connection');
    const client = keep(tls.connect({ port: portOf(server), host: '127.0.0.1' }));
    client.on('error', () => undefined);
    const [socket] = (await connection) as [net.Socket];
    await once(keep(socket), 'data');
    const end = ending(socket);
    if (how === 'destroy') client.destroy();
    else closeWithLinger(client, 0);
    expect(await end).toBe(seen);
  });

  test('clearLinger() takes it off one connection, so that end() delivers', async () => {
    const server = await listen();
    applySocketOptions(server, { lingerTimeout: 0 });
    const { socket, client } = await connect(server);
    expect(getSocketOption(socket, 'SO_LINGER').on).toBe(true);
    clearLinger(socket);
    expect(getSocketOption(socket, 'SO_LINGER').on).toBe(false);
    const end = ending(client);
    socket.destroy();
    expect(await end).toBe('FIN');
  });

  test('closeWithLinger with n takes it off by itself, and ends once the peer has all', async () => {
    const server = await listen();
    applySocketOptions(server, { lingerTimeout: 0 });
    const { socket, client } = await connect(server);
    // The peer reads, but keeps its side open: only the kernel knows that it has everything.
    client.allowHalfOpen = true;
    socket.write('last words');
    const closed = once(socket, 'close');
    closeWithLinger(socket, 600);
    let text = '';
    client.on('data', (chunk: Buffer) => (text += chunk.toString()));
    expect(await ending(client)).toBe('FIN');
    await closed;
    expect(text).toBe('last words');
  });
});
