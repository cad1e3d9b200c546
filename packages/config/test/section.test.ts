import { describe, expect, expectTypeOf, test } from 'vitest';
import { ConfigError, defineSection, param, parseConfig, secret, t } from '../src/index.js';

const user = defineSection({
  name: 'user',
  params: {
    username: t.string().describe('Who.'),
    password: secret(t.string()),
  },
});

const transport = defineSection({
  name: 'transport',
  argument: { protocol: t.enum(['tcp', 'udp', 'tls']).default('tcp') },
  params: {
    lingerTimeout: t.time().default(0).describe('Seconds.'),
    certPath: t.string().optional(),
  },
});

const forward = defineSection({
  name: 'source',
  params: {
    port: t.integer({ min: 0, max: 65535 }).default(24224).describe('The port.'),
    bind: param(t.string().default('0.0.0.0'), { alias: 'host' }),
    chunkSizeLimit: t.size().optional(),
    nonce: t.string().nullable().default('x'),
  },
  sections: {
    transport: { section: transport, init: true },
    users: { section: user, multiple: true },
    stores: { raw: 'store', multiple: true },
  },
});

function source(body: string, warnings: string[] = []) {
  const root = parseConfig(`<source>\n${body}\n</source>\n`, { path: 'test.conf' });
  return forward.read(root.elements[0], { log: { warn: (_, text) => warnings.push(text) } });
}

function failure(body: string): ConfigError {
  try {
    source(body);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

describe('a section by its schema', () => {
  test('has defaults, types and nested sections', () => {
    const value = source(
      'port 24225\nchunk_size_limit 8m\n<transport tls>\nlinger_timeout 1m\n</transport>\n<user>\nusername a\npassword b\n</user>',
    );
    expect(value).toMatchObject({
      port: 24225,
      bind: '0.0.0.0',
      chunkSizeLimit: 8 * 1024 * 1024,
      nonce: 'x',
      transport: { protocol: 'tls', lingerTimeout: 60, certPath: undefined },
      users: [{ username: 'a', password: 'b' }],
      stores: [],
    });
    expectTypeOf(value.port).toEqualTypeOf<number>();
    expectTypeOf(value.chunkSizeLimit).toEqualTypeOf<number | undefined>();
    expectTypeOf(value.nonce).toEqualTypeOf<string | null>();
    expectTypeOf(value.transport.protocol).toEqualTypeOf<'tcp' | 'udp' | 'tls'>();
    expectTypeOf(value.users).toEqualTypeOf<{ username: string; password: string }[]>();
  });

  test('init gives an absent section its defaults', () => {
    expect(source('').transport).toEqual({
      protocol: 'tcp',
      lingerTimeout: 0,
      certPath: undefined,
    });
  });

  test('an alias is another name', () => {
    expect(source('host ::1').bind).toBe('::1');
  });

  test('an unknown parameter warns with the nearest known name', () => {
    const warnings: string[] = [];
    source('prot 1\n@type forward', warnings);
    expect(warnings).toEqual([
      'test.conf:2: unknown parameter prot in <source> is not used; did you mean port?',
    ]);
  });

  test('a wrong value is pointed at', () => {
    expect(failure('  port abc').format()).toBe(
      [
        'test.conf:2:8: port: expected an integer, got "abc"',
        '  2 |   port abc',
        '    |        ^',
        '  hint: write a whole number such as 24224',
      ].join('\n'),
    );
  });

  test('a missing parameter is asked for', () => {
    const error = failure('<user>\npassword x\n</user>');
    expect(error.code).toBe('ERR_SLUICE_CONFIG_REQUIRED');
    expect(error.format()).toContain('test.conf:2:1: username is required in <user>');
  });
});
