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
