import { once } from 'node:events';
import net from 'node:net';
import { createServerHelper, silentLogger } from '@sluice/server';
import { expect, onTestFinished, test } from 'vitest';
import { connectionLimits, HttpPages, plain } from '../src/http-pages.js';

async function serve(): Promise<number> {
  const helper = createServerHelper({ log: silentLogger });
  const pages = new HttpPages(() => plain(200, 'ok'), silentLogger);
  const options = { ...connectionLimits, bind: '127.0.0.1' };
  const server = await helper.createConnection('monitor', 0, options, (connection) =>
    pages.accept(connection),
  );
  onTestFinished(async () => {
    await helper.stop();
    await helper.shutdown();
    await helper.close();
  });
  return (server.address() as net.AddressInfo).port;
}

test('connections that send nothing lock nobody out', async () => {
  const port = await serve();
  const idle: net.Socket[] = [];
  onTestFinished(() => idle.forEach((socket) => void socket.destroy()));
  for (let i = 0; i < 300; i += 1) {
    const socket = net.connect(port, '127.0.0.1').on('error', () => undefined);
    await once(socket, 'connect');
    socket.write('GET /slow HTTP/1.1\r\n');
    idle.push(socket);
  }
  const answer = await fetch(`http://127.0.0.1:${port}/healthz`);
  expect([answer.status, await answer.text()]).toEqual([200, 'ok\n']);
});

test('a connection that has been answered may ask again', async () => {
  const port = await serve();
  const socket = net.connect(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  for (let i = 0; i < 3; i += 1) {
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    const [data] = (await once(socket, 'data')) as [Buffer];
    expect(data.toString()).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  }
});

test('300 broken requests leave nothing behind', async () => {
  const port = await serve();
  // The same numbers in each run.
  let state = 11;
  const random = (below: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return (state >>> 8) % below;
  };
  const whole = Buffer.from(
    'GET /metrics?x=%zz HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabcHEAD / HTTP/1.1\r\nHost: x\r\n\r\n',
  );
  for (let count = 0; count < 300; count += 20) {
    await Promise.all(
      Array.from({ length: 20 }, async () => {
        const bytes = Buffer.from(whole.subarray(0, whole.length - random(20)));
        for (let n = random(4); n > 0; n -= 1) bytes[random(bytes.length)] = random(256);
        const socket = net.connect(port, '127.0.0.1').on('error', () => undefined);
        let text = '';
        socket.setEncoding('latin1').on('data', (data: string) => (text += data));
        const closed = new Promise((resolve) => socket.once('close', resolve));
        socket.end(bytes);
        await closed;
        if (text !== '') expect(text).toMatch(/^HTTP\/1\.1 [2-5]\d\d /);
      }),
    );
  }
  const answer = await fetch(`http://127.0.0.1:${port}/healthz`);
  expect(answer.status).toBe(200);
}, 60_000);
