import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  defineSection,
  describeSection,
  dumpConfig,
  formatSection,
  parseConfig,
  t,
  unreadableDefaults,
  type ParamType,
} from '../src/index.js';

/** What a file reads that has the line that a dump prints as a comment. */
function throughDump(type: ParamType<unknown>, value: unknown): { line: string; value: unknown } {
  const section = defineSection({ name: 'a', params: { some: type.default(value as never) } });
  const element = parseConfig('<a>\n</a>').elements[0];
  section.read(element);
  const text = dumpConfig(element, { defaults: true }).replace(/^( *)# /m, '$1');
  const line = text.split('\n')[1].trim();
  const [again] = parseConfig(text).elements;
  expect(again.params.has('some')).toBe(true);
  return { line, value: section.read(again).some };
}

const text = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: fc.constantFrom(...'ab #"\'\\{}[]<>\n\r\t\0@,:/=.'.split('')) }),
);
const integer = fc.maxSafeInteger();
const seconds = fc.oneof(
  fc.nat().map((n) => n * 3600),
  fc.nat(),
  fc.double({ min: 0, max: 1e9, noNaN: true }),
);
const bytes = fc.oneof(
  fc.nat(1000).map((n) => n * 2 ** 20),
  fc.maxSafeInteger().map(Math.abs),
);
const json = fc.jsonValue().filter((value) => value !== null);

const kinds: [string, ParamType<unknown>, fc.Arbitrary<unknown>][] = [
  ['string', t.string(), text],
  ['integer', t.integer(), integer],
  ['float', t.float(), fc.double({ noNaN: true, noDefaultInfinity: true })],
  ['bool', t.bool(), fc.boolean()],
  ['size', t.size(), bytes],
  ['time', t.time(), seconds],
  ['time that may be negative', t.time({}), fc.integer()],
  ['file mode', t.fileMode(), fc.nat(0o7777)],
  ['enum', t.enum(['a', 'b c', '#d']), fc.constantFrom('a', 'b c', '#d')],
  ['array', t.array(), fc.array(json)],
  ['array of text', t.array(t.string()), fc.array(text)],
  ['array of sizes', t.array(t.size()), fc.array(bytes)],
  ['hash', t.hash(), fc.dictionary(text, json)],
  ['hash of times', t.hash(t.time()), fc.dictionary(text, seconds)],
];

describe('a default that a dump prints is read back', () => {
  test.each(kinds)('%s', (_, type, values) => {
    fc.assert(
      fc.property(values, (value) => {
        // A file has no -0, and no key that would change an object's prototype.
        const plain = normal(value);
        expect(throughDump(type, plain).value).toEqual(plain);
      }),
    );
  });

  test('regexp', () => {
    const type = t.regexp();
    for (const source of ['/a.b/i', '^x$', '/[[:alpha:]]\\h/m', '/a#b "c"/']) {
      const reading = type.read(source);
      if (!reading.ok) throw new Error(reading.message);
      const { value } = reading;
      expect(throughDump(type, value)).toMatchObject({ value });
    }
    expect(throughDump(type, /a/ms).line).toBe('some /a/m');
  });

  test.each([
    [t.fileMode(), 0o644, '0644'],
    [t.fileMode(), 0o1777, '01777'],
    [t.size(), 256 * 1024 * 1024, '256m'],
    [t.size(), 1025, '1025'],
    [t.size(), 0, '0'],
    [t.time(), 60, '60s'],
    [t.time(), 0, '0s'],
    [t.time(), 43_200, '12h'],
    [t.time(), 86_400, '1d'],
    [t.time(), 0.25, '0.25s'],
    [t.string(), '', '""'],
    [t.array(), ['a'], '["a"]'],
  ] as [ParamType<unknown>, unknown, string][])(
    'as people write it: %#',
    (type, value, written) => {
      expect(throughDump(type, value).line).toBe(`some ${written}`);
    },
  );

  test('a default in front of a transformation is printed as its text', () => {
    const octal = t
      .string()
      .default('0755')
      .transform((value) => parseInt(value, 8));
    const section = defineSection({ name: 'a', params: { mode: octal } });
    const element = parseConfig('<a>\n</a>').elements[0];
    expect(section.read(element).mode).toBe(0o755);
    expect(dumpConfig(element, { defaults: true })).toBe('<a>\n  # mode 0755\n</a>\n');
  });

  test('a description has the text too', () => {
    const section = defineSection({ name: 'a', params: { limit: t.size().default(8_388_608) } });
    const description = describeSection(section);
    expect(description.params[0]).toMatchObject({ default: 8_388_608, defaultText: '8m' });
    expect(formatSection(description)).toContain('limit  (size; default: 8m)');
  });
});

test('defaults that no text stands for are found', () => {
  const inner = defineSection({ name: 'inner', params: { bad: t.time().default(-5) } });
  const section = defineSection({
    name: 'a',
    params: {
      good: t.time().default(60),
      needed: t.string(),
      odd: t
        .string()
        .transform((text) => Symbol(text))
        .default(Symbol('odd')),
      endless: t.float().default(Infinity),
    },
    sections: { inner: { section: inner } },
  });
  expect(unreadableDefaults(section)).toEqual(['odd', 'endless', 'inner/bad']);
});

test('nil is read where a number, a time or a word may be absent', () => {
  const section = defineSection({
    name: 'a',
    params: {
      expireDnsCache: t.time().optional(),
      limit: t.size().nullable().default(5),
      name: t.string().optional(),
      port: t.integer().default(1),
    },
  });
  const read = (body: string) => section.read(parseConfig(`<a>\n${body}\n</a>`).elements[0]);
  expect(read('expire_dns_cache nil').expireDnsCache).toBeUndefined();
  expect(read('limit nil').limit).toBeNull();
  expect(read('name nil').name).toBe('nil');
  expect(() => read('port nil')).toThrow('port cannot be nil');
  expect(() => read('expire_dns_cache "nil"')).toThrow('expected a time');
});

function normal(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value), (key: string, inner: unknown) =>
    key === '__proto__' ? undefined : Object.is(inner, -0) ? 0 : inner,
  );
}
