import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ConfigError, dumpConfig, parseConfig } from '../src/index.js';

/** Pieces of the language in any order come nearer to its edges than random text. */
const v1 = fc
  .array(
    fc.constantFrom(
      ...['<a>', '</a>', '<', '>', '/', '"', "'", '\\', '\n', '\r', ' ', '\t', '#', '#{', '}', '{'],
      ...['[', ']', ',', ':', '"k"', '1', 'k', 'v', '@type', '@id', 'ENV', "['X']", '||', '('],
      ...['ENV.fetch', 'use_nil', 'use_default', 'hostname', '//', '/*', '\0', '\u{1f600}', 'nil'],
    ),
    { maxLength: 40 },
  )
  .map((pieces) => pieces.join(''))
  // "include /*" would read this machine's files.
  .filter((text) => !text.includes('include'));

const yaml = fc
  .array(
    fc.constantFrom(
      ...['config:', 'system:', '- ', 'source:', 'match:', '$tag:', '$type:', '\n', '  ', '    '],
      ...['&a ', '*a', '<<: ', '!fluent/s ', '!fluent/json ', '"#{hostname}"', '{', '}', '[', ']'],
      ...[': ', 'x', '|', '~', '---', '#', '!x ', '!!str ', '? ', ',', '"', "'"],
    ),
    { maxLength: 30 },
  )
  .map((pieces) => pieces.join(''));

describe('any text', () => {
  test.each([
    ['v1', v1, 'a.conf'],
    ['YAML', yaml, 'a.yaml'],
    ['random', fc.string({ unit: 'binary' }), 'a.conf'],
  ])('(%s) is parsed, or refused with a place inside of it', (_, texts, path) => {
    fc.assert(
      fc.property(texts, (text) => {
        try {
          const root = parseConfig(text, { path, env: { X: 'x' } });
          dumpConfig(root);
        } catch (error) {
          if (!(error instanceof ConfigError)) throw error;
          const lines = text.split(/\r\n|\r|\n/);
          expect(error.line).toBeGreaterThanOrEqual(1);
          expect(error.line).toBeLessThanOrEqual(lines.length);
          expect(error.column).toBeGreaterThanOrEqual(1);
          expect(error.column).toBeLessThanOrEqual(lines[error.line! - 1].length + 1);
          expect(error.format()).toContain('^');
        }
      }),
      { numRuns: 1500 },
    );
  });
});
