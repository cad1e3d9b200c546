import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  createServerHelper,
  parseProxyHeader,
  type ServerHandle,
  type ServerHelper,
} from '../src/index.js';
import { outcome, read } from './support/clients.js';
import { MemoryLog } from './support/log.js';
import { at, proxiedBothWays } from './support/transports.js';

const signature = Buffer.from('0d0a0d0a000d0a515549540a', 'hex');
function version2(command: number, family: number, body: Buffer): Buffer {
  const head = Buffer.from([0x20 | command, family, body.length >> 8, body.length & 0xff]);
  return Buffer.concat([signature, head, body]);
}
const ipv4 = Buffer.from([203, 0, 113, 9, 192, 0, 2, 1, 0xc0, 0x00, 0x5e, 0xa0]);
const ipv6 = Buffer.concat([
  Buffer.from('20010db8000000000000000000000009', 'hex'),
  Buffer.from('20010db8000000000000000000000001', 'hex'),
  Buffer.from([0xc0, 0x00, 0x5e, 0xa0]),
]);
const tlv = Buffer.from([0x04, 0x00, 0x02, 0x61, 0x62]);
const text = (line: string): Buffer => Buffer.from(`${line}\r\n`);

const good: [string, Buffer, string | undefined][] = [
  ['1, TCP4', text('PROXY TCP4 203.0.113.9 192.0.2.1 49152 24224'), '203.0.113.9:49152'],
  ['1, TCP6', text('PROXY TCP6 2001:db8::9 2001:db8::1 49152 24224'), '2001:db8::9:49152'],
  ['1, UNKNOWN', text('PROXY UNKNOWN'), undefined],
  ['1, UNKNOWN and more', text('PROXY UNKNOWN ffff:: ffff:: 1 2'), undefined],
  ['2, TCP4', version2(1, 0x11, ipv4), '203.0.113.9:49152'],
  ['2, TCP4 with a TLV', version2(1, 0x11, Buffer.concat([ipv4, tlv])), '203.0.113.9:49152'],
  ['2, TCP6', version2(1, 0x21, ipv6), '2001:db8::9:49152'],
  ['2, LOCAL', version2(0, 0x00, Buffer.alloc(0)), undefined],
  ['2, Unix addresses', version2(1, 0x31, Buffer.alloc(216)), undefined],
];
const bad: [string, Buffer][] = [
  ['no header', Buffer.from('hello')],
  ['TLS', Buffer.from('160301', 'hex')],
  ['a wrong family', text('PROXY UDP4 203.0.113.9 192.0.2.1 1 2')],
  ['a broken address', text('PROXY TCP4 203.0.113 192.0.2.1 1 2')],
  ['an IPv6 address for TCP4', text('PROXY TCP4 ::1 ::1 1 2')],
  ['a broken port', text('PROXY TCP4 203.0.113.9 192.0.2.1 065536 2')],
  ['a missing port', text('PROXY TCP4 203.0.113.9 192.0.2.1 1')],
  ['too many words', text('PROXY TCP4 203.0.113.9 192.0.2.1 1 2 3')],
  ['a line without an end', Buffer.from(`PROXY TCP4 ${'1'.repeat(120)}`)],
  ['version 3', Buffer.concat([signature, Buffer.from([0x31, 0x11, 0, 12]), ipv4])],
  ['an unknown command', version2(2, 0x11, ipv4)],
  ['too short for IPv4', version2(1, 0x11, ipv4.subarray(4))],
  ['too short for IPv6', version2(1, 0x21, ipv4)],
  ['far too long', version2(1, 0x11, Buffer.alloc(60_000))],
];

describe('the header', () => {
  test.each(good)('version %s', (_, bytes, expected) => {
    const header = parseProxyHeader(Buffer.concat([bytes, Buffer.from('rest')]))!;
    expect(header.length).toBe(bytes.length);
    const { source } = header;
    expect(source && `${source.address}:${source.port}`).toBe(expected);
    for (let cut = 0; cut < bytes.length; cut += 1) {
      expect(parseProxyHeader(bytes.subarray(0, cut))).toBeUndefined();
    }
  });

  test.each(bad)('with %s is refused', (_, bytes) => {
    expect(() => parseProxyHeader(bytes)).toThrow(
      expect.objectContaining({ code: 'ERR_SLUICE_PROXY_HEADER' }),
    );
  });
});

let log: MemoryLog;
let helper: ServerHelper;
let client: Socket | undefined;
beforeEach(() => {
  log = new MemoryLog();
  helper = createServerHelper({ log, shutdownTimeout: 1 });
});
afterEach(async () => {
  client?.destroy();
  client = undefined;
  await helper.terminate();
});

describe.each(proxiedBothWays)('a load balancer before $name', (transport) => {
  const serve = (options: object): Promise<ServerHandle> =>
    helper.createConnection('main', 0, { ...transport.options(), ...options }, (connection) => {
      connection.on('data', (data) => connection.write(`${connection.peer} ${data.toString()}`));
    });
  /** What a client of ours is, after the header has been sent in these pieces. */
  async function start(server: ServerHandle, pieces: readonly Buffer[]): Promise<Socket> {
    const raw = connect(at(server));
    raw.setNoDelay(true);
    for (const piece of pieces) {
      await new Promise((resolve) => raw.write(piece, resolve));
      if (pieces.length > 1) await new Promise((resolve) => setImmediate(resolve));
    }
    if (transport.protocol === 'tcp') return raw;
    return connectTls({ socket: raw, rejectUnauthorized: false });
  }

  test.each(good)('version %s', async (_, header, expected) => {
    const server = await serve({ proxyProtocolFrom: ['127.0.0.1'] });
    client = await start(server, [header]);
    client.write('hi');
    const port = /:(\d+)$/.exec(expected ?? '')?.[1];
    const answer = await read(client, 1);
    if (expected === undefined) expect(answer.toString()).toMatch(/^127\.0\.0\.1:\d+ hi$/);
    else expect(answer.toString()).toMatch(new RegExp(`^\\[?[0-9a-f.:]+\\]?:${port!} hi$`));
  });

  test('a header that comes byte by byte', async () => {
    const server = await serve({ proxyProtocolFrom: ['127.0.0.0/8'] });
    const bytes = [...text('PROXY TCP4 203.0.113.9 192.0.2.1 49152 24224')];
    client = await start(
      server,
      bytes.map((byte) => Buffer.from([byte])),
    );
    client.write('hi');
    expect((await read(client, 1)).toString()).toBe('203.0.113.9:49152 hi');
  });

  test('the limits look at the client, not at the load balancer', async () => {
    const options = { proxyProtocolFrom: ['127.0.0.1'], allowedNetworks: ['203.0.113.0/24'] };
    const server = await serve(options);
    client = await start(server, [text('PROXY TCP4 203.0.113.9 192.0.2.1 1 2')]);
    client.write('hi');
    expect((await read(client, 1)).toString()).toBe('203.0.113.9:1 hi');
    const other = await start(server, [text('PROXY TCP4 198.51.100.1 192.0.2.1 7 2')]);
    await outcome(other);
    await log.line({ reason: 'network-not-allowed', peer: '198.51.100.1:7' });
  });

  test('a peer that is not listed is taken as it is', async () => {
    const server = await serve({ proxyProtocolFrom: ['192.0.2.0/24'] });
    client = await start(server, []);
    client.write('hi');
    expect((await read(client, 1)).toString()).toMatch(/^127\.0\.0\.1:\d+ hi$/);
  });

  test('a listed peer without a header is refused, logged and counted', async () => {
    const server = await serve({ proxyProtocolFrom: ['127.0.0.1'] });
    client = connect(at(server));
    client.write('no header');
    await outcome(client);
    await log.line({ level: 'warn', reason: 'proxy-header', title: 'main' });
    expect(server.stats()).toMatchObject({ accepted: 0, open: 0, refused: { 'proxy-header': 1 } });
  });

  test('a header that does not come in time is refused', async () => {
    const server = await serve({ proxyProtocolFrom: ['127.0.0.1'], handshakeTimeout: 0.2 });
    client = connect(at(server));
    client.write('PROXY TCP4');
    await outcome(client);
    expect(server.stats().refused).toEqual({ 'proxy-timeout': 1 });
  });
});
