import { once } from 'node:events';
import { connect, type AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { createServerHelper, silentLogger } from '../src/index.js';

const helper = createServerHelper({ log: silentLogger });
afterEach(() => helper.terminate());

test('a client that sends and half-closes gets its answer', async () => {
  const server = await helper.create('echo', 0, { bind: '127.0.0.1' }, async (data, conn) => {
    await new Promise((resolve) => setTimeout(resolve, 20));
    conn.write(data);
  });
  const { port } = server.address() as AddressInfo;
  const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  client.end('hello');
  const chunks: Buffer[] = [];
  client.on('data', (chunk) => chunks.push(chunk));
  await once(client, 'end');
  expect(Buffer.concat(chunks).toString()).toBe('hello');
});
