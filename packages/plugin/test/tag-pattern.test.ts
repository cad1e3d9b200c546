import { describe, expect, test } from 'vitest';
import { compileTagPattern, TagPatternError } from '../src/index.js';

// [pattern, tags that match, tags that do not]
const cases: [string, string[], string[]][] = [
  ['a', ['a'], ['b', 'a.b', '', 'ab']],
  ['a.b', ['a.b'], ['a', 'a.b.c', 'axb']],
  ['a*', ['a', 'ab', 'abc'], ['ba', 'a.b']],
  ['*a', ['a', 'ba'], ['ab', 'b.a']],
  ['a.*', ['a.b', 'a.'], ['a', 'a.b.c']],
  ['a.*.c', ['a.b.c'], ['a.c', 'a.b.b.c', 'a.b.d']],
  ['a.**', ['a', 'a.b', 'a.b.c'], ['ab', 'b.a']],
  ['**', ['', 'a', 'a.b'], []],
  ['**.a', ['a', 'b.a', 'c.b.a'], ['ab', 'a.b', 'ba']],
  ['a.**.c', ['a.c', 'a.b.c', 'a.b.b.c'], ['a', 'ac', 'abc']],
  ['a.{b,c}', ['a.b', 'a.c'], ['a.d', 'a.b.c']],
  ['a.{b,c}.**', ['a.b', 'a.c.d.e'], ['a', 'a.d']],
  ['{a,b.**}', ['a', 'b', 'b.c'], ['a.c', 'c']],
  ['{a.**,b}.c', ['a.c', 'a.x.c', 'b.c'], ['c', 'a']],
  ['a b', ['a', 'b'], ['a b', 'c']],
  ['  a   b.** ', ['a', 'b.c'], ['a.c']],
  ['', ['anything.at.all'], []],
  ['a.+?', ['a.+?'], ['a.b', 'aa']],
  ['/(?!x)[a-z]+(\\.\\d)?/', ['abc', 'a.1'], ['xa', 'a.b']],
  ['/a b/ c', ['a b', 'c'], ['a']],
];

describe('tag patterns', () => {
  test.each(cases)('%s', (pattern, matching, others) => {
    const matches = compileTagPattern(pattern);
    expect(matching.filter((tag) => !matches(tag))).toEqual([]);
    expect(others.filter(matches)).toEqual([]);
  });

  test.each([
    ['a.{b', 'is not closed'],
    ['a}', '} without {'],
    ['/a', 'not closed'],
    ['/(/', 'Invalid regular expression'],
  ])('%s is refused', (pattern, problem) => {
    expect(() => compileTagPattern(pattern)).toThrow(TagPatternError);
    expect(() => compileTagPattern(pattern)).toThrow(problem);
  });
});
