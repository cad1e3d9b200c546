import { ConfigErrors } from '@sluice/config';
import { expect, test } from 'vitest';
import { TestPipeline } from './support/pipeline.js';

function errorOf(configuration: string): unknown {
  try {
    return new TestPipeline(configuration);
  } catch (error) {
    return error;
  }
}

test('several mistakes are reported together, in the order of the lines', () => {
  const error = errorOf(
    '<source>\n@type tset\n</source>\n' +
      '<sauce>\n</sauce>\n' +
      '<filter {a>\n@type grep\n</filter>\n' +
      '<match b>\n@type relabel\n@label @X\n</match>\n' +
      '<label @L>\n<match **>\n@type kep\n</match>\n</label>\n',
  );
  expect(error).toBeInstanceOf(ConfigErrors);
  const { errors } = error as ConfigErrors;
  expect(errors.map(({ line, message }) => [line, message.split(':')[0]])).toEqual([
    [2, 'unknown input plugin "tset"'],
    [4, 'section <sauce> is not supported here'],
    [6, 'tag pattern "{a"'],
    [11, 'unknown label @X'],
    [15, 'unknown output plugin "kep"'],
  ]);
  expect((error as ConfigErrors).format()).toContain('did you mean keep?');
});

test('one mistake is that error', () => {
  const error = errorOf('<match **>\n@type kep\n</match>\n');
  expect(error).not.toBeInstanceOf(ConfigErrors);
  expect(error).toMatchObject({ line: 2 });
});
