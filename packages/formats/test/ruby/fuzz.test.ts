import { readFileSync } from 'node:fs';
import {
  compileRuby,
  compileRubyText,
  eventNames,
  packValue,
  RubyError,
  RubySyntaxError,
} from '../../src/ruby/index.js';
import { expect, test } from 'vitest';
import { namesOf } from './support.js';

const inputs = 100_000;

// Most of them are refused, and nobody looks at where from.
Error.stackTraceLimit = 0;

const table = JSON.parse(
  readFileSync(new URL('../fixtures/ruby-expressions.json', import.meta.url), 'utf8'),
) as Record<string, string>;

test(`${inputs} broken expressions have a value, or are refused, or are an error of their event`, () => {
  let state = 20_261_124;
  const random = (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const sources = Object.keys(table);
  const pieces = ['(', ')', '[', ']', '{', '}', '"', "'", '#{', '|', '.', ' ', '?', ':', '1', '-', '/', '\\', '%', '&', '=', ';', 'nil', 'record', '.map', '\u{1f600}']; // prettier-ignore
  const counts = { values: 0, refused: 0, errors: 0 };
  for (let index = 0; index < inputs; index++) {
    let source = sources[random(sources.length)];
    for (let change = random(3); change > 0; change--) {
      const at = random(source.length + 1);
      const piece =
        random(4) === 0 ? sources[random(sources.length)] : pieces[random(pieces.length)];
      source = source.slice(0, at) + piece + source.slice(at + random(3));
    }
    try {
      const compile = random(5) === 0 ? compileRubyText : compileRuby;
      packValue(compile(source.slice(0, 300), eventNames).evaluate(namesOf()));
      counts.values++;
    } catch (error) {
      if (error instanceof RubySyntaxError) counts.refused++;
      else if (error instanceof RubyError) counts.errors++;
      else throw new Error(`in ${JSON.stringify(source)}`, { cause: error });
    }
  }
  expect(Math.min(...Object.values(counts))).toBeGreaterThan(1000);
}, 120_000);
