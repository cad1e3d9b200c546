import { encodeValue } from '@sluice/event-stream';
import { describe, expect, test } from 'vitest';
import {
  ClientHandshake,
  ForwardSecurity,
  ServerHandshake,
  type ClientHandshakeOptions,
  type ForwardSecurityOptions,
  type ServerHandshakeResult,
} from '../src/index.js';

const base: ForwardSecurityOptions = { selfHostname: 'server', sharedKey: 'key' };

/** Runs both sides against each other, in pieces of `size` bytes. */
function shake(
  security: Partial<ForwardSecurityOptions>,
  client: Partial<ClientHandshakeOptions>,
  address = '10.0.0.1',
  size = 1000,
): { server: ServerHandshakeResult; client: () => unknown } {
  const server = new ServerHandshake(new ForwardSecurity({ ...base, ...security }), { address });
  const peer = new ClientHandshake({ selfHostname: 'client', sharedKey: 'key', ...client });
  let ping: Buffer | undefined;
  for (const piece of cut(server.helo(), size)) {
    const step = peer.push(piece);
    if (!step.done && step.reply !== undefined) ping = step.reply;
  }
  let result: ServerHandshakeResult | undefined;
  for (const piece of cut(ping!, size)) result = server.push(piece);
  return { server: result!, client: () => peer.push(result!.reply) };
}

function* cut(bytes: Buffer, size: number): Generator<Buffer> {
  for (let pos = 0; pos < bytes.length; pos += size) yield bytes.subarray(pos, pos + size);
}

test.each([1, 7, 1000])('both sides know the key, in pieces of %i bytes', (size) => {
  const { server, client } = shake({}, {}, '10.0.0.1', size);
  expect(server).toMatchObject({ ok: true, hostname: 'client', username: undefined });
  expect(client()).toMatchObject({ done: true, serverHostname: 'server', keepalive: true });
});

test('a wrong key is answered with the reason', () => {
  const { server, client } = shake({}, { sharedKey: 'other' });
  expect(server).toMatchObject({ ok: false, reason: 'shared_key mismatch', hostname: 'client' });
  expect(client).toThrow('the server refuses the client: shared_key mismatch');
});

test('a server that does not know the key is found out', () => {
  const { server } = shake({}, {});
  const peer = new ClientHandshake({ selfHostname: 'client', sharedKey: 'key' });
  peer.push(new ServerHandshake(new ForwardSecurity(base), { address: '' }).helo());
  expect(server.ok).toBe(true);
  expect(() => peer.push(server.reply)).toThrow('the server does not know the shared key');
});

test('a server of the same name is refused', () => {
  const { client } = shake({ selfHostname: 'client' }, {});
  expect(client).toThrow('same self_hostname');
});

describe('users', () => {
  const users = [
    { username: 'ann', password: 'a' },
    { username: 'bob', password: 'b' },
  ];
  const clients = [{ networks: ['10.0.0.0/8'], users: ['bob'] }];

  test.each([
    ['ann', 'a', '192.0.2.1', true],
    ['ann', 'b', '192.0.2.1', false],
    ['eve', 'e', '192.0.2.1', false],
    ['', '', '192.0.2.1', false],
    ['ann', 'a', '10.1.2.3', false],
    ['bob', 'b', '10.1.2.3', true],
    ['bob', 'b', '::ffff:10.1.2.3', true],
  ])('%s/%s from %s: %s', (username, password, address, ok) => {
    const { server } = shake({ userAuth: true, users, clients }, { username, password }, address);
    expect(server.ok).toBe(ok);
    if (server.ok) expect(server.username).toBe(username);
    else expect(server.reason).toBe('username/password mismatch');
  });
});

describe('clients', () => {
  const clients = [
    { networks: ['192.0.2.7'], sharedKey: 'own' },
    { networks: ['2001:db8::/32'], sharedKey: 'six' },
  ];

  test.each([
    ['192.0.2.7', 'own', true, ''],
    ['192.0.2.7', 'key', true, 'shared_key mismatch'],
    ['2001:db8::1', 'six', true, ''],
    ['192.0.2.8', 'key', true, ''],
    ['192.0.2.8', 'key', false, "anonymous source host '192.0.2.8' denied"],
    ['/run/x.sock', 'key', false, "anonymous source host '/run/x.sock' denied"],
  ])('%s with %s, anonymous %s: %s', (address, sharedKey, allowAnonymousSource, reason) => {
    const { server } = shake({ clients, allowAnonymousSource }, { sharedKey }, address);
    if (reason === '') expect(server.ok).toBe(true);
    else expect(server).toMatchObject({ ok: false, reason });
  });

  test.each(['10.0.0.0/33', 'nonsense', '10.0.0.0/', '2001:db8::/129'])(
    '%s is not a network',
    (network) => {
      expect(() => new ForwardSecurity({ ...base, clients: [{ networks: [network] }] })).toThrow(
        'is not an address or a network',
      );
    },
  );
});

describe('what is not a handshake', () => {
  const server = () => new ServerHandshake(new ForwardSecurity(base), { address: '' });

  test('an array that is not a PING gets an answer', () => {
    const result = server().push(encodeValue(['PONG', 1]));
    expect(result).toMatchObject({ ok: false, reason: 'invalid ping message' });
  });

  test.each([
    ['events', Buffer.from([0x81, 0xa1, 0x61, 1])],
    ['JSON', Buffer.from('["PING"]')],
    ['0xc1', Buffer.from([0x91, 0xc1])],
    ['an announced length beyond 64 KiB', Buffer.from([0x96, 0xdb, 0, 1, 0, 0])],
    [
      'a long run of small values',
      Buffer.concat([Buffer.from([0xdd, 0, 1, 0, 1]), Buffer.alloc(65_536)]),
    ],
  ])('%s are refused', (_, bytes) => {
    expect(() => server().push(bytes)).toThrow(
      expect.objectContaining({ code: 'ERR_SLUICE_FORWARD_HANDSHAKE' }),
    );
  });

  test('bytes after PING are given back', () => {
    const { server: result } = shake({}, {});
    expect(result).toMatchObject({ ok: true, rest: Buffer.alloc(0) });
  });
});
