import { createSocket } from 'node:dgram';
import { connect as connectTcp } from 'node:net';
import { connect } from 'node:tls';
import { getSocketOption } from '@sluice/socket-options';
import { afterAll, describe, expect, test } from 'vitest';
import { createServerHelper, messageFlags, silentLogger } from '../src/index.js';
import { freshPath, tlsOptions } from './support/transports.js';

// Wrong calls throw at once, and the error names the option: Fluentd's argument checks, and those
// that JavaScript needs.
const helper = createServerHelper({ log: silentLogger });
const udpSocket = createSocket('udp4');
afterAll(async () => {
  udpSocket.close();
  await helper.terminate();
});

const onData = (): void => undefined;
const call = (options: object, title: unknown = 'x', port: unknown = 0, callback: unknown = onData) =>
  helper.create(title as string, port as number, options, callback as () => void); // prettier-ignore

describe('create throws', () => {
  test.each([
    ['without a title', () => call({}, null), 'title'],
    ['for a title that is not a string', () => call({}, 3), 'title'],
    ['for an empty title', () => call({}, ''), 'title'],
    ['without a port', () => helper.create('x', undefined as unknown as number, onData), 'port'],
    ['for a port that is null', () => call({}, 'x', null), 'port'],
    ['for a port that is not an integer', () => call({}, 'x', 1.5), 'port'],
    ['for a port that is a string', () => call({}, 'x', '24224'), 'port'],
    ['for a port out of range', () => call({}, 'x', 65536), 'port'],
    ['without a callback', () => helper.create('x', 0, {}, null as never), 'onData'],
    ['for a callback of 3 arguments', () => call({}, 'x', 0, (a: number, b: number, c: number) => a + b + c), 'onData'],
    ['for an unknown protocol', () => call({ proto: 'sctp' }), 'proto'],
    ['for a bind that is not a string', () => call({ bind: 1 }), 'bind'],
    ['for a shared that is not a boolean', () => call({ shared: 'yes' }), 'shared'],
    ['for a reuseReadBuffers that is not a boolean', () => call({ reuseReadBuffers: 1 }), 'reuseReadBuffers'],
    ['for a wrong backlog', () => call({ backlog: 0 }), 'backlog'],
    ['for a backlog that is a string', () => call({ backlog: '500' }), 'backlog'],
    ['for a backlog that is too large', () => call({ backlog: 2 ** 40 }), 'backlog'],
    ['for options that are not an object', () => call('x' as never), 'options'],
    ['for options of createTcp that are none', () => helper.createTcp('x', 0, null as never, onData), 'options'],
    ['for createTcp with another protocol', () => helper.createTcp('x', 0, { proto: 'tls' }, onData), 'proto'],
    ['for a transport that is not an object', () => call({ transport: 'x' }), 'transport'],
    ['for an unknown option of a transport', () => call({ transport: { lingerTimout: 1 } }), 'transport.lingerTimout'],
    ['for an unknown protocol of a transport', () => call({ transport: { protocol: 'tpc' } }), 'transport.protocol'],
    ['for TLS options in a transport for tcp', () => call({ transport: { protocol: 'tcp', clientCertAuth: true } }), 'transport.clientCertAuth'],
    ['for TLS options in a transport without protocol', () => call({ transport: { certPath: '/x' } }), 'transport.certPath'],
    ['for an unknown option in the group tls', () => call({ proto: 'tls', tls: { clientCertAuht: true } }), 'tls.clientCertAuht'],
    ['for an unknown option in the group socket', () => call({ socket: { noDelai: true } }), 'socket.noDelai'],
    ['for an option within and without its group', () => call({ noDelay: true, socket: { noDelay: true } }), 'socket.noDelay'],
    ['for TLS options by both names', () => call({ proto: 'tls', tls: tlsOptions, tlsOptions }), 'tls'],
    ['for TLS options as a group on tcp', () => call({ tls: tlsOptions }), 'tls'],
    ['for an unknown option', () => call({ nonsense: 1 }), 'nonsense'],
    ['for a name in snake case', () => call({ linger_timeout: 1 }), 'linger_timeout'],
    ['for TLS options on tcp', () => call({ tlsOptions }), 'tlsOptions'],
    ['for TLS options on udp', () => call({ proto: 'udp', maxBytes: 9, tlsOptions }), 'tlsOptions'],
    ['for maxBytes on tcp', () => call({ maxBytes: 9 }), 'maxBytes'],
    ['for maxBytes on tls', () => call({ proto: 'tls', maxBytes: 9 }), 'maxBytes'],
    ['for maxBytes on unix', () => call({ proto: 'unix', path: '/x', maxBytes: 9 }), 'maxBytes'],
    ['for flags on tcp', () => call({ flags: 2 }), 'flags'],
    ['for a UDP socket on tcp', () => call({ socket: udpSocket }), 'socket'],
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

  test.each([
    [() => call({ nonblokc: true }), 'unknown option nonblokc: did you mean nonblock?'],
    [() => call({ backlok: 1 }), 'unknown option backlok: did you mean backlog?'],
    [() => call({ zzz: 1 }), /^unknown option zzz$/],
    [() => call({ transport: { lingerTimout: 1 } }), 'unknown option transport.lingerTimout: did you mean lingerTimeout?'],
    [() => call({ proto: 'tls', tls: { cert_path: '' } }), 'unknown option tls.cert_path: did you mean certPath?'],
    [() => call({ backlog: '500' }), 'backlog must be an integer from 1 to 2147483647, not "500"'],
    [() => call({ backlog: 2 ** 40 }), 'backlog must be an integer from 1 to 2147483647, not 1099511627776'],
    [() => call({}, 'x', null), 'port must be an integer from 0 to 65535, not null'],
    [() => call({}, 'x', '24224'), 'port must be an integer from 0 to 65535, not "24224"'],
    [() => call({ transport: 'x' }), 'transport must be an object, not "x"'],
    [() => call({ proto: 'tsl' }), 'proto must be one of tcp, tls, udp, unix, not "tsl"'],
    [() => call({ transport: { protocol: 'tcp', certPath: '/x' } }), 'transport.certPath is available only for tls, not for tcp'],
  ])('and says what is wrong: %#', (wrong, message) => {
    expect(wrong).toThrow(message);
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

describe('createServerHelper throws', () => {
  test.each([
    ['for an unknown option', { shutdownTimout: 1 }, 'shutdownTimout', 'did you mean shutdownTimeout?'],
    ['for a shutdownTimeout that is not a time', { shutdownTimeout: '5' }, 'shutdownTimeout', 'not "5"'],
    ['for a log that is none', { log: console.log }, 'log', 'log must'],
    ['for a log without levels', { log: { warn: () => undefined } }, 'log', 'must have the methods'],
    ['for a transport that is none', { transport: 'x' }, 'transport', 'must be an object'],
    ['for an unknown option of its transport', { transport: { nonsense: 1 } }, 'transport.nonsense', 'unknown option'],
    ['for TLS options beside tcp', { transport: { protocol: 'tcp', caPath: '/x' } }, 'transport.caPath', 'only for tls'],
  ])('%s', (_, options, option, message) => {
    const make = () => createServerHelper(options as never); // prettier-ignore
    expect(make).toThrow(expect.objectContaining({ option }));
    expect(make).toThrow(message);
  }); // prettier-ignore
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
    reuseReadBuffers: true,
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

test('every create works without options', async () => {
  const own = createServerHelper({ log: silentLogger, transport: { tls: tlsOptions } });
  const servers = [
    await own.createTcp('tcp', 0, onData),
    await own.createTls('tls', 0, onData),
    await own.createUnix('unix', freshPath(), onData),
    await own.createConnection('connections', 0, { proto: 'tcp' }, (each) => each.close()),
  ];
  expect(servers.map(({ protocol }) => protocol)).toEqual(['tcp', 'tls', 'unix', 'tcp']);
  await own.terminate();
});

test('options may come in groups, and reach the same places', async () => {
  const own = createServerHelper({ log: silentLogger });
  const seen = new Promise<unknown[]>((resolve) => {
    const socket = { sendKeepalivePacket: true, receiveBufferSize: 100_000 };
    const options = { bind: '127.0.0.1', tls: tlsOptions, socket };
    void own.createTls('tls', 0, options, (_, connection) => {
      resolve([
        getSocketOption(connection.socket, 'SO_KEEPALIVE'),
        getSocketOption(connection.socket, 'SO_RCVBUF'),
      ]);
    });
  });
  await own.waitUntilStart();
  const { port } = own.servers[0].address() as { port: number };
  const client = connect({ port, host: '127.0.0.1', rejectUnauthorized: false });
  client.write('x');
  expect(await seen).toEqual([true, 200_000]); // Linux doubles it
  client.destroy();
  await own.terminate();
});

test.each([{ receiveBufferSize: 100_000 }, { socket: { receiveBufferSize: 100_000 } }])(
  'receive_buffer_size of a transport section reaches accepted sockets: %j',
  async (transport) => {
    const own = createServerHelper({ log: silentLogger, transport });
    const size = new Promise((resolve) => {
      void own.create('tcp', 0, { bind: '127.0.0.1' }, (_, connection) =>
        resolve(getSocketOption(connection.socket, 'SO_RCVBUF')),
      );
    });
    await own.waitUntilStart();
    const client = connectTcp((own.servers[0].address() as { port: number }).port, '127.0.0.1');
    client.write('x');
    expect(await size).toBe(200_000);
    client.destroy();
    await own.terminate();
  },
);

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
