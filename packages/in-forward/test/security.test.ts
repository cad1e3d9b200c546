import { ClientHandshake, encodeAck, encodeMessage } from '@sluice/forward-protocol';
import { expect, test } from 'vitest';
import { connectTo, type Client } from './support/client.js';
import { startInput } from './support/input.js';

const section = (more = '') =>
  `<security>\nself_hostname server\nshared_key key\n${more}\n</security>`;
const message = encodeMessage('t', { time: 1, record: {} }, { chunk: 'c' });

async function sendPing(
  client: Client,
  sharedKey = 'key',
  more: Buffer = Buffer.alloc(0),
): Promise<void> {
  const handshake = new ClientHandshake({ selfHostname: 'client', sharedKey });
  const step = handshake.push(await client.read(1));
  client.write(Buffer.concat([step.done ? Buffer.alloc(0) : step.reply!, more]));
}

test('events that come right after PING are taken', async () => {
  const server = await startInput(section());
  const client = await connectTo(server.port);
  await sendPing(client, 'key', message);
  let received = Buffer.alloc(0);
  while (!received.includes(encodeAck('c')))
    received = Buffer.concat([received, await client.read(1)]);
  expect(server.streams.length).toBe(1);
});

test('a wrong key gets PONG with the reason, one try, and the connection is closed', async () => {
  const server = await startInput(section());
  const client = await connectTo(server.port);
  await sendPing(client, 'wrong', message);
  const answer = await client.closed();
  expect(answer.toString('latin1')).toContain('shared_key mismatch');
  expect(server.streams).toEqual([]);
  expect(server.warnings()).toMatchObject([{ fields: { reason: 'shared_key mismatch' } }]);
  expect(server.input.received().closedConnections).toEqual({ handshake: 1 });
});

test.each([
  ['events', message, /invalid ping message/],
  ['JSON', Buffer.from('["t",1,{}]'), /no handshake message/],
  ['more than 64 KiB', Buffer.from([0x96, 0xdb, 0, 1, 0, 0]), /larger than 65536/],
])('%s instead of PING', async (_, bytes, reason) => {
  const server = await startInput(section());
  const client = await connectTo(server.port);
  client.write(bytes);
  await client.closed();
  expect(server.streams).toEqual([]);
  expect(server.warnings().length).toBe(1);
  expect(server.warnings()[0].text).toMatch(reason);
});

test('a peer that is silent after HELO goes after handshake_timeout', async () => {
  const server = await startInput(`handshake_timeout 0.05\n${section()}`);
  const client = await connectTo(server.port);
  await client.closed();
  expect(server.warnings()[0].text).toBe('connection closed: no PING within 0.05 seconds');
  expect(server.input.received().closedConnections).toEqual({ handshake_timeout: 1 });
});

test('clients by network, with their own key; all others denied', async () => {
  const text = section(
    'allow_anonymous_source false\n<client>\nnetwork 127.0.0.0/8\nshared_key own\n</client>',
  );
  const server = await startInput(text);
  const client = await connectTo(server.port);
  await sendPing(client, 'own', message);
  await client.read(1);
  const other = await startInput(text.replace('127.0.0.0/8', '10.0.0.0/8'));
  const denied = await connectTo(other.port);
  await sendPing(denied, 'own');
  expect((await denied.closed()).toString('latin1')).toContain(
    "anonymous source host '127.0.0.1' denied",
  );
});

test('a client by name', async () => {
  const server = await startInput(
    section('allow_anonymous_source false\n<client>\nhost localhost\n</client>'),
  );
  const client = await connectTo(server.port);
  await sendPing(client, 'key');
  expect((await client.read(1)).toString('latin1')).toContain('PONG');
  expect(server.warnings()).toEqual([]);
});

test('a client host that does not resolve is an error at the start', async () => {
  await expect(
    startInput(section('<client>\nhost no-such-host.invalid\n</client>')),
  ).rejects.toMatchObject({
    code: 'ERR_SLUICE_CLIENT_HOST',
    host: 'no-such-host.invalid',
    message: expect.stringMatching(/does not resolve/),
  });
});
