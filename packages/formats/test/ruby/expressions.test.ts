import { readFileSync } from 'node:fs';
import {
  compileRuby,
  compileRubyText,
  eventNames,
  fromPacked,
  packValue,
  RubyError,
  RubySyntaxError,
} from '../../src/ruby/index.js';
import { describe, expect, test } from 'vitest';
import { Runtime } from '../../src/ruby/runtime.js';
import { namesOf } from './support.js';

// The table was made where local time is UTC.
process.env.TZ = 'UTC';

// By the expression: what Ruby 3.3's inspect says of its value, or ERR where Ruby raises an error.
const table = JSON.parse(
  readFileSync(new URL('../fixtures/ruby-expressions.json', import.meta.url), 'utf8'),
) as Record<string, string>;

const inspect = (source: string): string => {
  const expression = compileRuby(source, eventNames);
  try {
    return new Runtime().inspect(expression.evaluate(namesOf()));
  } catch (error) {
    if (error instanceof RubyError) return 'ERR';
    throw error;
  }
};

test.each(Object.entries(table))('%s', (source, expected) => {
  expect(inspect(source)).toBe(expected);
});

test('a bare name without a meaning is an error where it is evaluated, as in Ruby', () => {
  const parts = compileRubyText('a#{tag}#{level.downcase}#{constructor}', eventNames);
  expect(parts.unknownNames).toEqual(['level', 'constructor']);
  expect(() => parts.evaluate(namesOf())).toThrow(new RubyError('undefined name level'));
  const spared = compileRuby('true || level', eventNames);
  expect(spared.evaluate(namesOf())).toBe(true);
  expect(compileRuby('level = 5; level', eventNames).unknownNames).toEqual([]);
});

describe('what is not understood is refused with its place and a way out', () => {
  test.each([
    ['`rm -rf /`', 'unexpected', 0, 'expressions are made of'],
    ['system("ls")', 'system is not for expressions', 0, 'no code is run here'],
    ['record["a"].instance_eval("1")', 'the method instance_eval is not supported', 12, ''],
    ['record["a"].downcas', 'the method downcas is not supported', 12, 'downcase'],
    ['recod["a"]', 'unknown name recod', 0, 'record'],
    ['File.read("/etc/passwd")', 'unknown name File.read', 0, ''],
    ['record["a"', 'the expression is not complete', 10, ''],
    ['record["a"] ? 1', 'a ? b has no : c', 15, 'write a ? b : c'],
    ['if record["a"] then 1', 'if has no end', 21, ''],
    ['"abc', 'the text has no end', 1, 'add a "'],
    ['record = 1', 'record cannot be set', 0, ''],
    ['while true do end', 'while is not for expressions', 0, ''],
    ['record["a"] =~ /(?>a)/', 'not supported', 15, ''],
    ['/#{tag}/', '#{…} in a regular expression', 0, ''],
    ['Time.now(1, 2)', 'Time.now does not take 2 arguments', 0, 'write Time.now'],
    ['constructor(1)', 'unknown name constructor', 0, ''],
    ['record.constructor', 'the method constructor is not supported', 7, ''],
    ['"a".__proto__', 'the method __proto__ is not supported', 4, ''],
    ['('.repeat(200), 'nested too deep', 100, ''],
    [`"${'#{"'.repeat(200)}`, 'nested too deep', undefined, ''],
  ])('%s', (source, message, position, hint) => {
    let error: unknown;
    try {
      compileRuby(source, eventNames);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(RubySyntaxError);
    expect(error).toMatchObject({
      message: expect.stringContaining(message) as string,
      hint: expect.stringContaining(hint) as string,
      ...(position !== undefined && { position }),
    });
  });
});

describe('what would take too long or too much is an error of its event', () => {
  test.each([
    '"x" * 999999999',
    '("x" * 1000000).gsub("x", "y" * 1000)',
    '2 ** 999999',
    '1 << 999999999',
    '9999999.times { |x| x }',
    '"%999999d" % 1',
    '(1..99999999).to_a',
    '(1..9999).map { |a| (1..9999).map { |b| a * b } }',
    '"".ljust(99999999)',
    'record["list"][99999999999999999999]',
    '1 / 0',
    'record["nope"]["x"]',
    '"a" + 1',
    'nil + 1',
    '[1, "a"].sort',
    'record["s"].gsub',
    `a = [1]; ${'a = [a, a]; '.repeat(60)}a.to_s`,
    `a = [1]; ${'a = [a, a]; '.repeat(60)}a.flatten`,
    'a = []; a << a; a << a; a.to_json',
  ])('%s', (source) => {
    expect(inspect(source)).toBe('ERR');
  });
});

test('texts are read as Ruby reads those in %Q[…]', () => {
  const text = (source: string) => compileRubyText(source, eventNames).evaluate(namesOf());
  expect(text('#{tag_parts[0]}: #{record["n"] + 1}\\t"q" [x] \\#{no}')).toBe(
    'app: 6\t"q" [x] #{no}',
  );
  expect(() => compileRubyText('#{tag', eventNames)).toThrow(RubySyntaxError);
  expect(() => compileRubyText('#{record["x"', eventNames)).toThrow(
    expect.objectContaining({
      message: 'the expression is not complete',
      source: '#{record["x"',
    }) as Error,
  );
});

test('tells what an expression depends on', () => {
  const ofTag = ['tag', 'tag_parts', 'hostname'];
  const depends = (source: string) => compileRuby(source, eventNames).dependsOnlyOn(ofTag);
  expect(depends('tag_parts[0].upcase + hostname')).toBe(true);
  expect(depends('tag.split(".").map { |x| x + "-" }')).toBe(true);
  expect(depends('tag + record["a"]')).toBe(false);
  expect(depends('tag.split(".").map { |x| x + time.to_s }')).toBe(false);
  expect(depends('[Time.now]')).toBe(false);
});

test.each([
  '01',
  'cb3ff0000000000000',
  'cfffffffffffffffff',
  'a161',
  'c0',
  '93a16182a16101a162c3c2',
])('MessagePack %s stays what it is', (hex) => {
  const bytes = Buffer.from(hex, 'hex');
  expect(packValue(fromPacked(bytes, 0)).toString('hex')).toBe(hex);
});

test('a record cannot hold an integer beyond 64 bits', () => {
  expect(() => packValue(2n ** 64n)).toThrow(RubyError);
});
