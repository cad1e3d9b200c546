import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createServerHelper, silentLogger, type ServerHelper } from '../src/index.js';
import { outcome, read } from './support/clients.js';
import { at, freshPath, unix } from './support/transports.js';

let helper: ServerHelper;
beforeEach(() => {
  helper = createServerHelper({ log: silentLogger, shutdownTimeout: 1 });
});
afterEach(() => helper.terminate());

const peerBack = (_: Buffer, connection: { remoteAddr: string; write(s: string): boolean }): void => {
  connection.write(connection.remoteAddr);
}; // prettier-ignore
function ask(port: number, host: string): Promise<string> {
  return new Promise((resolve) => {
    const client = connect({ port, host });
    client.on('error', () => resolve('refused'));
    client.on('data', (data) => {
      resolve(data.toString());
      client.destroy();
    });
    client.write('x');
  });
}

describe('bind', () => {
  test('is 0.0.0.0 by default', async () => {
    const server = await helper.create('any', 0, peerBack);
    const { address, family, port } = server.address() as AddressInfo;
    expect({ address, family }).toEqual({ address: '0.0.0.0', family: 'IPv4' });
    expect(await ask(port, '127.0.0.1')).toBe('127.0.0.1');
    expect(await ask(port, '::1')).toBe('refused');
  });

  test('an empty one, as the document has it, is 0.0.0.0', async () => {
    const server = await helper.create('any', 0, { bind: '' }, peerBack);
    expect(server.address()).toMatchObject({ address: '0.0.0.0' });
  });

  test('[::] is both families', async () => {
    const server = await helper.create('dual', 0, { bind: '[::]' }, peerBack);
    const { port } = server.address() as AddressInfo;
    expect(await ask(port, '127.0.0.1')).toBe('127.0.0.1');
    expect(await ask(port, '::1')).toBe('::1');
  });

  test(':: is IPv6 alone, so that both families can be listened on together', async () => {
    const six = await helper.create('six', 0, { bind: '::' }, peerBack);
    const { port } = six.address() as AddressInfo;
    expect(await ask(port, '127.0.0.1')).toBe('refused');
    await helper.create('four', port, { bind: '0.0.0.0' }, peerBack);
    expect(await ask(port, '127.0.0.1')).toBe('127.0.0.1');
    expect(await ask(port, '::1')).toBe('::1');
  });

  test('takes a host name', async () => {
    const server = await helper.create('named', 0, { bind: 'localhost' }, peerBack);
    const { address } = server.address() as AddressInfo;
    expect(['127.0.0.1', '::1']).toContain(address);
  });
});

test('backlog reaches the kernel', async () => {
  const server = await helper.create('b', 0, { bind: '127.0.0.1', backlog: 7 }, peerBack);
  const ss = spawn('ss', ['-ltnH', `sport = :${at(server).port}`]);
  const lines: string[] = [];
  for await (const line of createInterface(ss.stdout)) lines.push(line);
  expect(lines[0].split(/\s+/)[2]).toBe('7');
});

test('a descriptor that the process was given is listened on', async () => {
  const foreign = createServer().listen(0, '127.0.0.1');
  await once(foreign, 'listening');
  const { fd } = (foreign as unknown as { _handle: { fd: number } })._handle;
  const fixture = new URL('./fixtures/given-listener.mjs', import.meta.url).pathname;
  const child = spawn(process.execPath, [fixture, '{"fd":3}'], {
    stdio: ['ignore', 'pipe', 'inherit', fd],
  });
  const exited = once(child, 'exit');
  const [line] = (await once(child.stdout!, 'data')) as [Buffer];
  const { port } = foreign.address() as AddressInfo;
  expect(JSON.parse(line.toString())).toMatchObject({ port });
  foreign.close(); // the child's copy lives on
  const client = connect(port, '127.0.0.1');
  client.write('now');
  expect((await outcome(client)).data.toString()).toBe('served now');
  expect((await exited)[0]).toBe(0);
});

describe('a Unix socket', () => {
  const echo = (data: Buffer, connection: { write(data: Buffer): boolean }): void => {
    connection.write(data);
  };

  test('has the permissions that it is given, by number or in octal', async () => {
    const first = freshPath();
    await helper.createUnix('first', first, { permissions: 0o600 }, echo);
    expect(statSync(first).mode & 0o777).toBe(0o600);
    const second = freshPath();
    await helper.createUnix('second', second, { permissions: '0666' }, echo);
    expect(statSync(second).mode & 0o777).toBe(0o666);
  });

  test.runIf(process.getuid?.() === 0)('has the owner and the group, by name', async () => {
    const path = freshPath();
    await helper.createUnix('owned', path, { owner: 'nobody', group: 1 }, echo);
    expect(statSync(path).uid).toBeGreaterThan(0);
    expect(statSync(path).gid).toBe(1);
  });

  test('is gone after the end', async () => {
    const path = freshPath();
    await helper.createUnix('gone', path, {}, echo);
    expect(existsSync(path)).toBe(true);
    await helper.terminate();
    expect(existsSync(path)).toBe(false);
  });

  test('replaces a file that nobody listens on any more', async () => {
    const path = freshPath();
    const code = `require('net').createServer().listen(process.argv[1], () => console.log('up'))`;
    const child = spawn(process.execPath, ['-e', code, path]);
    await once(child.stdout, 'data');
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(existsSync(path)).toBe(true);
    const server = await helper.createUnix('stale', path, {}, echo);
    const client = unix.connect(server);
    client.write('x');
    expect((await read(client, 1)).toString()).toBe('x');
    client.destroy();
  });

  test('that is alive is left alone', async () => {
    const path = freshPath();
    const alive = createServer((socket) => socket.end('still here')).listen(path);
    await once(alive, 'listening');
    const taken = helper.createUnix('taken', path, {}, echo);
    await expect(taken).rejects.toMatchObject({ code: 'EADDRINUSE', title: 'taken' });
    const { data } = await outcome(connect(path));
    expect(data.toString()).toBe('still here');
    alive.close();
  });

  test('never replaces a file of another kind', async () => {
    const path = freshPath();
    writeFileSync(path, 'precious');
    await expect(helper.createUnix('file', path, {}, echo)).rejects.toMatchObject({
      code: 'EADDRINUSE',
    });
    expect(statSync(path).size).toBe(8);
  });

  test('can be asked for by create, with the path as option or in the place of the port', async () => {
    const [first, second] = [freshPath(), freshPath()];
    const byOption = await helper.create('option', 0, { proto: 'unix', path: first }, echo);
    const byPlace = await helper.create('place', second, { proto: 'unix' }, echo);
    expect([byOption.address(), byPlace.address()]).toEqual([first, second]);
  });

  test('can be abstract', async () => {
    const path = `\0sluice-test-${process.pid}`;
    const server = await helper.createUnix('abstract', path, {}, echo);
    const client = connect({ path });
    client.write('x');
    expect((await read(client, 1)).toString()).toBe('x');
    client.destroy();
    expect(server.protocol).toBe('unix');
  });
});
