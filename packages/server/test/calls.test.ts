import { createSocket } from 'node:dgram';
import { afterAll, describe, expect, test } from 'vitest';
import { createServerHelper, messageFlags, silentLogger } from '../src/index.js';
import { freshPath, tlsOptions } from './support/transports.js';

// Wrong calls throw at once, and the error names the option: Fluentd's argument checks, and those
// that JavaScript needs.
const helper = createServerHelper({ log: silentLogger });
afterAll(() => helper.terminate());

const onData = (): void => undefined;
const call = (options: object, title: unknown = 'x', port: unknown = 0, callback: unknown = onData) =>
  helper.create(title as string, port as number, options, callback as () => void); // prettier-ignore

describe('create throws', () => {
  test.each([
    ['without a title', () => call({}, null), 'title'],
    ['for a title that is not a string', () => call({}, 3), 'title'],
    ['for an empty title', () => call({}, ''), 'title'],
    ['without a port', () => helper.create('x', undefined as unknown as number, onData), 'port'],
    ['for a port that is not an integer', () => call({}, 'x', 1.5), 'port'],
    ['for a port that is a string', () => call({}, 'x', '24224'), 'port'],
    ['for a port out of range', () => call({}, 'x', 65536), 'port'],
    ['without a callback', () => helper.create('x', 0, {}, null as never), 'onData'],
    ['for a callback of 3 arguments', () => call({}, 'x', 0, (a: number, b: number, c: number) => a + b + c), 'onData'],
    ['for an unknown protocol', () => call({ proto: 'sctp' }), 'proto'],
    ['for a bind that is not a string', () => call({ bind: 1 }), 'bind'],
    ['for a shared that is not a boolean', () => call({ shared: 'yes' }), 'shared'],
    ['for a wrong backlog', () => call({ backlog: 0 }), 'backlog'],
    ['for an unknown option', () => call({ nonsense: 1 }), 'nonsense'],
    ['for a name in snake case', () => call({ linger_timeout: 1 }), 'linger_timeout'],
    ['for TLS options on tcp', () => call({ tlsOptions }), 'tlsOptions'],
    ['for TLS options on udp', () => call({ proto: 'udp', maxBytes: 9, tlsOptions }), 'tlsOptions'],
    ['for maxBytes on tcp', () => call({ maxBytes: 9 }), 'maxBytes'],
    ['for maxBytes on tls', () => call({ proto: 'tls', maxBytes: 9 }), 'maxBytes'],
    ['for maxBytes on unix', () => call({ proto: 'unix', path: '/x', maxBytes: 9 }), 'maxBytes'],
    ['for flags on tcp', () => call({ flags: 2 }), 'flags'],
    ['for a UDP socket on tcp', () => call({ socket: {} }), 'socket'],
    ['for backlog on udp', () => call({ proto: 'udp', maxBytes: 9, backlog: 5 }), 'backlog'],
    ['for udp without maxBytes', () => call({ proto: 'udp' }), 'maxBytes'],
    ['for maxBytes of 0', () => call({ proto: 'udp', maxBytes: 0 }), 'maxBytes'],
    ['for a socket that is none', () => call({ proto: 'udp', maxBytes: 9, socket: 3 }), 'socket'],
    ['for oversize', () => call({ proto: 'udp', maxBytes: 9, oversize: 'cut' }), 'oversize'],
    ['for batch', () => call({ proto: 'udp', maxBytes: 9, batch: 0 }, 'x', 0, () => 0), 'batch'],
    ['for unix without a path', () => call({ proto: 'unix' }), 'path'],
    ['for a path that is too long', () => call({ proto: 'unix', path: '/x'.repeat(80) }), 'path'],
    ['for permissions', () => call({ proto: 'unix', path: '/x', permissions: 'rw' }), 'permissions'],
    ['for an owner', () => call({ proto: 'unix', path: '/x', owner: 'no-such-user' }), 'owner'],
    ['for a group', () => call({ proto: 'unix', path: '/x', group: 'no-such-group' }), 'group'],
    ['for a path on tcp', () => call({ path: '/x' }), 'path'],
    ['for bind on unix', () => call({ proto: 'unix', path: '/x', bind: '::1' }), 'bind'],
    ['for maxConnections', () => call({ maxConnections: 0 }), 'maxConnections'],
    ['for idleTimeout', () => call({ idleTimeout: -1 }), 'idleTimeout'],
    ['for handshakeTimeout', () => call({ handshakeTimeout: '1' }), 'handshakeTimeout'],
    ['for allowedNetworks', () => call({ allowedNetworks: ['10.0.0.0/33'] }), 'allowedNetworks'],
    ['for one network', () => call({ allowedNetworks: '10.0.0.0/8' }), 'allowedNetworks'],
    ['for a host', () => call({ proxyProtocolFrom: ['example.org'] }), 'proxyProtocolFrom'],
    ['for an fd', () => call({ fd: -1 }), 'fd'],
    ['for activation without systemd', () => call({ activation: true }), 'activation'],
    ['for socket options that are wrong', () => call({ lingerTimeout: 'x' }), 'lingerTimeout'],
    ['for linger on udp', () => call({ proto: 'udp', maxBytes: 9, lingerTimeout: 1 }), 'lingerTimeout'],
    ['for keepalive on udp', () => call({ proto: 'udp', maxBytes: 9, sendKeepalivePacket: true }), 'sendKeepalivePacket'],
    ['for resolveName on unix', () => call({ proto: 'unix', path: '/x', resolveName: true }), 'resolveName'],
    ['for linger on unix', () => call({ proto: 'unix', path: '/x', lingerTimeout: 1 }), 'lingerTimeout'],
    ['for connect on tcp', () => call({ connect: { address: '::1', port: 1 } }), 'connect'],
    ['for nonblock false', () => call({ nonblock: false }), 'nonblock'],
  ])('%s', (_, wrong, option) => {
    expect(wrong).toThrow(expect.objectContaining({ option }));
  }); // prettier-ignore

  test('what it says names the protocols that the option is for', () => {
    expect(() => call({ maxBytes: 1 })).toThrow('maxBytes is available only for udp, not for tcp');
    expect(() => call({ linger_timeout: 1 })).toThrow('did you mean lingerTimeout?');
  });

  test.each(['MSG_PEEK', 'MSG_OOB', 'MSG_ERRQUEUE', 'MSG_DONTROUTE'] as const)(
    'for the flag %s, which Node cannot keep',
    (flag) => {
      const message = new RegExp(`${flag} is not available: .+`);
      expect(() => call({ proto: 'udp', maxBytes: 9, flags: [flag] })).toThrow(message);
      expect(() => call({ proto: 'udp', maxBytes: 9, flags: messageFlags[flag] })).toThrow(message);
    },
  );
});

describe('createConnection throws', () => {
  const onConnection = (): void => undefined;
  test('for udp', () => {
    expect(() => helper.createConnection('x', 0, { proto: 'udp' }, onConnection)).toThrow(
      expect.objectContaining({ option: 'proto', protocols: ['tcp', 'tls', 'unix'] }),
    );
  });
  test('without a callback, and for one of 2 arguments', () => {
    const wrong = expect.objectContaining({ option: 'onConnection' });
    expect(() => helper.createConnection('x', 0, {}, null as never)).toThrow(wrong);
    const two = ((a: number, b: number) => a + b) as never;
    expect(() => helper.createConnection('x', 0, {}, two)).toThrow(wrong);
  });
});

describe('every option that a protocol has is taken', () => {
  const common = { shared: true, recvTimeout: 30, sendTimeout: 30, nonblock: true };
  const limits = {
    maxConnections: 10,
    idleTimeout: 60,
    firstByteTimeout: 60,
    closeTimeout: 5,
    maxWriteBuffer: 1_000_000,
    backlog: 128,
    receiveBufferSize: 65536,
    sendBufferSize: 65536,
  };
  const overTcp = {
    bind: '127.0.0.1',
    resolveName: true,
    lingerTimeout: 1,
    sendKeepalivePacket: true,
    keepaliveIdle: 60,
    keepaliveInterval: 10,
    keepaliveCount: 3,
    userTimeout: 30,
    noDelay: true,
    maxConnectionsPerAddress: 5,
    handshakeTimeout: 5,
    allowedNetworks: ['127.0.0.0/8', '::1'],
    proxyProtocolFrom: ['192.0.2.1'],
    ...limits,
  };

  test.each([
    ['tcp', { ...common, ...overTcp }],
    ['tls', { ...common, ...overTcp, tlsOptions }],
    ['unix', { ...common, ...limits, path: freshPath(), permissions: '0600' }],
    [
      'udp',
      {
        ...common,
        bind: '127.0.0.1',
        resolveName: true,
        receiveBufferSize: 65536,
        sendBufferSize: 65536,
        maxBytes: 2048,
        oversize: 'drop',
        flags: ['MSG_DONTWAIT', 'MSG_TRUNC'],
        maxQueuedBytes: 100_000,
      },
    ],
  ])('%s', async (proto, options) => {
    const own = createServerHelper({ log: silentLogger });
    const server = await own.create('all', 0, { proto, ...options } as never, onData);
    expect(server.protocol).toBe(proto);
    await own.terminate();
  });
});

test('titles are unique while their server lives', async () => {
  const own = createServerHelper({ log: silentLogger });
  const first = await own.create('same', 0, onData);
  expect(() => own.create('same', 0, onData)).toThrow(expect.objectContaining({ option: 'title' }));
  await first.close();
  const again = await own.create('same', 0, onData);
  expect(again.title).toBe('same');
  await own.terminate();
});

test('the system refuses by rejecting, with its code', async () => {
  const own = createServerHelper({ log: silentLogger });
  const first = await own.createTcp('first', 0, { bind: '127.0.0.1' }, onData);
  const { port } = first.address() as { port: number };
  const taken = own.createTcp('second', port, { bind: '127.0.0.1' }, onData);
  await expect(taken).rejects.toMatchObject({
    name: 'ListenError',
    code: 'EADDRINUSE',
    title: 'second',
    address: `127.0.0.1:${port}`,
  });
  const nowhere = own.createTcp('third', 0, { bind: '192.0.2.1' }, onData);
  await expect(nowhere).rejects.toMatchObject({ code: 'EADDRNOTAVAIL' });
  const udp = await own.createUdp('udp', 0, { bind: '127.0.0.1', maxBytes: 9 }, onData);
  const udpPort = (udp.address() as { port: number }).port;
  const takenUdp = own.createUdp('udp2', udpPort, { bind: '127.0.0.1', maxBytes: 9 }, onData);
  await expect(takenUdp).rejects.toMatchObject({ code: 'EADDRINUSE' });
  const unnamed = own.createTcp('fourth', 0, { bind: 'no-such-host.invalid' }, onData);
  await expect(unnamed).rejects.toMatchObject({ name: 'ListenError', title: 'fourth' });
  await own.terminate();
});

test('TLS that cannot be had rejects with the file at fault', async () => {
  const own = createServerHelper({ log: silentLogger });
  const missing = { certPath: '/nonexistent/cert.pem', privateKeyPath: '/nonexistent/key.pem' };
  await expect(own.createTls('x', 0, { tlsOptions: missing }, onData)).rejects.toThrow(
    '/nonexistent',
  );
  await expect(own.createTls('x', 0, {}, onData)).rejects.toThrow(/certPath|cert_path/);
  await own.terminate();
});

test('after stop nothing can be created', async () => {
  const own = createServerHelper({ log: silentLogger });
  await own.stop();
  expect(() => own.create('x', 0, onData)).toThrow(
    expect.objectContaining({ code: 'ERR_SLUICE_SERVER_STOPPED' }),
  );
});

test('a transport section gives the protocol and the defaults', async () => {
  const own = createServerHelper({
    log: silentLogger,
    transport: { protocol: 'tls', lingerTimeout: 1, ...tlsOptions },
  });
  const server = await own.create('tls', 0, { bind: '127.0.0.1' }, onData);
  expect(server.protocol).toBe('tls');
  // What the section says is for TCP and TLS, and no reason to refuse a UDP server beside them.
  const socket = createSocket('udp4');
  const udp = await own.createUdp('udp', 0, { maxBytes: 100, socket }, onData);
  expect(udp.protocol).toBe('udp');
  await own.terminate();
  socket.close();
});
