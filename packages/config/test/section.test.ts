import { describe, expect, expectTypeOf, test } from 'vitest';
import {
  ConfigError,
  defineSection,
  describeSection,
  elementOf,
  param,
  parseConfig,
  secret,
  t,
} from '../src/index.js';

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

  test('a section that may occur once, or must, is held to it', () => {
    const twice = failure('<transport>\n</transport>\n<transport>\n</transport>');
    expect(twice).toMatchObject({ code: 'ERR_SLUICE_CONFIG_SECTION', line: 4, column: 1 });
    expect(twice.message).toContain('duplicate <transport> in <source>, the first is in line 2');
    const outer = defineSection({
      name: 'outer',
      sections: { users: { section: user, multiple: true, required: true } },
    });
    const read = () => outer.read(parseConfig('<outer>\n</outer>').elements[0]);
    expect(read).toThrow('<outer> requires a section <user>');
  });

  test('an argument is converted, pointed at, and asked for', () => {
    expect(failure('<transport tsl>\n</transport>').format()).toBe(
      [
        'test.conf:2:12: argument of <transport>: expected one of tcp, udp, tls, got "tsl"',
        '  2 | <transport tsl>',
        '    |            ^',
        '  hint: did you mean tls?',
      ].join('\n'),
    );
    const needed = defineSection({ name: 'n', argument: { kind: t.enum(['a', 'b']) } });
    const read = () => needed.read(parseConfig('<n>\n</n>').elements[0]);
    expect(read).toThrow('<n> requires an argument: a, b');
  });

  test('a section may have another name, and an unknown one warns', () => {
    const outer = defineSection({
      name: 'outer',
      sections: { user: { section: user, alias: 'account' } },
    });
    const warnings: string[] = [];
    const text = '<outer>\n<account>\nusername a\npassword b\n</account>\n<usr>\n</usr>\n</outer>';
    const value = outer.read(parseConfig(text, { path: 'f' }).elements[0], {
      log: { warn: (_, line) => warnings.push(line) },
    });
    expect(value.user?.username).toBe('a');
    expect(warnings).toEqual([
      'f:6: unknown section <usr> in <outer> is not used; did you mean user?',
    ]);
  });

  test('what others read does not warn', () => {
    const warnings: string[] = [];
    const [element] = parseConfig('<source>\nmine 1\n<buffer>\n</buffer>\n</source>').elements;
    const log = { warn: (_: unknown, line: string) => warnings.push(line) };
    forward.read(element, { log, ignoreParams: ['mine'], ignoreSections: ['buffer'] });
    expect(warnings).toEqual([]);
  });

  test('use_nil and use_default mean what they say', () => {
    expect(source('port "#{use_default}"').port).toBe(24224);
    expect(source('nonce "#{use_nil}"').nonce).toBeNull();
    expect(source('chunk_size_limit "#{use_nil}"').chunkSizeLimit).toBeUndefined();
    expect(failure('port "#{use_nil}"').format()).toContain('port cannot be nil');
    const missing = failure('<user>\nusername "#{use_default}"\npassword x\n</user>');
    expect(missing.message).toBe('username has no default, it is required in <user>');
    expect(missing).toMatchObject({ line: 3, column: 10 });
  });

  test('deprecated parameters warn, obsoleted ones are refused', () => {
    const old = defineSection({
      name: 'old',
      params: {
        slow: param(t.bool().optional(), { deprecated: 'use fast' }),
        gone: param(t.bool().optional(), { obsoleted: 'it had no use' }),
      },
    });
    const warnings: string[] = [];
    const read = (body: string) =>
      old.read(parseConfig(`<old>\n${body}\n</old>`, { path: 'f' }).elements[0], {
        log: { warn: (_, text) => warnings.push(text) },
      });
    expect(read('slow true').slow).toBe(true);
    expect(warnings).toEqual(['f:2: slow is deprecated: use fast']);
    expect(() => read('gone')).toThrow('gone no longer exists: it had no use');
  });

  test('the old spelling of a system parameter warns, and is understood', () => {
    const warnings: string[] = [];
    const root = parseConfig('<source>\ntype forward\n</source>', { path: 'f' });
    forward.read(root.elements[0], { log: { warn: (_, text) => warnings.push(text) } });
    expect(root.elements[0].type).toBe('forward');
    expect(warnings).toEqual(['f:2: type is deprecated; write @type']);
  });

  test('a secret shows up in no error', () => {
    const keyed = defineSection({ name: 'k', params: { pin: secret(t.integer({ max: 9999 })) } });
    try {
      keyed.read(parseConfig('<k>\n  pin 12345\n</k>').elements[0]);
      expect.unreachable();
    } catch (error) {
      const text = (error as ConfigError).format();
      expect(text).toContain('pin: expected 9999 or less');
      expect(text).toContain('|   pin xxxxxx');
      expect(text).not.toContain('12345');
    }
  });

  test('any other parameter may be taken as the rest', () => {
    const record = defineSection({
      name: 'record',
      params: { known: t.bool().default(false) },
      rest: t.string(),
    });
    const [element] = parseConfig('<record>\nknown\na 1\n__proto__ x\n</record>').elements;
    const value = record.read(element);
    expect(value.known).toBe(true);
    expect(Object.entries(value.rest)).toEqual([
      ['a', '1'],
      ['__proto__', 'x'],
    ]);
    expectTypeOf(value.rest).toEqualTypeOf<Record<string, string>>();
  });

  test('a check sees the whole value, and points at what is wrong', () => {
    const range = defineSection({
      name: 'range',
      params: { from: t.integer(), upTo: param(t.integer(), { alias: 'to' }) },
      check(value, { error }) {
        if (value.from > value.upTo) throw error('upTo', 'to is less than from', 'swap them');
      },
    });
    const read = () => range.read(parseConfig('<range>\nfrom 2\nto 1\n</range>').elements[0]);
    expect(read).toThrow(expect.objectContaining({ line: 3, column: 4, hint: 'swap them' }));
  });

  test('refinements hold', () => {
    const even = defineSection({
      name: 'e',
      params: {
        n: t
          .integer()
          .refine((n) => n % 2 === 0, 'expected an even number')
          .describe('N.'),
      },
    });
    const read = () => even.read(parseConfig('<e>\nn 3\n</e>').elements[0]);
    expect(read).toThrow('n: expected an even number, got "3"');
    expect(describeSection(even).params[0]).toMatchObject({ type: 'integer', description: 'N.' });
  });

  test('the element of a value is known, for errors that come later', () => {
    const value = source('<user>\nusername a\npassword b\n</user>');
    expect(elementOf(value.users[0])?.location.line).toBe(2);
    expect(elementOf({})).toBeUndefined();
  });
});

test('a section describes itself', () => {
  const { params, sections } = describeSection(forward);
  expect(params[0]).toEqual({
    name: 'port',
    type: 'integer',
    required: false,
    default: 24224,
    defaultText: '24224',
    description: 'The port.',
    secret: false,
    aliases: [],
  });
  expect(params[1]).toMatchObject({ name: 'bind', aliases: ['host'], default: '0.0.0.0' });
  expect(sections.map(({ name, multiple }) => [name, multiple])).toEqual([
    ['transport', false],
    ['user', true],
    ['store', true],
  ]);
  expect(sections[0].argument).toMatchObject({ type: 'enum', values: ['tcp', 'udp', 'tls'] });
  expect(sections[1].params[1]).toMatchObject({ name: 'password', secret: true, required: true });
});
