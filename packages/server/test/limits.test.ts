import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { generateSelfSigned } from '@sluice/tls';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createServerHelper, type ServerHandle, type ServerHelper } from '../src/index.js';
import { deferred, outcome, read, until } from './support/clients.js';
import { MemoryLog } from './support/log.js';
import { at, tcp, tls, tlsOptions, bothWays, unix } from './support/transports.js';

let log: MemoryLog;
let helper: ServerHelper;
const clients: Socket[] = [];
beforeEach(() => {
  log = new MemoryLog();
  helper = createServerHelper({ log, shutdownTimeout: 1 });
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await helper.terminate();
});

function open(transport: typeof tcp, server: ServerHandle): Socket {
  const client = transport.connect(server);
  clients.push(client);
  return client;
}
const echo = (data: Buffer, connection: { write(data: Buffer): boolean }): void => {
  connection.write(data);
};

describe.each(bothWays)('over $name', (transport) => {
  test('connections beyond maxConnections are refused, logged and counted', async () => {
    const options = { ...transport.options(), maxConnections: 2 };
    const server = await helper.create('main', 0, options, echo);
    for (const client of [open(transport, server), open(transport, server)]) {
      client.write('x');
      await read(client, 1);
    }
    const third = open(transport, server);
    const end = await outcome(third);
    expect(end.data).toHaveLength(0);
    await log.line({ level: 'warn', reason: 'max-connections', title: 'main' });
    expect(server.stats()).toMatchObject({
      accepted: 2,
      open: 2,
      refused: { 'max-connections': 1 },
    });
    clients[0].destroy();
    await until(() => server.stats().open === 1);
    const fourth = open(transport, server);
    fourth.write('y');
    expect((await read(fourth, 1)).toString()).toBe('y');
  });
});

test('no more connections from one address than maxConnectionsPerAddress', async () => {
  const options = { ...tcp.options(), bind: '0.0.0.0', maxConnectionsPerAddress: 1 };
  const server = await helper.create('main', 0, options, echo);
  const first = open(tcp, server);
  first.write('x');
  await read(first, 1);
  expect(await outcome(open(tcp, server))).toMatchObject({ error: 'ECONNRESET' });
  const line = await log.line({ reason: 'max-connections-per-address' });
  expect(line.peer).toMatch(/^127\.0\.0\.1:\d+$/);
  const { port } = at(server);
  const other = connect({ port, host: '127.0.0.1', localAddress: '127.0.0.2' });
  clients.push(other);
  other.write('y');
  expect((await read(other, 1)).toString()).toBe('y');
  first.destroy();
  await until(() => server.stats().open === 1);
  const again = open(tcp, server);
  again.write('z');
  expect((await read(again, 1)).toString()).toBe('z');
});

test('only allowedNetworks may connect', async () => {
  const options = { ...tcp.options(), allowedNetworks: ['127.0.0.2', '10.0.0.0/8', '::1'] };
  const server = await helper.create('main', 0, options, echo);
  expect(await outcome(open(tcp, server))).toMatchObject({ error: 'ECONNRESET' });
  await log.line({ level: 'warn', reason: 'network-not-allowed' });
  const { port } = at(server);
  const other = connect({ port, host: '127.0.0.1', localAddress: '127.0.0.2' });
  clients.push(other);
  other.write('y');
  expect((await read(other, 1)).toString()).toBe('y');
  expect(server.stats()).toMatchObject({ accepted: 1, refused: { 'network-not-allowed': 1 } });
});

describe('TLS handshakes', () => {
  test('one that takes longer than handshakeTimeout is ended', async () => {
    const options = { ...tls.options(), handshakeTimeout: 0.2 };
    const server = await helper.create('main', 0, options, echo);
    const silent = open(tcp, server);
    await outcome(silent);
    await log.line({ level: 'warn', reason: 'ERR_TLS_HANDSHAKE_TIMEOUT' });
    expect(server.stats()).toMatchObject({
      open: 0,
      accepted: 1,
      handshakeFailures: { ERR_TLS_HANDSHAKE_TIMEOUT: 1 },
    });
  });

  test('plain text is a failed handshake with the peer and the reason, and hurts nobody', async () => {
    const server = await helper.create('main', 0, tls.options(), echo);
    const good = open(tls, server);
    await once(good, 'secureConnect');
    const plain = open(tcp, server);
    plain.write('GET / HTTP/1.0\r\n\r\n');
    await outcome(plain);
    const line = await log.line({ message: 'TLS handshake failed: ERR_SSL_HTTP_REQUEST' });
    expect(line.peer).toMatch(/^127\.0\.0\.1:\d+$/);
    good.write('x');
    expect((await read(good, 1)).toString()).toBe('x');
  });

  test('a client whose certificate does not verify never reaches a data callback', async () => {
    const seen: Buffer[] = [];
    const options = { ...tls.options(), tlsOptions: { ...tlsOptions, clientCertAuth: true } };
    const server = await helper.create('main', 0, options, (data) => seen.push(data));
    const client = open(tls, server);
    client.write('let me in');
    await outcome(client);
    await until(() => Object.keys(server.stats().handshakeFailures).length > 0);
    expect(seen).toEqual([]);
    expect(server.stats().open).toBe(0);
  });

  test('a verifier decides, also later, and data sent meanwhile is kept', async () => {
    const seen: string[] = [];
    const asked = deferred();
    const gate = deferred<boolean>();
    const certVerifier = (): Promise<boolean> => {
      asked.resolve();
      return gate.promise;
    };
    const pair = await generateSelfSigned({ keyType: 'ecdsa', commonName: 'client' });
    const options = { ...tls.options(), tlsOptions: { ...tlsOptions, certVerifier } };
    const server = await helper.create('main', 0, options, (data, connection) => {
      seen.push(data.toString());
      connection.write('ok');
    });
    const client = connectTls({
      ...at(server),
      rejectUnauthorized: false,
      cert: pair.certificate,
      key: pair.privateKey,
    });
    clients.push(client);
    client.write('early');
    await asked.promise;
    expect(seen).toEqual([]);
    gate.resolve(true);
    expect((await read(client, 2)).toString()).toBe('ok');
    expect(seen.join('')).toBe('early');
  });
});

test('a flood of refusals is cut in the log, and not in the counters', async () => {
  const options = { ...unix.options(), maxConnections: 1 };
  const server = await helper.create('main', 0, options, echo);
  const first = open(unix, server);
  first.write('x');
  await read(first, 1);
  await Promise.all(Array.from({ length: 150 }, () => outcome(open(unix, server))));
  expect(server.stats().refused).toEqual({ 'max-connections': 150 });
  await until(() => log.lines.some((line) => typeof line.suppressed === 'number'));
  const lines = log.lines.filter(({ reason }) => reason === 'max-connections');
  expect(lines.length).toBeLessThan(150);
});
