import { describe, expect, test } from 'vitest';
import {
  SocketOptionError,
  validateSocketOptions,
  type SocketOptions,
  type SocketProtocol,
} from '../src/index.js';

function failure(protocol: SocketProtocol, options: object): SocketOptionError {
  try {
    validateSocketOptions(protocol, options);
  } catch (error) {
    if (error instanceof SocketOptionError) return error;
    throw error;
  }
  throw new Error(`accepted: ${JSON.stringify(options)} for ${protocol}`);
}

describe('protocols', () => {
  const only: [keyof SocketOptions, unknown, SocketProtocol[]][] = [
    ['resolveName', true, ['tcp', 'tls', 'udp']],
    ['connect', { address: '::1', port: 1 }, ['udp']],
    ['nonblock', true, ['tcp', 'tls', 'udp', 'unix']],
    ['lingerTimeout', 0, ['tcp', 'tls']],
    ['recvTimeout', 0, ['tcp', 'tls', 'udp', 'unix']],
    ['sendTimeout', 0.5, ['tcp', 'tls', 'udp', 'unix']],
    ['sendKeepalivePacket', false, ['tcp', 'tls']],
    ['receiveBufferSize', 1, ['tcp', 'tls', 'udp', 'unix']],
    ['sendBufferSize', 1, ['tcp', 'tls', 'udp', 'unix']],
    ['keepaliveIdle', 1, ['tcp', 'tls']],
    ['keepaliveInterval', 32_767, ['tcp', 'tls']],
    ['keepaliveCount', 127, ['tcp', 'tls']],
    ['userTimeout', 0, ['tcp', 'tls']],
    ['noDelay', true, ['tcp', 'tls']],
    ['reusePort', true, ['tcp', 'tls', 'udp']],
  ];

  test.each(only)('%s', (option, value, protocols) => {
    for (const protocol of ['tcp', 'tls', 'udp', 'unix'] as const) {
      if (protocols.includes(protocol)) {
        expect(validateSocketOptions(protocol, { [option]: value })).toMatchObject({
          [option]: value,
        });
      } else {
        const error = failure(protocol, { [option]: value });
        expect(error).toMatchObject({ code: 'ERR_SLUICE_SOCKET_OPTION', option, value, protocols });
        expect(error.message).toContain(option);
        expect(error.message).toContain(protocols.join(', '));
      }
    }
  });
});

test.each<[string, unknown]>([
  ['lingerTimeout', -1],
  ['lingerTimeout', '1'],
  ['lingerTimeout', Number.NaN],
  ['lingerTimeout', Infinity],
  ['lingerTimeout', 2_147_484],
  ['recvTimeout', -0.001],
  ['sendTimeout', true],
  ['sendTimeout', 1n],
  ['receiveBufferSize', 0],
  ['receiveBufferSize', 1.5],
  ['sendBufferSize', 1_073_741_824],
  ['keepaliveIdle', 0],
  ['keepaliveIdle', 32_768],
  ['keepaliveInterval', 1.5],
  ['keepaliveCount', 128],
  ['userTimeout', 2_147_484],
  ['noDelay', 'true'],
  ['noDelay', 1],
  ['sendKeepalivePacket', {}],
  ['nonblock', false],
  ['nonblock', 0],
  ['resolveName', 'yes'],
  ['noSuchOption', 1],
  ['constructor', 1],
])('refuses %s: %s', (option, value) => {
  expect(failure('tcp', { [option]: value })).toMatchObject({ option, value });
});

test.each([
  true,
  'localhost',
  {},
  { address: '127.0.0.1' },
  { address: '', port: 1 },
  { address: '127.0.0.1', port: 0 },
  { address: '127.0.0.1', port: 65_536 },
  { address: '127.0.0.1', port: 1, host: 'x' },
])('refuses connect: %j', (value) => {
  expect(failure('udp', { connect: value }).message).toMatch(/^connect: .*(address|port)/);
});

test('says why nonblock cannot be false', () => {
  expect(failure('tcp', { nonblock: false }).message).toContain('event loop');
});

test('refuses an unknown protocol and options that are not an object', () => {
  expect(failure('sctp' as 'tcp', {})).toMatchObject({ option: 'protocol', value: 'sctp' });
  expect(failure('tcp', null as unknown as object).option).toBe('options');
});

test('returns a frozen copy without absent options', () => {
  const connect = { address: '127.0.0.1', port: 5 };
  const valid = validateSocketOptions('udp', { connect, recvTimeout: undefined });
  expect(Object.keys(valid)).toEqual(['connect']);
  connect.port = 6;
  expect(valid.connect!.port).toBe(5);
  expect(Object.isFrozen(valid) && Object.isFrozen(valid.connect)).toBe(true);
});

test('a keepalive time turns keepalive on, unless it is off on purpose', () => {
  expect(validateSocketOptions('tcp', { keepaliveCount: 2 }).sendKeepalivePacket).toBe(true);
  const off = { keepaliveCount: 2, sendKeepalivePacket: false };
  expect(validateSocketOptions('tcp', off).sendKeepalivePacket).toBe(false);
});
