import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  ConfigError,
  dumpConfig,
  loadConfig,
  parseConfig,
  useDefault,
  type ConfigElement,
} from '../src/index.js';

function parse(text: string, env: Record<string, string> = {}): ConfigElement {
  return parseConfig(text, { path: 'test.yaml', env, hostname: 'host.example', workerId: 0 });
}

function failure(text: string): ConfigError {
  try {
    parse(text);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error(`it was accepted: ${text}`);
}

test('the same configuration in YAML and in the v1 language is the same tree', () => {
  const yaml = parse(
    [
      'system:',
      '  workers: 2',
      '  log:',
      '    format: json',
      'config:',
      '  - source:',
      '      $type: forward',
      '      $id: in',
      '      $label: "@MAIN"',
      '      $log_level: debug',
      '      port: 24224',
      '      transport:',
      '        $arg: tls',
      '        insecure: yes',
      '      security:',
      '        self_hostname: !fluent/s "#{hostname}"',
      "        shared_key: !fluent/s \"#{ENV['KEY'] || 'none'}\"",
      '        user:',
      '          - username: a',
      '            password: b',
      '          - username: c',
      '            password: d',
      '  - worker:',
      '      $arg: 0-1',
      '      config:',
      '        - source: { $type: "null" }',
      '  - label:',
      '      $name: "@MAIN"',
      '      config:',
      '        - filter:',
      '            $tag: [app.**, "web.*"]',
      '            $type: record_transformer',
      '            record:',
      '              host: !fluent/s "#{hostname}"',
      '        - match:',
      '            $tag: app.**',
      '            $type: file',
      '            perm: 0644',
      '            headers: !fluent/json {"k": "v", "n": 10, "b": true}',
      '            columns: [a, 1]',
      '            buffer:',
      '              $arg: [tag, time]',
    ].join('\n'),
    { KEY: 'k' },
  );
  const v1 = [
    '<system>',
    '  workers 2',
    '  <log>',
    '    format json',
    '  </log>',
    '</system>',
    '<source>',
    '  @type forward',
    '  @id in',
    '  @label @MAIN',
    '  @log_level debug',
    '  port 24224',
    '  <transport tls>',
    '    insecure true',
    '  </transport>',
    '  <security>',
    '    self_hostname host.example',
    '    shared_key k',
    '    <user>',
    '      username a',
    '      password b',
    '    </user>',
    '    <user>',
    '      username c',
    '      password d',
    '    </user>',
    '  </security>',
    '</source>',
    '<worker 0-1>',
    '  <source>',
    '    @type null',
    '  </source>',
    '</worker>',
    '<label @MAIN>',
    '  <filter app.** web.*>',
    '    @type record_transformer',
    '    <record>',
    '      host host.example',
    '    </record>',
    '  </filter>',
    '  <match app.**>',
    '    @type file',
    '    perm 0644',
    '    headers {"k":"v","n":10,"b":true}',
    '    columns ["a",1]',
    '    <buffer tag,time>',
    '    </buffer>',
    '  </match>',
    '</label>',
    '',
  ].join('\n');
  expect(dumpConfig(yaml, { showSecrets: true })).toBe(v1);
});

describe('a YAML value', () => {
  test.each([
    ['text', 'text'],
    ['"a\\nb"', 'a\nb'],
    ["'yes'", 'yes'],
    ['yes', 'true'],
    ['Off', 'false'],
    ['007', '007'],
    ['1_000', '1_000'],
    ['0.50', '0.50'],
    ['2026-11-22', '2026-11-22'],
    ['!!str no', 'no'],
    ['', null],
    ['~', null],
    ['"null"', 'null'],
    ['|\n      a\n      b\n', 'a\nb\n'],
    ['[]', '[]'],
    ['[1, a, "2", true, ~, 9007199254740993]', '[1,"a","2",true,null,9007199254740993]'],
    [
      '!fluent/json {a: [x, 1.50], b: !fluent/s "#{hostname}"}',
      '{"a":["x",1.50],"b":"host.example"}',
    ],
    ['!fluent/json text', '"text"'],
    ['!fluent/s "#{use_nil}"', null],
    ['!fluent/s "#{use_default}"', useDefault],
    ['!fluent/s "a#{worker_id}\\\\tb"', 'a0\tb'],
    ['!fluent/s plain', 'plain'],
  ])('%s', (text, expected) => {
    const [source] = parse(`config:\n - source:\n    k: ${text}`).elements;
    expect(source.params.get('k')?.value).toBe(expected);
  });

  test('knows anchors, aliases and merges', () => {
    const root = parse(
      [
        'config:',
        '  - source: &base',
        '      $type: forward',
        '      port: 1',
        '  - source:',
        '      <<: *base',
        '      port: 2',
      ].join('\n'),
    );
    expect(root.elements.map((element) => [element.type, element.get('port')])).toEqual([
      ['forward', '1'],
      ['forward', '2'],
    ]);
  });

  test('bounds what aliases repeat', () => {
    const lines = ['config:', ' - source:', '    a0: &a0 {k: v}'];
    for (let i = 1; i < 30; i++) lines.push(`    a${i}: &a${i} {x: *a${i - 1}, y: *a${i - 1}}`);
    expect(failure(lines.join('\n')).message).toMatch(/more than 200000 values/);
  });
});

test('the sections of one item keep the order that makes sense', () => {
  const root = parse('config:\n - match: {$tag: a}\n   filter: {$tag: a}\n   source: {}');
  expect(root.elements.map((element) => element.name)).toEqual(['source', 'filter', 'match']);
});

test('system comes with or without config, in either order', () => {
  expect(parse('system:\n  workers: 1').elements.map((e) => e.name)).toEqual(['system']);
  expect(parse('').elements).toEqual([]);
  expect(parse('config: []').elements).toEqual([]);
});

test('places are kept', () => {
  const [source] = parse('config:\n  - source:\n      $type: forward\n      port: abc').elements;
  expect(source.location).toMatchObject({ file: 'test.yaml', line: 2, column: 5 });
  expect(source.error('wrong', { param: 'port' }).format()).toBe(
    ['test.yaml:4:13: wrong', '  4 |       port: abc', '    |             ^'].join('\n'),
  );
});

test('unknown keys at the top warn', () => {
  const warnings: string[] = [];
  parseConfig('confg: []', {
    path: 'a.yml',
    log: { warn: (_, text) => warnings.push(text) },
  });
  expect(warnings).toEqual(['a.yml:1: unknown key confg is not used; did you mean config?']);
});

describe('a mistake in YAML', () => {
  test.each([
    ['config:\n  - souce:\n      a: 1', 2, 5, /^unknown section souce in config$/],
    ['config:\n  source: 1', 2, 3, /^expected a list of sections$/],
    ['config:\n  - source', 2, 5, /^expected each item of config to be a map$/],
    ['config:\n  - source: 1', 2, 13, /^expected source to be a map$/],
    ['config:\n  - label:\n      $name: x', 2, 5, /^label has no config$/],
    ['config:\n  - worker:\n      arg: 0\n      config: []', 3, 7, /^unknown key arg in worker$/],
    ['a: 1\na: 2', 2, 1, /^invalid YAML: Map keys must be unique$/],
    ['a: [1', 1, 6, /^invalid YAML: /],
    ['config:\n\t- a', 2, 1, /^invalid YAML: /],
    ['config: *x', 1, 9, /unknown alias \*x/],
    ['config:\n - source:\n    k: !ruby/object:X {}', 3, 23, /^unknown tag !ruby\/object:X$/],
    [
      'config:\n - source:\n    k: !fluent/s "#{1+1}"',
      3,
      18,
      /^unsupported Ruby code in #\{1\+1\}$/,
    ],
    ['config:\n - match:\n    $tag: {a: 1}', 3, 11, /^expected text$/],
    ['just text', 1, 1, /^expected the configuration to be a map$/],
    ['a: 1\n---\nb: 1', 2, 1, /^invalid YAML: /],
  ])('%j', (text, line, column, message) => {
    const error = failure(text);
    expect(error.message).toMatch(message);
    expect({ line: error.line, column: error.column }).toEqual({ line, column });
  });
});

describe('!include', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-config-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  async function load(files: Record<string, string>): Promise<ConfigElement> {
    for (const [name, text] of Object.entries(files)) {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), text);
    }
    return loadConfig(join(folder, 'main.yaml'));
  }

  test('brings lists, maps, values and files of the v1 language', async () => {
    const root = await load({
      'main.yaml': [
        'config:',
        '  - !include list.yaml',
        '  - !include map.yml',
        '  - !include "conf.d/*.conf"',
        '  - match:',
        '      <<: !include sub/common.yaml',
        '      $tag: "**"',
      ].join('\n'),
      'list.yaml': '- source: {$id: a}\n- source: {$id: b}',
      'map.yml': 'source: {$id: c}',
      'conf.d/d.conf': '<source>\n@id d\n</source>',
      'sub/common.yaml': '$id: e\nbuffer: !include buffer.yaml',
      'sub/buffer.yaml': '$type: memory',
    });
    expect(root.elements.map((element) => element.id)).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(root.elements[4].children('buffer')[0].type).toBe('memory');
    expect(root.elements[4].children('buffer')[0].location.file).toBe(
      join(folder, 'sub/common.yaml'),
    );
  });

  test('is what @include of a YAML file does, too', async () => {
    await load({ 'main.yaml': '', 'list.yaml': '- source: {$id: a}' });
    const root = parseConfig('@include list.yaml', { path: join(folder, 'main.conf') });
    expect(root.elements[0].id).toBe('a');
  });

  test.each([
    ['a loop of lists', '- !include main.yaml', /includes itself/],
    ['a loop of values', 'config: !include main.yaml', /includes itself/],
    ['a missing file', 'config: !include none.yaml', /no such file/],
    ['a URL', 'config:\n  - !include http://x.example/a.yaml', /only files can be included/],
    ['a file of another kind for a value', 'config: !include a.conf', /exactly one YAML file/],
  ])('refuses %s', async (_, text, message) => {
    const loading = load({ 'main.yaml': text, 'a.conf': '' });
    await expect(loading).rejects.toThrow(message);
    await expect(loading).rejects.toMatchObject({ name: 'ConfigError' });
  });
});
