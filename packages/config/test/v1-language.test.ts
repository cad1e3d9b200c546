import { hostname } from 'node:os';
import { describe, expect, test } from 'vitest';
import { ConfigError, parseConfig, useDefault, type ConfigElement } from '../src/index.js';

/** The value of `k` in a file that is the line `k VALUE`. */
function valueOf(text: string, env: Record<string, string> = {}): unknown {
  return parseConfig(`k ${text}`, { env, hostname: 'host.example', workerId: 3 }).params.get('k')
    ?.value;
}

function failure(text: string, env: Record<string, string> = {}): ConfigError {
  try {
    parseConfig(text, { path: 'test.conf', env });
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error(`it was accepted: ${text}`);
}

type Shape = [name: string, arg: string, params: Record<string, unknown>, ...elements: Shape[]];

function shape({ name, arg, params, elements }: ConfigElement): Shape {
  const values = Object.fromEntries([...params.values()].map((param) => [param.name, param.value]));
  return [name, arg, values, ...elements.map(shape)];
}

describe('a value', () => {
  test.each([
    // bare: to the end of the line
    ['true', 'true'],
    ['01', '01'],
    ['-1 ', '-1'],
    ['12.1e7', '12.1e7'],
    ['  a  b  c   ', 'a  b  c'],
    ['\ttext\t', 'text'],
    ['()*{}.[]', '()*{}.[]'],
    ['/=~-~@`:?', '/=~-~@`:?'],
    ['_.%$!,', '_.%$!,'],
    ['\\[', '\\['],
    ['\\n', '\\n'],
    ['\\\\', '\\\\'],
    ['t"', 't"'],
    ["t'", "t'"],
    ['t{', 't{'],
    ['t[', 't['],
    ['}t', '}t'],
    [']t', ']t'],
    ['<t', '<t'],
    ['t<', 't<'],
    ['#{test}', '#{test}'],
    ['Märch あいう', 'Märch あいう'],
    // bare: comments
    ['#not_comment', '#not_comment'],
    ['# not a comment either', '# not a comment either'],
    ['a#not_comment', 'a#not_comment'],
    ['a # comment', 'a'],
    ['a\t# comment', 'a'],
    ['a #', 'a'],
    ['#a # b', '#a'],
    ['a## # b', 'a##'],
    ['a # b # c', 'a'],
    // double quotes
    ['""', ''],
    ['"text"', 'text'],
    ['"text" # comment', 'text'],
    ['"a#b # c"', 'a#b # c'],
    ['"\\""', '"'],
    ['"\\\\"', '\\'],
    ['"\\t\\n\\r\\f\\b\\0"', '\t\n\r\f\b\0'],
    ['"\\.\\$\\[\\#"', '.$[#'],
    ['"\\#{test}"', '#{test}'],
    ['"$t$}"', '$t$}'],
    ['"t\nt"', 't\nt'],
    ['"t\n\n  t\n"', 't\n\n  t\n'],
    ['"t\\\nt"', 'tt'],
    ['"t\\\r\nt"', 'tt'],
    ['"t\r\nt"', 't\r\nt'],
    // single quotes
    ["''", ''],
    ["'text' #c", 'text'],
    ["'a#b # c'", 'a#b # c'],
    ["'\\''", "'"],
    ["'\\\\'", '\\'],
    ["'\\n\\t\\.\\0\\['", '\\n\\t\\.\\0\\['],
    ["'#{test}'", '#{test}'],
    // JSON
    ['[]', '[]'],
    ['[ 1 , 2 ]', '[1,2]'],
    ['[1,2] # comment', '[1,2]'],
    ['[\n1\n,\n2\n]', '[1,2]'],
    ['["a", // one\n "b" /* two */ ]', '["a","b"]'],
    ['["a", # one\n "b", # two\n "c"  # three\n]', '["a","b","c"]'],
    ['{ "a" : 1 , "b" : [true, false, null] }', '{"a":1,"b":[true,false,null]}'],
    ['{\n "a": [1, # inside\n 2], # after\n "b": 2\n}', '{"a":[1,2],"b":2}'],
    ['{"a":"#x # y"}', '{"a":"#x # y"}'],
    ['{"a":"\\/\\u00e9\\""}', '{"a":"/é\\""}'],
    ['[12345678901234567890, 1.0, 1e3]', '[12345678901234567890,1.0,1e3]'],
    // embedded code
    ['"#{}"', ''],
    ['"a#{hostname}b"', 'ahost.exampleb'],
    ['"#{Socket.gethostname}"', 'host.example'],
    ['"worker#{worker_id}"', 'worker3'],
    ['"#{Dir.pwd}/x"', `${process.cwd()}/x`],
    ['"#{File.join(Dir.pwd, \'a/\', "/b")}"', `${process.cwd()}/a/b`],
    ['"#{File.join(\'a\')}"', 'a'],
    ['"#{ENV[\'X\']}"', 'x y'],
    ['"#{ENV["X"]}"', 'x y'],
    ['"#{ ENV["X"] }"', 'x y'],
    ['"#{ENV[\'UNSET\']}"', ''],
    ["\"#{ENV['EMPTY'] || 'd'}\"", ''],
    ['"#{ENV["UNSET"] || \'default\'}"', 'default'],
    ['"#{ENV["UNSET"] || ENV["X"] || \'default\'}"', 'x y'],
    ['"#{ENV["UNSET"] || "a#{hostname}}"}"', 'ahost.example}'],
    ['"#{ENV["UNSET"] || 10}"', '10'],
    ['"#{(ENV["UNSET"] || nil) || false || true}"', 'true'],
    ["\"#{ENV.fetch('X', 'd')}\"", 'x y'],
    ['"#{ENV.fetch("UNSET", "d")}"', 'd'],
    ['"#{ENV.fetch("UNSET") { "d" }}"', 'd'],
    ['"#{ENV.fetch("UNSET", use_nil)}"', null],
    ['"#{ENV.fetch("X")}"', 'x y'],
    ['"#{use_nil}"', null],
    ['"#{use_default}"', useDefault],
    ['"#{raise SetNil}"', null],
    ['"#{ENV["UNSET"] || use_nil}"', null],
    ['"#{ENV["X"] || use_nil}"', 'x y'],
    ['"#{ENV["UNSET"] || use_default}"', useDefault],
    ['"a#{use_default}b#{use_nil}"', null],
    ['"#{ENV["X"]}:#{ENV["P"]}"', 'x y:24224'],
    ['{"a": "#{ENV["X"]}", "b": #{ENV["P"]}}', '{"a":"x y","b":24224}'],
    ['{"a": "#{ENV["Q"]}"}', '{"a":"\\"q\\\\"}'],
  ])('%s', (text, expected) => {
    expect(valueOf(text, { X: 'x y', EMPTY: '', P: '24224', Q: '"q\\' })).toBe(expected);
  });

  test.each([
    ['k "a" 1', 1, 7, 'expected the end of the line after the value of k'],
    ["k 'a' 1", 1, 7, 'expected the end of the line after the value of k'],
    ['k """', 1, 5, 'expected the end of the line after the value of k'],
    ["k '''", 1, 5, 'expected the end of the line after the value of k'],
    ['k "\\"', 1, 3, 'this double-quoted string has no closing quote'],
    ["k '\\'", 1, 3, 'this single-quoted string is not closed on its line'],
    ['a 1\nk "t', 2, 3, 'this double-quoted string has no closing quote'],
    ["k 't\nt'", 1, 3, 'this single-quoted string is not closed on its line'],
    ['k "a\\z"', 1, 5, 'unknown escape \\z in a double-quoted string'],
    ['k "\\1"', 1, 4, 'unknown escape \\1 in a double-quoted string'],
    ['k [1,2,]', 1, 8, 'expected a value: a comma may not come last in this JSON array'],
    ['k {"a":1,}', 1, 10, 'expected a key: a comma may not come last in this JSON hash'],
    ['k [\n"c", # x\n]\n', 3, 1, 'expected a value: a comma may not come last in this JSON array'],
    ['k [t', 1, 4, 'expected a JSON value in this JSON array'],
    ['k {t', 1, 4, 'expected a key in double quotes in this JSON hash'],
    ['k [1, 2', 1, 3, 'this JSON array has no closing ]'],
    ['k {"a": {"b": 1}', 1, 3, 'this JSON hash has no closing }'],
    ['k [01]', 1, 4, 'expected a JSON value in this JSON array'],
    ['k [NaN]', 1, 4, 'expected a JSON value in this JSON array'],
    ['k ["a\nb"]', 1, 4, 'this JSON string is not closed on its line'],
    ['k [1] x', 1, 7, 'expected the end of the line after the value of k'],
    ['k "#{1+1}"', 1, 6, 'unsupported Ruby code in #{1+1}'],
    ['k "#{`rm -rf`}"', 1, 6, 'unsupported Ruby code in #{`rm -rf`}'],
    ['k "#{ENV["X"].downcase}"', 1, 6, 'unsupported Ruby code in #{ENV["X"].downcase}'],
    ['k "#{ENV["X"] && 1}"', 1, 6, 'unsupported Ruby code in #{ENV["X"] && 1}'],
    ['k "#{File.read(\'x\')}"', 1, 6, "unsupported Ruby code in #{File.read('x')}"],
    ['k "#{ENV["X"]"', 1, 4, 'the embedded code #{ has no closing }'],
    [
      'k "#{ENV.fetch("Y")}"',
      1,
      15,
      'the environment variable Y is not set, and ENV.fetch has no default',
    ],
  ])('%j is refused', (text, line, column, message) => {
    const error = failure(text, { X: '1' });
    expect(error.message).toBe(message);
    expect({ line: error.line, column: error.column }).toEqual({ line, column });
  });

  test("uses the machine's host name and the process's environment by default", () => {
    expect(parseConfig('k "#{hostname}"').get('k')).toBe(hostname());
    process.env.SLUICE_CONFIG_TEST = 'from the process';
    try {
      expect(parseConfig('k "#{ENV[\'SLUICE_CONFIG_TEST\']}"').get('k')).toBe('from the process');
    } finally {
      delete process.env.SLUICE_CONFIG_TEST;
    }
  });
});

describe('a file', () => {
  test.each<[string, string, Shape]>([
    ['nothing', '', ['ROOT', '', {}]],
    ['only comments', '# a\n  # b', ['ROOT', '', {}]],
    ['a byte order mark', '\ufeffk v', ['ROOT', '', { k: 'v' }]],
    ['names without values', 'k1\nk2 v2\nk3', ['ROOT', '', { k1: '', k2: 'v2', k3: '' }]],
    ['a name with blanks after it', 'k1  \nk2 v2', ['ROOT', '', { k1: '', k2: 'v2' }]],
    ['a name and a comment', 'k1 #c', ['ROOT', '', { k1: '#c' }]],
    [
      'Windows line ends',
      'a 1\r\n<m x>\r\n b 2\r\n</m>\r\n',
      ['ROOT', '', { a: '1' }, ['m', 'x', { b: '2' }]],
    ],
    ['a name twice', 'k 1\nk 2', ['ROOT', '', { k: '2' }]],
    ['quoted names', '"a b" 1\n\'c\' 2', ['ROOT', '', { 'a b': '1', c: '2' }]],
    ['names of any signs', 'a.b-c/$d[0]#e 1', ['ROOT', '', { 'a.b-c/$d[0]#e': '1' }]],
    ['the name __proto__', '__proto__ 1', ['ROOT', '', Object.fromEntries([['__proto__', '1']])]],
    [
      'sections in sections',
      '<a var>\n k 1\n <b>\n </b>\n <c x y>\n l 2\n </c>\n</a>',
      ['ROOT', '', {}, ['a', 'var', { k: '1' }, ['b', '', {}], ['c', 'x y', { l: '2' }]]],
    ],
    [
      'blanks around an argument',
      '<a    x.** y.**  >\n</a >',
      ['ROOT', '', {}, ['a', 'x.** y.**', {}]],
    ],
    ['an empty argument', '<a >\n</a>', ['ROOT', '', {}, ['a', '', {}]]],
    [
      'signs in an argument',
      '<a ()*{}.[]#%$!/>\n</a>',
      ['ROOT', '', {}, ['a', '()*{}.[]#%$!/', {}]],
    ],
    [
      'an argument right after the name',
      '<match**>\n</match>',
      ['ROOT', '', {}, ['match', '**', {}]],
    ],
    ['a quoted argument', '<a "x>#{hostname}">\n</a>', ['ROOT', '', {}, ['a', 'x>h', {}]]],
    ['comments after tags', '<a> # x\n</a>#y', ['ROOT', '', {}, ['a', '', {}]]],
    [
      'system parameters',
      '<source>\n@type forward\n@id f\n@label @L\n@log_level debug\n</source>',
      [
        'ROOT',
        '',
        {},
        ['source', '', { '@type': 'forward', '@id': 'f', '@label': '@L', '@log_level': 'debug' }],
      ],
    ],
    [
      'other names with @, deep inside',
      '<match>\n<record>\n@k v\n</record>\n</match>',
      ['ROOT', '', {}, ['match', '', {}, ['record', '', { '@k': 'v' }]]],
    ],
    [
      'include as a plain name in a section',
      '<a>\ninclude x\n</a>',
      ['ROOT', '', {}, ['a', '', { include: 'x' }]],
    ],
    [
      'workers, labels and system',
      '<system>\nworkers 2\n</system>\n<worker 0-1>\n</worker>\n<label @ERROR>\n</label>',
      [
        'ROOT',
        '',
        {},
        ['system', '', { workers: '2' }],
        ['worker', '0-1', {}],
        ['label', '@ERROR', {}],
      ],
    ],
  ])('with %s', (_, text, expected) => {
    expect(shape(parseConfig(text, { hostname: 'h' }))).toEqual(expected);
  });

  test.each([
    ['<test #a>\n</test>', 1, 7, 'a comment cannot stand inside a tag'],
    ['<test></test>', 1, 7, 'expected the end of the line after <test>'],
    ['<t>\n</t><t>\n</t>', 2, 5, 'expected the end of the line after </t>'],
    ['<t> x\n</t>', 1, 5, 'expected the end of the line after <t>'],
    ['<t\n', 1, 3, 'expected > at the end of the tag <t'],
    ['<t a\n</t>', 1, 5, 'expected > at the end of the tag <t'],
    ['<t "a" b>\n</t>', 1, 8, 'expected > at the end of the tag <t'],
    ['< t>\n</t>', 1, 2, "expected a section's name after <"],
    ['<t "#{use_default}">\n</t>', 1, 4, "use_nil and use_default cannot be a section's argument"],
    ['k 1\n<t a>\n k 1\n', 2, 1, '<t a> has no end tag </t>'],
    ['<t>\n</u>', 2, 1, 'the end tag </u> does not match <t> of line 1'],
    ['<t>\n</t', 2, 4, 'expected > at the end of the end tag </t'],
    ['</t>', 1, 1, 'the end tag </t> closes nothing'],
    ['"k"v', 1, 4, "expected a blank after the parameter's name k"],
    ['"" v', 1, 1, "a parameter's name may not be empty"],
    ['  @k v', 1, 3, "@k: names that start with @ are the system's (@type @id @label @log_level)"],
    ['<match>\n@k v\n</match>', 2, 1, /^@k: names that start with @/],
    ['<source>\n@k v\n</source>', 2, 1, /^@k: names that start with @/],
    ['<filter>\n@k v\n</filter>', 2, 1, /^@k: names that start with @/],
    ['@include\n', 1, 9, '@include needs a path'],
    ['あ 1\nあい "う', 2, 4, 'this double-quoted string has no closing quote'],
  ])('%j is refused', (text, line, column, message) => {
    const error = failure(text);
    expect(error.message).toMatch(message);
    expect({ line: error.line, column: error.column }).toEqual({ line, column });
    expect(error).toMatchObject({ name: 'ConfigError', file: 'test.conf' });
  });

  test('that is very long is parsed', () => {
    // Anything worse than linear in the lines, or in a line's length, would run into the time-out.
    const lines = '<match app.**>\n  path "a" # c\n  n {"a": [1, 2]}\n</match>\n'.repeat(50_000);
    expect(parseConfig(lines).elements).toHaveLength(50_000);
    const blanks = `k a${' '.repeat(500_000)}b ${'# '.repeat(100_000)}`;
    expect(parseConfig(blanks).get('k')).toHaveLength(500_002);
    const items = `k [${'{"a": "b"}, # c\n'.repeat(50_000)} 1]`;
    expect(parseConfig(items).get('k')).toHaveLength(500_003);
    const quoted = `k "${'\\n#{hostname}x\n'.repeat(50_000)}"`;
    expect(parseConfig(quoted, { hostname: 'h' }).get('k')).toHaveLength(200_000);
  });

  test('that is nested 20,000 deep does not overflow the stack', () => {
    const depth = 20_000;
    const root = parseConfig('<a>\n'.repeat(depth) + '</a>\n'.repeat(depth));
    expect(root.elements).toHaveLength(1);
  });

  test('warns of names that are set twice', () => {
    const warnings: string[] = [];
    parseConfig('k 1\nk 2', { path: 'f', log: { warn: (_, text) => warnings.push(text) } });
    expect(warnings).toEqual([
      'f:2: k is set a second time (first in line 1 of f); the later value counts',
    ]);
  });
});

describe('an error, formatted', () => {
  test('shows the line with a caret under the column, and what would be right', () => {
    expect(failure('<a>\n\tk\t"x\\q"\n</a>').format()).toBe(
      [
        'test.conf:2:6: unknown escape \\q in a double-quoted string',
        '  2 | \tk\t"x\\q"',
        '    | \t \t  ^',
        '  hint: known are \\n \\r \\t \\f \\b \\0; write \\\\q for a backslash and q, or use single quotes',
      ].join('\n'),
    );
  });

  test('cuts a long line around the caret', () => {
    const lines = failure(`k "${'x'.repeat(500)}\\q${'y'.repeat(500)}"`)
      .format()
      .split('\n');
    expect(lines[1].length).toBeLessThan(140);
    expect(lines[1][lines[2].indexOf('^')]).toBe('\\');
  });

  test('shows nothing of a value that is called like a secret', () => {
    const error = failure('<a>\n  password "hunter2" x\n</a>');
    expect(error.format()).toBe(
      [
        'test.conf:2:12: the value of password: expected the end of the line after the value of password',
        '  2 |   password xxxxxx',
        '    |            ^',
        '  hint: put the whole value in quotes, and a backslash before a quote inside it',
      ].join('\n'),
    );
  });
});
