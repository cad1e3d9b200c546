import { defineSection, parseConfig } from '@sluice/config';
import { silentLogger } from '@sluice/server';
import { expect, test } from 'vitest';
import { PluginMaker, PortClaims } from '../src/hosting/index.js';
import { defineOutput, KEPT, Output, PluginRegistry, systemClock } from '../src/index.js';

class Nowhere extends Output {
  write(): typeof KEPT {
    return KEPT;
  }
}
const nowhere = defineOutput({
  type: 'nowhere',
  description: '',
  section: defineSection({ name: 'match' }),
  create: (_config, context) => new Nowhere(context),
});

function makerOf(text: string) {
  const log = { ...silentLogger, child: () => silentLogger };
  const maker = new PluginMaker({
    registry: new PluginRegistry(),
    log,
    logLevels: ['info'],
    workerId: 0,
    workers: 1,
    clock: systemClock,
  });
  const noOutput = (): never => {
    throw new Error('none inside');
  };
  const make = (index: number): string => {
    const element = parseConfig(text, { path: 'test.conf' }).elements[index];
    return maker.make(nowhere, element, maker.context(nowhere, element, noOutput)).id;
  };
  return { make };
}

test('plugins without an @id have their type and a number, which no other has', () => {
  const { make } = makerOf(
    '<match>\n@id nowhere_0\n</match>\n<match>\n</match>\n<match>\n</match>',
  );
  expect([make(0), make(1), make(2)]).toEqual(['nowhere_0', 'nowhere_1', 'nowhere_2']);
});

test.each([
  ['@id a', 'test.conf:5: duplicate @id a'],
  ['@log_level loud', 'test.conf:5: @log_level: expected one of info'],
])('%s is refused with its place', (line, text) => {
  const { make } = makerOf(`<match>\n@id a\n</match>\n<match>\n${line}\n</match>`);
  make(0);
  expect(() => make(1)).toThrow(
    expect.objectContaining({ line: 5, message: text.replace('test.conf:5: ', '') }),
  );
});

test.each([
  ['127.0.0.1', '127.0.0.1', true],
  ['0.0.0.0', '127.0.0.1', true],
  ['127.0.0.1', '::', true],
  ['127.0.0.1', '127.0.0.2', false],
])('a port that is claimed on %s, and then on %s', (first, second, meets) => {
  const { claim } = new PortClaims();
  const [one, two] = parseConfig('<source>\n</source>\n<source>\n</source>').elements;
  expect(claim('tcp', 24_224, first, one)).toBeUndefined();
  expect(claim('udp', 24_224, first, two)).toBeUndefined();
  expect(claim('tcp', 24_225, first, two)).toBeUndefined();
  expect(claim('tcp', 24_224, second, two)).toBe(meets ? one : undefined);
});
