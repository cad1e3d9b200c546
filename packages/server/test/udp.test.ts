import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  createServerHelper,
  messageFlags,
  type Datagram,
  type DatagramPeer,
  type ServerHandle,
  type ServerHelper,
} from '../src/index.js';
import { deferred, until } from './support/clients.js';
import { MemoryLog } from './support/log.js';
import { at } from './support/transports.js';

let log: MemoryLog;
let helper: ServerHelper;
let client: Socket;
beforeEach(() => {
  log = new MemoryLog();
  helper = createServerHelper({ log, shutdownTimeout: 1 });
  client = createSocket('udp4');
});
afterEach(async () => {
  client.close();
  await helper.terminate();
});

const udp = { bind: '127.0.0.1', maxBytes: 2048 };
function send(server: ServerHandle, data: string | Buffer, socket = client): void {
  const { host, port } = at(server);
  socket.send(data, port, host);
}

describe('datagrams', () => {
  test('go to the callback with their sender, who gets the reply', async () => {
    const peers: DatagramPeer[] = [];
    const server = await helper.create('udp', 0, { ...udp, proto: 'udp' }, (data, peer) => {
      peers.push(peer);
      peer.write(`got ${data.toString()}`);
    });
    send(server, 'one');
    const [reply] = (await once(client, 'message')) as [Buffer];
    expect(reply.toString()).toBe('got one');
    const { port } = client.address();
    expect(peers[0]).toMatchObject({
      remoteAddr: '127.0.0.1',
      remotePort: port,
      remoteHost: '127.0.0.1',
      peer: `127.0.0.1:${port}`,
      protocol: 'udp',
      title: 'udp',
    });
    await until(() => server.stats().datagramsOut === 1);
    expect(server.stats()).toMatchObject({ datagramsIn: 1, bytesIn: 3, bytesOut: 7 });
  });

  test('there are no events and no data callback to register', async () => {
    const thrown = deferred<unknown[]>();
    const server = await helper.createUdp('udp', 0, udp, (_, peer) => {
      const errors = ['data', 'writeComplete', 'close'].map((event) => {
        try {
          return peer.on(event);
        } catch (error) {
          return error;
        }
      });
      thrown.resolve(errors);
    });
    send(server, 'x');
    for (const error of await thrown.promise) {
      expect(error).toMatchObject({ code: 'ERR_SLUICE_CONNECTION_EVENT' });
    }
  });

  test('IPv6, and both families beside each other on one port', async () => {
    const six = await helper.createUdp('six', 0, { maxBytes: 100, bind: '::' }, (data, peer) => {
      peer.write(`6 ${peer.remoteAddr} ${data.toString()}`);
    });
    const { port } = six.address() as { port: number };
    await helper.createUdp('four', port, { maxBytes: 100, bind: '0.0.0.0' }, (data, peer) => {
      peer.write(`4 ${peer.remoteAddr} ${data.toString()}`);
    });
    const client6 = createSocket('udp6');
    client6.send('x', port, '::1');
    expect(String((await once(client6, 'message'))[0])).toBe('6 ::1 x');
    client6.close();
    client.send('x', port, '127.0.0.1');
    expect(String((await once(client, 'message'))[0])).toBe('4 127.0.0.1 x');
  });

  test('both families in one with [::]', async () => {
    const server = await helper.createUdp('dual', 0, { maxBytes: 100, bind: '[::]' }, (_, peer) => {
      peer.write(peer.remoteAddr);
    });
    client.send('x', (server.address() as { port: number }).port, '127.0.0.1');
    expect(String((await once(client, 'message'))[0])).toBe('127.0.0.1');
  });
});

describe('maxBytes', () => {
  test('cuts a longer datagram as recv(2) does', async () => {
    const got = deferred<[Buffer, number]>();
    const server = await helper.createUdp('udp', 0, { ...udp, maxBytes: 4 }, (data, peer) => {
      got.resolve([data, peer.size]);
    });
    send(server, 'abcdefgh');
    expect(await got.promise).toEqual([Buffer.from('abcd'), 8]);
    expect(server.stats()).toMatchObject({ datagramsTruncated: 1, datagramsDropped: {} });
  });

  test('drops it with a warning where oversize says so', async () => {
    const seen: string[] = [];
    const options = { ...udp, maxBytes: 4, oversize: 'drop' } as const;
    const server = await helper.createUdp('udp', 0, options, (data) => seen.push(data.toString()));
    send(server, 'abcde');
    const line = await log.line({ level: 'warn', reason: 'oversize', title: 'udp', size: 5 });
    expect(line.peer).toBe(`127.0.0.1:${client.address().port}`);
    send(server, 'abcd');
    await until(() => seen.length > 0);
    expect(seen).toEqual(['abcd']);
    expect(server.stats()).toMatchObject({ datagramsDropped: { oversize: 1 }, datagramsIn: 2 });
  });
});

test.each([
  ['as names', ['MSG_DONTWAIT', 'MSG_WAITALL', 'MSG_TRUNC', 'MSG_NOSIGNAL'] as const],
  ['as a number', messageFlags.MSG_DONTWAIT! | messageFlags.MSG_TRUNC!],
])('flags that Node keeps anyway are taken, %s', async (_, flags) => {
  const options = { ...udp, maxBytes: 3, flags };
  const server = await helper.createUdp('udp', 0, options, (data, peer) => {
    peer.write(`${data.toString()} of ${peer.size}`); // MSG_TRUNC: the real length is known
  });
  send(server, 'abcdef');
  expect(String((await once(client, 'message'))[0])).toBe('abc of 6');
});

describe('an existing socket', () => {
  test('is read and answered through, and lives on', async () => {
    const socket = createSocket('udp4');
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    const server = await helper.createUdp('given', 0, { ...udp, socket }, (data, peer) => {
      peer.write(data);
    });
    expect(server.address()).toEqual(socket.address());
    send(server, 'x');
    expect(String((await once(client, 'message'))[0])).toBe('x');
    const { port } = socket.address();
    await helper.terminate();
    expect(socket.address().port).toBe(port);
    expect(socket.listenerCount('message')).toBe(0);
    socket.close();
  });

  test('is bound to the port and the address where it is not yet', async () => {
    const socket = createSocket('udp4');
    const server = await helper.createUdp('given', 0, { ...udp, socket }, () => undefined);
    expect(server.address()).toMatchObject({ address: '127.0.0.1' });
    await helper.terminate();
    socket.close();
  });
});

describe('a callback that returns a promise', () => {
  test('gets one datagram at a time, in order', async () => {
    const seen: string[] = [];
    let running = 0;
    const server = await helper.createUdp('udp', 0, udp, async (data) => {
      running += 1;
      expect(running).toBe(1);
      await new Promise((resolve) => setImmediate(resolve));
      seen.push(data.toString());
      running -= 1;
    });
    for (let index = 0; index < 20; index += 1) send(server, String(index));
    await until(() => seen.length === 20);
    expect(seen).toEqual(Array.from({ length: 20 }, (_, index) => String(index)));
  });

  test('has a bounded queue, and what does not fit is counted', async () => {
    const gate = deferred();
    let calls = 0;
    const options = { ...udp, maxQueuedBytes: 2000 };
    const server = await helper.createUdp('udp', 0, options, async () => {
      calls += 1;
      await gate.promise;
    });
    for (let index = 0; index < 10; index += 1) send(server, Buffer.alloc(700));
    await until(() => server.stats().datagramsIn === 10);
    expect(server.stats().datagramsDropped).toEqual({ 'queue-full': 7 });
    gate.resolve();
    await until(() => calls === 3);
  });

  test('keeps what waits until shutdown is done', async () => {
    const seen: string[] = [];
    const gate = deferred();
    const server = await helper.createUdp('udp', 0, udp, async (data, peer) => {
      await gate.promise;
      seen.push(data.toString());
      peer.write('done');
    });
    for (const text of ['a', 'b', 'c']) send(server, text);
    await until(() => server.stats().datagramsIn === 3);
    const down = helper.shutdown();
    expect(seen).toEqual([]);
    gate.resolve();
    await down;
    expect(seen).toEqual(['a', 'b', 'c']);
    expect(server.address()).toBeNull();
  });
});

test('a callback that throws or rejects is logged, and the next datagram comes', async () => {
  const seen: string[] = [];
  const server = await helper.createUdp('udp', 0, udp, (data) => {
    seen.push(data.toString());
    if (seen.length === 1) throw new Error('broken consumer');
    return seen.length === 2 ? Promise.reject(new Error('late')) : undefined;
  });
  for (const text of ['1', '2', '3']) send(server, text);
  await until(() => seen.length === 3);
  await log.line({ level: 'warn', reason: 'callback', title: 'udp' });
  expect(server.stats().aborted).toEqual({ callback: 2 });
});

test('batches: many datagrams in one callback, none lost, in order', async () => {
  const batches: (readonly Datagram[])[] = [];
  const server = await helper.createUdp('udp', 0, { ...udp, batch: 16 }, (datagrams) => {
    batches.push(datagrams);
    for (const datagram of datagrams) datagram.write('ack');
  });
  let acks = 0;
  client.on('message', () => (acks += 1));
  for (let index = 0; index < 100; index += 1) send(server, String(index));
  await until(() => acks === 100);
  const all = batches.flat().map(({ data }) => data.toString());
  expect(all).toEqual(Array.from({ length: 100 }, (_, index) => String(index)));
  expect(batches.length).toBeLessThan(100);
  expect(Math.max(...batches.map(({ length }) => length))).toBeLessThanOrEqual(16);
});

test('connect pins the socket to one peer in the kernel', async () => {
  client.bind(0, '127.0.0.1');
  await once(client, 'listening');
  const seen: string[] = [];
  const connect = { address: '127.0.0.1', port: client.address().port };
  const server = await helper.createUdp('udp', 0, { ...udp, connect }, (data, peer) => {
    seen.push(data.toString());
    peer.write('reply');
  });
  const stranger = createSocket('udp4');
  await new Promise((resolve) => stranger.send('no', at(server).port, '127.0.0.1', resolve));
  send(server, 'yes');
  expect(String((await once(client, 'message'))[0])).toBe('reply');
  expect(seen).toEqual(['yes']);
  stranger.close();
});

test('after stop nobody listens on the port', async () => {
  const server = await helper.createUdp('udp', 0, udp, () => undefined);
  const { host, port } = at(server);
  await helper.stop();
  const successor = createSocket('udp4');
  successor.bind(port, host);
  await once(successor, 'listening');
  successor.close();
});
