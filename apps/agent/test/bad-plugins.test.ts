import { ConfigError } from '@sluice/config';
import { KEPT, Plugin } from '@sluice/plugin';
import { describe, expect, test } from 'vitest';
import { BadHost } from './support/bad-host.js';

const boom = (): never => {
  throw new Error('boom');
};
const nothing = (): never => undefined as never;
const never = (): Promise<never> => new Promise(() => undefined);

const good = '<match good>\n@type good\n@id good\n</match>\n';
const badOutput = '<match bad>\n@type bad\n@id worse\n</match>\n';
const badFilter = '<filter bad>\n@type bad\n@id worse\n</filter>\n';
const behindFilter = '<match bad>\n@type good\n@id behind\n</match>\n';
const errorLabel = '<label @ERROR>\n<match **>\n@type good\n@id errors\n</match>\n</label>\n';
const mustReturn = 'it must return an instance of Input, Output and so on of @sluice/plugin';

describe('create', () => {
  test.each([
    ['throws', boom, 'boom'],
    ['returns nothing', nothing, mustReturn],
    [
      'returns an object of its own',
      () => ({ start: nothing }) as never,
      `${mustReturn}: the method afterStart is missing`,
    ],
    [
      'returns one that cannot write',
      () => new (class extends Plugin {})({} as never) as never,
      `${mustReturn}: the method write is missing`,
    ],
    [
      'returns one without its context',
      () =>
        new (class extends Plugin {
          write = nothing;
        })({} as never) as never,
      `${mustReturn}, whose constructor calls super(context)`,
    ],
  ])('that %s is reported with its id and place', (_name, create, reason) => {
    const build = (): BadHost => new BadHost({ create }, good + badOutput);
    expect(build).toThrow(ConfigError);
    const message = `plugin worse failed in create: ${reason}`;
    expect(build).toThrow(expect.objectContaining({ message, file: 'test.conf', line: 5 }));
  });

  test('is reported together with other mistakes', () => {
    const build = (): BadHost =>
      new BadHost({ create: boom }, `${badOutput}<match **>\n@type godo\n</match>`);
    expect(build).toThrow('(and 1 more)');
  });
});

describe('start', () => {
  test('that throws is reported with its place, and those before it are stopped', async () => {
    const host = new BadHost({ start: boom }, good + badOutput);
    const message = 'plugin worse failed in start: boom';
    await expect(host.pipeline.start()).rejects.toMatchObject({
      message,
      file: 'test.conf',
      line: 5,
    });
    expect(host.kept).toEqual(['good stop']);
  });

  test('that does not settle is seen, with its id', async () => {
    let settle!: () => void;
    const start = (): Promise<void> => new Promise((resolve) => (settle = resolve));
    const host = new BadHost({ start }, badOutput);
    const started = host.pipeline.start();
    await host.clock.advance(9_999);
    expect(host.warnings()).toEqual([]);
    await host.clock.advance(1);
    const msg = 'plugin worse is still in start after 10 seconds';
    expect(host.log.at(-1)).toMatchObject({ plugin: 'worse', phase: 'start', msg });
    settle();
    await started;
    await host.pipeline.stop();
  });
});

describe.each([
  ['throws', boom, 'boom'],
  ['rejects', () => Promise.reject(new Error('boom')), 'boom'],
  ['returns nothing', nothing, 'write must return KEPT or a promise'],
])('write that %s', (_name, write, reason) => {
  test('is logged with its id; its events are not kept, those of others are', async () => {
    const host = new BadHost({ write }, good + badOutput);
    await host.pipeline.start();
    await expect((async () => host.emit('bad'))()).rejects.toThrow(reason);
    expect(host.emit('good')).toBe(KEPT);
    expect(host.log).toContainEqual(
      expect.objectContaining({
        plugin: 'worse',
        tag: 'bad',
        error: expect.stringContaining(reason) as string,
        msg: 'emit transaction failed: the events are not acknowledged',
      }),
    );
    expect(await host.pipeline.stop()).toEqual([]);
    expect(host.kept).toEqual(['good good', 'good stop']);
  });

  test('gives its events to @ERROR, where that is there', async () => {
    const host = new BadHost({ write }, badOutput + errorLabel);
    await host.emit('bad');
    expect(host.kept).toEqual(['errors bad']);
    expect(host.log.at(-1)).toMatchObject({ plugin: 'worse', tag: 'bad' });
  });
});

describe.each([
  ['throws', boom, 'boom'],
  ['returns nothing', nothing, 'filter must return an event stream, but returned undefined'],
  [
    'resolves to nothing',
    () => Promise.resolve() as never,
    'filter must return an event stream, but returned undefined',
  ],
])('filter that %s', (_name, filter, reason) => {
  test('is logged with its id; its events are not kept, those of others are', async () => {
    const host = new BadHost({ filter }, badFilter + good + behindFilter);
    await expect((async () => host.emit('bad'))()).rejects.toThrow(reason);
    expect(host.emit('good')).toBe(KEPT);
    expect(host.kept).toEqual(['good good']);
    expect(host.log.at(-1)).toMatchObject({ plugin: 'worse', tag: 'bad', error: reason });
  });

  test('gives its events to @ERROR, where that is there', async () => {
    const host = new BadHost({ filter }, badFilter + behindFilter + errorLabel);
    await host.emit('bad');
    expect(host.kept).toEqual(['errors bad']);
  });
});

describe('stop', () => {
  test('that throws is logged with its id, and the others stop', async () => {
    const host = new BadHost({ stop: boom }, badOutput + good);
    await host.pipeline.start();
    const errors = await host.pipeline.stop();
    expect(errors.map(({ message }) => message)).toEqual(['plugin worse failed in stop: boom']);
    expect(host.log.at(-1)).toMatchObject({ plugin: 'worse', phase: 'stop', level: 50 });
    expect(host.kept).toEqual(['good stop']);
  });

  test('that does not settle holds nothing up beyond the limit', async () => {
    const host = new BadHost({ stop: never }, badOutput + good, { stopLimit: 5 });
    await host.pipeline.start();
    const stopped = host.pipeline.stop();
    await host.clock.advance(4_999);
    expect(host.warnings()).toEqual([]);
    await host.clock.advance(1);
    const [error] = await stopped;
    expect(error.message).toBe(
      'plugin worse failed in stop: it has not ended within 5 seconds, and is left behind',
    );
    expect(host.warnings()).toEqual([error.message]);
    expect(host.kept).toEqual(['good stop']);
  });
});

describe('statistics', () => {
  test('that throw are logged with its id, and every plugin stops', async () => {
    const host = new BadHost({ statistics: boom }, badOutput + good);
    await host.pipeline.start();
    expect(await host.pipeline.stop()).toEqual([]);
    expect(host.warnings()).toContain('plugin worse failed in statistics');
    expect(host.kept).toEqual(['good stop']);
  });
});

describe('a filter that does not settle', () => {
  test('is seen after a minute, with its id and since when, and at the end', async () => {
    const host = new BadHost({ filter: never }, badFilter + good + behindFilter);
    await host.pipeline.start();
    const since = new Date(host.clock.now()).toISOString();
    void host.emit('bad');
    expect(host.emit('good')).toBe(KEPT);
    await host.clock.advance(75_000);
    const msg = `filter worse has not let 1 event streams through since ${since}`;
    expect(host.warnings()).toEqual([`${msg}: they wait for it`]);
    expect(await host.pipeline.stop()).toEqual([]);
    expect(host.warnings().at(-1)).toBe(`${msg}: they are not acknowledged`);
    expect(host.kept).toEqual(['good good', 'behind stop', 'good stop']);
  });
});

describe('a write that does not settle', () => {
  test('is seen after a minute, once, with its id and since when', async () => {
    let settle!: () => void;
    const write = (): Promise<void> => new Promise((resolve) => (settle = resolve));
    const host = new BadHost({ write }, badOutput + good);
    await host.pipeline.start();
    const since = new Date(host.clock.now()).toISOString();
    const kept = host.emit('bad');
    expect(host.emit('good')).toBe(KEPT);
    await host.clock.advance(59_000);
    expect(host.warnings()).toEqual([]);
    await host.clock.advance(60_000);
    const msg = `output worse has not kept 1 event streams since ${since}: they wait for it`;
    expect(host.warnings()).toEqual([msg]);
    expect(host.log.at(-1)).toMatchObject({ plugin: 'worse', waiting: 1, since });
    settle();
    await kept;
    void host.emit('bad');
    await host.clock.advance(60_000 + 15_000);
    expect(host.warnings()).toHaveLength(2);
    await host.pipeline.stop();
    await host.clock.advance(100_000);
    expect(host.clock.waiting).toBe(0);
  });

  test('is logged at the end: its events are not acknowledged', async () => {
    const host = new BadHost({ write: never }, badOutput);
    await host.pipeline.start();
    void host.emit('bad');
    await host.pipeline.stop();
    expect(host.log.at(-1)).toMatchObject({ plugin: 'worse', waiting: 1, level: 50 });
    expect(host.warnings()[0]).toMatch(
      /has not kept 1 event streams since .*: they are not acknow/,
    );
  });
});
