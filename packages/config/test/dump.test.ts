import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  ConfigElement,
  defineSection,
  dumpConfig,
  parseConfig,
  secret,
  t,
  useDefault,
  type ConfigParam,
  type ParamValue,
} from '../src/index.js';

/** A tree without places, to compare trees by. */
function shape(element: ConfigElement): unknown {
  return {
    name: element.name,
    arg: element.arg,
    params: [...element.params.values()].map(({ name, value }) => [name, value]),
    elements: element.elements.map(shape),
  };
}

const location = { file: 'x', line: 1, column: 1, lineText: '' };
const text = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: fc.constantFrom(...'ab #"\'\\{}[]<>\n\r\t\0@,:/='.split('')) }),
);
const json = fc
  .oneof(fc.array(fc.jsonValue()), fc.dictionary(text, fc.jsonValue()), fc.array(text))
  .map((value) => JSON.stringify(value));
const param = fc
  .tuple(
    text.filter((name) => name !== '' && !name.startsWith('@')),
    fc.oneof<fc.Arbitrary<Pick<ConfigParam, 'value' | 'form'>>[]>(
      text.map((value) => ({ value, form: 'bare' as const })),
      json.map((value) => ({ value, form: 'json' as const })),
      fc
        .constantFrom<ParamValue>(null, useDefault)
        .map((value) => ({ value, form: 'double' as const })),
    ),
  )
  .map(([name, value]): ConfigParam => ({ name, ...value, location, valueLocation: location }));
const section = (elements: fc.Arbitrary<ConfigElement[]>) =>
  fc
    .record({
      name: fc.stringMatching(/^[a-zA-Z0-9_]{1,8}$/).filter((name) => name !== 'ROOT'),
      arg: text,
      params: fc.array(param, { maxLength: 4 }),
      elements,
    })
    .map((fields) => new ConfigElement({ ...fields, location }));
const leaf = section(fc.constant([]));
const branch = section(fc.array(leaf, { maxLength: 3 }));
const tree = section(fc.array(fc.oneof(leaf, branch), { maxLength: 3 }));

describe('a dump', () => {
  test('parses to the same tree, whatever the tree', () => {
    fc.assert(
      fc.property(fc.array(tree, { maxLength: 4 }), (elements) => {
        const root = new ConfigElement({ name: 'ROOT', location, elements });
        const again = parseConfig(dumpConfig(root, { showSecrets: true }));
        expect(shape(again)).toEqual(shape(root));
      }),
      { numRuns: 400 },
    );
  });

  test('of a dump is the same text', () => {
    const source = [
      'a 1',
      'b "x\\ny # no comment"',
      "c '  blanks  '",
      'd [1, 2, {"k": "v"}] # comment',
      'e "#{use_nil}"',
      'f',
      '<match "a>b" >',
      '  g \\#{not_code}',
      '  <store x>',
      '  </store>',
      '</match>',
      '',
    ].join('\n');
    const first = dumpConfig(parseConfig(source));
    expect(first).toBe(
      [
        'a 1',
        'b "x\\ny # no comment"',
        'c "  blanks  "',
        'd [1,2,{"k":"v"}]',
        'e "#{use_nil}"',
        'f ""',
        '<match "a>b">',
        '  g \\#{not_code}',
        '  <store x>',
        '  </store>',
        '</match>',
        '',
      ].join('\n'),
    );
    expect(dumpConfig(parseConfig(first))).toBe(first);
  });

  test('masks what a definition calls secret, and what is called like a secret', () => {
    const user = defineSection({
      name: 'user',
      params: { name: t.string(), door: secret(t.string()), passwordMode: t.string().optional() },
    });
    const root = parseConfig(
      [
        '<user>',
        'name joe',
        'door 4711',
        'shared_key abc',
        '</user>',
        '<other>',
        'private_key_passphrase abc',
        'private_key_path /etc/key',
        'aws_sec_key abc',
        'api_key abc',
        '</other>',
      ].join('\n'),
    );
    user.read(root.elements[0]);
    expect(dumpConfig(root)).toBe(
      [
        '<user>',
        '  name joe',
        '  door xxxxxx',
        '  shared_key xxxxxx',
        '</user>',
        '<other>',
        '  private_key_passphrase xxxxxx',
        '  private_key_path /etc/key',
        '  aws_sec_key xxxxxx',
        '  api_key xxxxxx',
        '</other>',
        '',
      ].join('\n'),
    );
  });

  test('adds the defaults of the sections that were read', () => {
    const source = defineSection({
      name: 'source',
      params: {
        port: t.integer().default(24224),
        bind: t.string().default('0.0.0.0'),
        key: secret(t.string().default('k')),
        tag: t.string().optional(),
      },
    });
    const root = parseConfig('<source>\nport 1\n</source>');
    source.read(root.elements[0]);
    expect(dumpConfig(root, { defaults: true })).toBe(
      ['<source>', '  port 1', '  # bind 0.0.0.0', '  # key xxxxxx', '</source>', ''].join('\n'),
    );
  });

  test('of an element by console.log or JSON shows no values', () => {
    const root = parseConfig('<user a>\npassword pw\n<x>\n</x>\n</user>', { path: 'f' });
    expect(inspect(root.elements[0])).toBe('ConfigElement <user a> at f:1 { password, <x> }');
    expect(JSON.stringify(root)).not.toContain('pw');
  });
});
