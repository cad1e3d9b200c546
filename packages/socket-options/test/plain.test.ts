import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import {
  applySocketOptions,
  getSocketOption,
  selectBackend,
  setSocketOption,
  SocketOptionUnsupportedError,
} from '../src/index.js';
import { backends, connect, inKernel, listen, withBackend } from './support.js';

const dist = fileURLToPath(new URL('../dist/index.js', import.meta.url));

/** Runs a program of its own on what is published. */
function run(program: string): unknown {
  const setup = `
    import Module from 'node:module';
    import net from 'node:net';
    import { once } from 'node:events';
    const loaded = [];
    const load = Module._load;
    Module._load = function (name, ...rest) {
      if (name !== 'koffi') return load.call(this, name, ...rest);
      loaded.push(name);
      if (globalThis.withoutKoffi) throw new Error("Cannot find module 'koffi'");
      return load.call(this, name, ...rest);
    };
    const api = await import(${JSON.stringify(`file://${dist}`)});
    const server = net.createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const accept = async () => {
      const connection = once(server, 'connection');
      const client = net.connect(server.address().port, '127.0.0.1').on('error', () => {});
      const [[socket]] = await Promise.all([connection, once(client, 'connect')]);
      return { socket, client };
    };
    // once() would reject at an error, which comes before a close.
    const closed = (socket) => new Promise((resolve) => socket.on('close', resolve));
    const done = (value) => { console.log(JSON.stringify(value)); process.exit(); };
  `;
  const args = ['--input-type=module', '-e', setup + program];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8', timeout: 15_000 }));
}

// What both backends can do, held against the kernel.
describe.each(backends)('Node’s own options with the %s backend', (backend) => {
  withBackend(backend);
  const options = { sendKeepalivePacket: true, keepaliveIdle: 77, noDelay: true };

  test('on a listener reach every accepted socket', async () => {
    const server = await listen();
    const { set, unsupported, perConnection } = applySocketOptions(server, options);
    expect(set).toEqual(options);
    expect(unsupported).toEqual([]);
    expect(perConnection.length).toBe(backend === 'plain' ? 3 : 0);
    applySocketOptions(server, { keepaliveIdle: 78 }); // later ones replace
    const { socket } = await connect(server);
    inKernel(backend, () => {
      expect(getSocketOption(socket, 'SO_KEEPALIVE')).toBe(true);
      expect(getSocketOption(socket, 'TCP_KEEPIDLE')).toBe(78);
      expect(getSocketOption(socket, 'TCP_NODELAY')).toBe(true);
    });
  });

  test('on one socket', async () => {
    const { socket } = await connect();
    applySocketOptions(socket, options);
    const off = await connect();
    applySocketOptions(off.socket, { sendKeepalivePacket: true, noDelay: true });
    applySocketOptions(off.socket, { sendKeepalivePacket: false, noDelay: false });
    inKernel(backend, () => {
      expect(getSocketOption(socket, 'SO_KEEPALIVE')).toBe(true);
      expect(getSocketOption(socket, 'TCP_KEEPIDLE')).toBe(77);
      expect(getSocketOption(socket, 'TCP_NODELAY')).toBe(true);
      expect(getSocketOption(off.socket, 'SO_KEEPALIVE')).toBe(false);
      expect(getSocketOption(off.socket, 'TCP_NODELAY')).toBe(false);
    });
  });

  test('by their kernel names', async () => {
    const { socket } = await connect();
    setSocketOption(socket, 'SO_KEEPALIVE', true);
    setSocketOption(socket, 'TCP_KEEPIDLE', 55);
    setSocketOption(socket, 'TCP_NODELAY', true);
    inKernel(backend, () => {
      expect(getSocketOption(socket, 'SO_KEEPALIVE')).toBe(true);
      expect(getSocketOption(socket, 'TCP_KEEPIDLE')).toBe(55);
      expect(getSocketOption(socket, 'TCP_NODELAY')).toBe(true);
    });
  });
});

describe('the plain backend', () => {
  withBackend('plain');

  test('reports what it cannot do, logged once, and keeps what timers keep', async () => {
    const lines: object[] = [];
    const log = { warn: (fields: object): number => lines.push(fields) };
    const server = await listen();
    const options = {
      lingerTimeout: 2,
      recvTimeout: 5,
      sendTimeout: 5,
      userTimeout: 5,
      keepaliveCount: 5,
      nonblock: true,
    };
    for (let turn = 0; turn < 3; turn += 1) {
      const { set, unsupported, actual } = applySocketOptions(server, options, { log });
      expect(actual).toEqual({});
      expect(Object.keys(set).sort()).toEqual(
        ['lingerTimeout', 'nonblock', 'recvTimeout', 'sendKeepalivePacket', 'sendTimeout'].sort(),
      );
      expect(unsupported.map(({ option }) => option)).toEqual(['userTimeout', 'keepaliveCount']);
      expect(unsupported[0].reason).toContain('plain backend');
    }
    expect(lines).toHaveLength(2);
  });

  test('says so for single options', async () => {
    const { socket } = await connect();
    expect(() => getSocketOption(socket, 'SO_RCVBUF')).toThrow(SocketOptionUnsupportedError);
    expect(() => setSocketOption(socket, 'SO_MARK', 1)).toThrow(SocketOptionUnsupportedError);
  });
});

describe('koffi', () => {
  test('is not loaded by a program that resets, watches and ends connections', () => {
    const program = `
      const first = await accept();
      const ended = closed(first.client.resume());
      api.closeWithLinger(first.socket, 0);
      await ended;
      const second = await accept();
      second.socket.on('error', () => {});
      api.watchTimeouts(second.socket.resume(), { recvTimeout: 0.05 });
      await closed(second.socket);
      const third = await accept();
      third.client.resume();
      api.closeWithLinger(third.socket, 5);
      await closed(third.socket);
      api.validateSocketOptions('tcp', { lingerTimeout: 0 });
      done({ loaded });`;
    expect(run(program)).toEqual({ loaded: [] });
  });

  test('is loaded when a native option is asked for', () => {
    const program = `
      const { actual } = api.applySocketOptions(server, { recvTimeout: 3 });
      done({ loaded, actual });`;
    expect(run(program)).toEqual({ loaded: ['koffi'], actual: { recvTimeout: 3 } });
  });

  test('may be absent', () => {
    const program = `
      globalThis.withoutKoffi = true;
      const backend = api.selectBackend();
      const { socket, client } = await accept();
      const { set, unsupported } = api.applySocketOptions(socket, { noDelay: true, userTimeout: 1 });
      let native;
      try { api.selectBackend('native'); } catch (error) { native = error.code; }
      client.resume();
      const seen = new Promise((resolve) => client.on('error', (error) => resolve(error.code)));
      api.closeWithLinger(socket, 0);
      done({ backend, set, unsupported, native, seen: await seen, loads: loaded.length });`;
    expect(run(program)).toEqual({
      backend: { backend: 'plain', reason: expect.stringContaining('koffi') },
      set: { noDelay: true },
      unsupported: [{ option: 'userTimeout', reason: expect.stringContaining('koffi') }],
      native: 'ERR_SLUICE_SOCKET_OPTION_UNSUPPORTED',
      seen: 'ECONNRESET',
      loads: 1, // and not once per call
    });
  });

  test('does not matter where the platform is unknown', () => {
    const program = `
      Object.defineProperty(process, 'platform', { value: 'win32' });
      done({ backend: api.selectBackend(), loaded });`;
    expect(run(program)).toEqual({
      backend: { backend: 'plain', reason: expect.stringContaining('win32') },
      loaded: [],
    });
  });
});

test('selectBackend goes back to the kernel’s calls', () => {
  selectBackend('plain');
  expect(selectBackend()).toEqual({ backend: 'native' });
});
