import { describe, expect, test } from 'vitest';
import { isNetwork, Networks, plainAddress, SocketOptionError } from '../src/index.js';

test.each([
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['::FFFF:192.0.2.1', '192.0.2.1'],
  ['2001:db8::1', '2001:db8::1'],
  ['::ffff:c000:201', '::ffff:c000:201'],
  ['::ffff:1.2.3.456', '::ffff:1.2.3.456'],
  ['/run/sluice.sock', '/run/sluice.sock'],
  ['', ''],
])('plain address of %j is %j', (address, plain) => {
  expect(plainAddress(address)).toBe(plain);
});

test.each(['192.0.2.1', '10.0.0.0/8', '0.0.0.0/0', '2001:db8::/32', '::ffff:10.0.0.0/104'])(
  '%s is an address or a network',
  (text) => {
    expect(isNetwork(text)).toBe(true);
  },
);

test.each(['', 'localhost', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/8/8', '10.0.0.0/-1', '::/129'])(
  '%j is not',
  (text) => {
    expect(isNetwork(text)).toBe(false);
    expect(() => new Networks([text], 'allow')).toThrow(SocketOptionError);
  },
);

describe('a set of networks', () => {
  const networks = new Networks(['192.0.2.1', '10.0.0.0/8', '2001:db8::/32', '::ffff:7.0.0.0/104']);

  test.each(['192.0.2.1', '::ffff:192.0.2.1', '10.255.0.1', '::ffff:10.1.2.3', '7.1.2.3'])(
    'has %s',
    (address) => {
      expect(networks.has(address)).toBe(true);
    },
  );

  test.each(['2001:db8::7', '2001:db8::7%eth0'])('has %s', (address) => {
    expect(networks.has(address)).toBe(true);
  });

  test.each(['192.0.2.2', '11.0.0.1', '2001:db9::1', '8.0.0.1', '', '/run/a.sock', 'localhost'])(
    'does not have %j',
    (address) => {
      expect(networks.has(address)).toBe(false);
    },
  );

  test('the error names the option and holds the entry', () => {
    expect(() => new Networks(['192.0.2.1', 5], 'allow')).toThrow(
      expect.objectContaining({
        option: 'allow',
        value: 5,
        message: 'allow: 5 is not an address or a network such as 192.0.2.0/24',
      }),
    );
  });
});
