import { describe, expect, test } from 'vitest';
import { t, type ParamType } from '../src/index.js';

function accepts(name: string, type: ParamType<unknown>, cases: [string, unknown][]): void {
  test.each(cases)(`${name} reads %j`, (text, expected) => {
    expect(type.read(text)).toEqual({ ok: true, value: expected });
  });
}

function refuses(name: string, type: ParamType<unknown>, cases: [string, RegExp][]): void {
  test.each(cases)(`${name} refuses %j`, (text, message) => {
    expect(type.read(text)).toMatchObject({ ok: false, message: expect.stringMatching(message) });
  });
}

describe('string', () => {
  accepts('string', t.string(), [
    ['', ''],
    ['  x ', '  x '],
    ['1', '1'],
  ]);
});

describe('integer', () => {
  accepts('integer', t.integer(), [
    ['0', 0],
    ['-1', -1],
    ['+5', 5],
    ['017', 17],
    ['1_000', 1000],
    ['1.0', 1],
    [' 24224\n', 24224],
  ]);
  refuses('integer', t.integer(), [
    ['', /integer/],
    ['abc', /integer/],
    ['1x', /integer/],
    ['8m', /integer/],
    ['1.5', /integer/],
    ['0x10', /integer/],
    ['99999999999999999999', /too big/],
  ]);
  refuses('a port', t.integer({ min: 0, max: 65535 }), [
    ['-1', /0 or more/],
    ['65536', /65535 or less/],
  ]);
});

describe('float', () => {
  accepts('float', t.float(), [
    ['1', 1],
    ['1.00', 1],
    ['1e0', 1],
    ['-2.5e-3', -0.0025],
    ['.5', 0.5],
  ]);
  refuses('float', t.float(), [
    ['', /number/],
    ['NaN', /number/],
    ['1,5', /number/],
  ]);
});

describe('bool', () => {
  accepts('bool', t.bool(), [
    ['true', true],
    ['yes', true],
    ['', true],
    ['# a comment after the name', true],
    ['false', false],
    ['no', false],
  ]);
  refuses('bool', t.bool(), [
    ['TRUE', /true or false/],
    ['Yes', /true or false/],
    ['on', /true or false/],
    ['1', /true or false/],
    ['nil', /true or false/],
  ]);
});

describe('size', () => {
  accepts('size', t.size(), [
    ['6', 6],
    ['2k', 2048],
    ['2K', 2048],
    ['3m', 3145728],
    ['4G', 4294967296],
    ['5t', 5497558138880],
    ['8MB', 8388608],
    ['64kib', 65536],
    ['1_000', 1000],
  ]);
  refuses('size', t.size(), [
    ['', /size/],
    ['hoge', /size/],
    ['1.5k', /size/],
    ['-1', /size/],
    ['10 m', /size/],
    ['99999999t', /too big/],
  ]);
});

describe('time', () => {
  accepts('time', t.time(), [
    ['0', 0],
    ['1.01', 1.01],
    ['10s', 10],
    ['10sec', 10],
    ['2m', 120],
    ['3h', 10800],
    ['4d', 345600],
    ['0.5s', 0.5],
    ['1e2', 100],
  ]);
  refuses('time', t.time(), [
    ['', /time/],
    ['hoge', /time/],
    ['500ms', /time/],
    ['1m30s', /time/],
    ['-1', /0 or more/],
    ['1 s', /time/],
  ]);
});

describe('enum', () => {
  accepts('enum', t.enum(['tcp', 'udp']), [['tcp', 'tcp']]);
  refuses('enum', t.enum(['tcp', 'udp']), [
    ['TCP', /expected one of tcp, udp/],
    ['', /expected one of tcp, udp/],
  ]);
});

describe('array', () => {
  accepts('array', t.array(), [
    ['["1","2",1]', ['1', '2', 1]],
    ['1,2,1', ['1', '2', '1']],
    ['a , b , c', ['a', 'b', 'c']],
    ['["a a","b,b"," c "]', ['a a', 'b,b', ' c ']],
    ['a a,b', ['a a', 'b']],
    ['', []],
    ['[]', []],
  ]);
  accepts('array of integer', t.array(t.integer()), [
    ['["1",2]', [1, 2]],
    ['1,2,1', [1, 2, 1]],
  ]);
  accepts('array of string', t.array(t.string()), [
    ['["a",1,null,{"b":1}]', ['a', '1', null, '{"b":1}']],
  ]);
  refuses('array of integer', t.array(t.integer()), [
    ['1,x', /expected an integer in each item, got x/],
    ['[1', /expected an array/],
  ]);
});

describe('hash', () => {
  accepts('hash', t.hash(), [
    ['{"x":"v","k":1}', { x: 'v', k: 1 }],
    [' x:v , k:1 ', { x: 'v', k: '1' }],
    ['x:v:v, k:1', { x: 'v:v', k: '1' }],
    ['', {}],
  ]);
  accepts('hash of time', t.hash(t.time()), [
    ['{"x":"1s","y":"1m"}', { x: 1, y: 60 }],
    ['x:1s,y:1m', { x: 1, y: 60 }],
  ]);
  refuses('hash', t.hash(), [
    ['[1]', /expected a hash/],
    ['x', /expected a hash/],
    ['{"a"', /expected a hash/],
  ]);
  test('takes the name __proto__ for a name', () => {
    const reading = t.hash().read('{"__proto__": 1}');
    const value = reading.ok ? reading.value : {};
    expect(Object.keys(value)).toEqual(['__proto__']);
  });
});

describe('regexp', () => {
  test.each<[string, string, boolean]>([
    ['/err(or)?/', 'an error', true],
    ['/^b$/', 'a\nb\nc', true],
    ['^b$', 'a\nb\nc', true],
    ['/A.B/', 'a\nb', false],
    ['/A.B/im', 'a\nb', true],
    ['/\\Ab/', 'a\nb', false],
    ['/\\Ab\\z/', 'b', true],
    ['/b\\Z/', 'b\n', true],
    ['/\\A\\h+\\z/', 'c0ffee', true],
    ['/[[:digit:]]+x[^[:alpha:]]/', '42x!', true],
    ['/(?<year>\\d{4})-\\k<year>/', '2026-2026', true],
    ['/a(?#comment)b/', 'ab', true],
    ['/a/b/', 'a/b', true],
    ['//', 'anything', true],
    ['', 'anything', true],
    ['/[]a]/', ']', true],
  ])('%s on %j: %s', (pattern, text, expected) => {
    const reading = t.regexp().read(pattern);
    expect(reading.ok && reading.value.test(text)).toBe(expected);
  });
  refuses('regexp', t.regexp(), [
    ['/regexp', /the \/ at the end is missing/],
    ['/regexp/x', /options i and m/],
    ['/(/', /invalid regular expression/],
    ['/(?>a)/', /\(\?>a is not supported/],
    ['/a++/', /possessive/],
    ['/(?i)a/', /is not supported/],
    ['/[a-z&&[^b]]/', /not supported/],
  ]);
});

describe('what a type may be wrapped in', () => {
  const even = t.integer().refine((n) => n % 2 === 0, 'expected an even number', 'add one');

  test.each<[string, ParamType<unknown>, string | null | undefined, unknown]>([
    ['default', t.integer().default(5), undefined, 5],
    ['default', t.integer().default(5), '6', 6],
    ['optional', t.integer().optional(), undefined, undefined],
    ['nullable', t.integer().nullable(), null, null],
    ['nullable with a default', t.integer().nullable().default(7), undefined, 7],
    ['refine', even, '4', 4],
    ['refine in front of a default', even.default(5), undefined, 5],
    ['transform', t.string().transform((text) => text.length), 'abc', 3],
    [
      'transform behind a default',
      t
        .string()
        .default('ab')
        .transform((s) => s.length),
      undefined,
      2,
    ],
  ])('%s', (_, type, input, value) => {
    expect(type.read(input)).toEqual({ ok: true, value });
  });

  test.each<[string, ParamType<unknown>, string | null | undefined, string]>([
    ['nothing', t.integer(), undefined, 'expected a value'],
    ['nil', t.integer().default(5), null, 'expected a value'],
    ['refine', even, '3', 'expected an even number'],
    [
      'refine behind a default',
      t
        .integer()
        .default(3)
        .refine((n) => n > 3, 'too low'),
      undefined,
      'too low',
    ],
    ['transform', t.integer().transform(String), 'x', 'expected an integer'],
  ])('and %s is refused', (_, type, input, message) => {
    expect(type.read(input)).toMatchObject({ ok: false, message });
  });

  test('the type itself stays as it is', () => {
    const plain = t.integer();
    plain.optional().describe('x');
    expect(plain.read(undefined).ok).toBe(false);
    expect(plain.meta.description).toBeUndefined();
  });
});
