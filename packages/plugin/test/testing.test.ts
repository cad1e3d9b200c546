import assert from 'node:assert/strict';
import { defineSection, t } from '@sluice/config';
import { EventStream, EventTime, type EventStream as Stream } from '@sluice/event-stream';
import { describe, expect, test } from 'vitest';
import {
  defineFilter,
  defineFormatter,
  defineInput,
  defineOutput,
  defineParser,
  defineServiceDiscovery,
  Filter,
  Formatter,
  formatterOf,
  Input,
  innerPlugin,
  KEPT,
  Output,
  Parser,
  ServiceDiscovery,
  type EventSink,
  type Keeping,
  type OutputContext,
  type PluginContext,
} from '../src/index.js';
import { createDriver, TestClock } from '../src/testing/index.js';

const section = (name: string) => defineSection({ name });

/** An output whose `write` is given by a test. */
function output(write: (tag: string, stream: Stream) => Keeping) {
  class Written extends Output {
    override write(tag: string, stream: Stream): Keeping {
      return write(tag, stream);
    }
  }
  return defineOutput({
    type: 'written',
    description: '',
    section: section('match'),
    create: (_config, context) => new Written(context),
  });
}

class Lines extends Formatter {
  override format(_tag: string, stream: Stream): Buffer {
    return stream.toJsonLines();
  }
}
const lines = defineFormatter({
  type: 'lines',
  description: '',
  section: section('format'),
  create: (_config, context) => new Lines(context),
});

describe('bytes are overwritten', () => {
  test('when an output has kept them at once', () => {
    const kept: Stream[] = [];
    const copies: Stream[] = [];
    const driver = createDriver(
      output((_tag, stream) => {
        kept.push(stream);
        copies.push(stream.copy());
        return KEPT;
      }),
    );
    expect(driver.write('x', [{ n: 1 }])).toBe(KEPT);
    expect([...copies[0]]).toMatchObject([{ record: { n: 1 } }]);
    expect(new Set(kept[0].bytes)).toEqual(new Set([0xc1]));
  });

  test.each([
    ['kept', undefined],
    ['refused', new Error('no')],
  ])('when an output has %s them, not before', async (_name, error) => {
    let settle!: () => void;
    let stream!: Stream;
    const driver = createDriver(
      output((_tag, given) => {
        stream = given;
        return new Promise<void>((resolve, reject) => {
          settle = () => (error === undefined ? resolve() : reject(error));
        });
      }),
    );
    const written = driver.write('x', [{ n: 1 }]) as Promise<void>;
    expect([...stream]).toMatchObject([{ record: { n: 1 } }]);
    settle();
    await (error === undefined ? written : expect(written).rejects.toBe(error));
    expect(stream.bytes[0]).toBe(0xc1);
  });

  test('of a copy where the test gives a stream of its own', () => {
    const own = EventStream.fromEvents([{ time: 1, record: { n: 1 } }]).withChunkId('id');
    let chunkId: string | undefined;
    const driver = createDriver(
      output((_tag, stream) => {
        ({ chunkId } = stream);
        return KEPT;
      }),
    );
    void driver.write('x', own);
    expect([...own]).toMatchObject([{ record: { n: 1 } }]);
    expect(chunkId).toBe('id');
  });

  test('so that a parser whose records are views fails its test', () => {
    class Views extends Parser {
      override parse(
        text: Buffer,
        found: (time: undefined, record: Record<string, unknown>) => void,
      ): void {
        found(undefined, { view: text.subarray(0, 2), copy: text.toString() });
      }
    }
    const driver = createDriver(
      defineParser({
        type: 'views',
        description: '',
        section: section('parse'),
        create: (_config, context) => new Views(context),
      }),
    );
    const [{ record }] = driver.parse('text');
    expect(record).toEqual({ view: Buffer.from([0xc1, 0xc1]), copy: 'text' });
  });

  test('so that a formatter that hands out a view fails its test', () => {
    class View extends Formatter {
      override format(_tag: string, stream: Stream): Buffer {
        return stream.bytes;
      }
    }
    const view = defineFormatter({ ...lines, create: (_config, context) => new View(context) });
    expect(createDriver(view).format('x', [{ n: 1 }])[0]).toBe(0xc1);
    expect(
      createDriver(lines)
        .format('x', [{ n: 1 }])
        .toString(),
    ).toBe('{"n":1}\n');
  });
});

test('an output that returns nothing is refused', () => {
  const driver = createDriver(output(() => undefined as never));
  expect(() => driver.write('x', [{ n: 1 }])).toThrow(
    'plugin test: write must return KEPT or a promise, but returned undefined',
  );
});

describe('an input', () => {
  class Ticks extends Input {
    override start(): void {
      this.#next();
    }
    #next(): void {
      this.clock.setTimeout(() => {
        void this.tick();
        this.#next();
      }, 1000);
    }
    async tick(bytes = EventStream.fromEvents([{ time: 1, record: { tick: true } }])) {
      const kept = this.router.emit('ticks', bytes);
      if (kept !== KEPT) await kept;
      this.log.info({ ticks: 1 }, 'kept');
    }
    override statistics() {
      return { counters: { ticks: 1 } };
    }
  }
  const ticks = defineInput({
    type: 'ticks',
    description: '',
    section: section('source'),
    create: (_config, context) => new Ticks(context),
  });

  test('is received from, with a clock that the test moves on', async () => {
    const driver = await createDriver(ticks).start();
    expect(driver.router.events).toEqual([]);
    await driver.clock.advance(2500);
    expect(driver.router.events).toEqual(
      [1, 2].map(() => ({ tag: 'ticks', time: new EventTime(1), record: { tick: true } })),
    );
    expect(driver.log).toHaveLength(2);
    expect(driver.log[0]).toEqual({ level: 'info', fields: { ticks: 1 }, text: 'kept' });
    expect(driver.statistics).toEqual({ counters: { ticks: 1 } });
    expect(await driver.stop()).toEqual([]);
  });

  test('waits while the router holds its events', async () => {
    const driver = createDriver(ticks);
    driver.router.answer = 'hold';
    const { plugin } = driver;
    assert(plugin instanceof Ticks);
    const ticked = plugin.tick();
    await driver.router.received(1);
    expect([driver.router.held, driver.log]).toEqual([1, []]);
    driver.router.release();
    await ticked;
    expect([driver.router.held, driver.log.length]).toEqual([0, 1]);
    const refused = plugin.tick();
    driver.router.release(new Error('no room'));
    await expect(refused).rejects.toThrow('no room');
    driver.router.answer = new Error('no disk');
    await expect(plugin.tick()).rejects.toThrow('no disk');
  });

  test('that changes bytes before they are kept fails its test', async () => {
    const driver = createDriver(ticks);
    driver.router.answer = 'hold';
    const stream = EventStream.fromEvents([{ time: 1, record: {} }]);
    assert(driver.plugin instanceof Ticks);
    const ticked = driver.plugin.tick(stream);
    stream.bytes.fill(0);
    driver.router.release();
    await expect(ticked).rejects.toThrow('the bytes of a stream of ticks have changed');
  });
});

test('a filter gives what goes on, and its error events', () => {
  class Even extends Filter {
    override filter(tag: string, stream: Stream): Stream {
      const odd = stream.filter(({ record }) => Number(record.n) % 2 === 1);
      void this.emitErrorEvents(tag, odd, new Error('odd'));
      return stream.filter(({ record }) => Number(record.n) % 2 === 0);
    }
  }
  const driver = createDriver(
    defineFilter({
      type: 'even',
      description: '',
      section: section('filter'),
      create: (_config, context) => new Even(context),
    }),
  );
  const left = driver.filter('x', [{ n: 1 }, { time: 7, record: { n: 2 } }, { n: 4 }]);
  expect(left).toEqual([
    { time: new EventTime(7), record: { n: 2 } },
    { time: EventTime.fromMillis(Date.UTC(2030, 0, 1)), record: { n: 4 } },
  ]);
  expect(driver.errors).toMatchObject([{ tag: 'x', records: [{ n: 1 }] }]);
});

describe('a configuration', () => {
  class Formatted extends Output {
    readonly #formatter: Formatter;
    text = '';
    constructor(
      readonly context: OutputContext,
      readonly limit: number,
      element: Parameters<typeof formatterOf>[1],
    ) {
      super(context);
      this.#formatter = formatterOf(context, element, 'lines');
    }
    override write(tag: string, stream: Stream): Keeping {
      this.text += this.#formatter.format(tag, stream).toString();
      return KEPT;
    }
  }
  const formatted = defineOutput({
    type: 'formatted',
    description: '',
    section: defineSection({
      name: 'match',
      params: { limit: t.integer({ min: 1 }).default(5) },
      sections: { format: { raw: 'format' } },
    }),
    create: ({ limit }, context, element) => new Formatted(context, limit, element),
  });

  test('is read as the agent reads it, with plugins inside', async () => {
    const driver = createDriver(formatted, 'limit 7\n<format>\n@type lines\n</format>', {
      plugins: [{ lines }],
      id: 'mine',
      workerId: 1,
      workers: 2,
    });
    const { plugin } = driver;
    assert(plugin instanceof Formatted);
    expect(plugin).toMatchObject({ id: 'mine', workerId: 1, workers: 2, limit: 7 });
    await driver.start();
    void driver.write('x', [{ a: 1 }]);
    expect(plugin.text).toBe('{"a":1}\n');
    void plugin.context.router?.emit('y', EventStream.fromEvents([{ time: 1, record: { b: 1 } }]));
    expect(driver.router.events).toMatchObject([{ tag: 'y', record: { b: 1 } }]);
    await driver.stop();
  });

  test('that is wrong is reported with its place', () => {
    expect(() => createDriver(formatted, 'limit 0', { plugins: [lines] })).toThrow(
      expect.objectContaining({ file: 'test.conf', line: 3, parameter: 'limit' }),
    );
    expect(() => createDriver(formatted, '<format>\n@type none\n</format>')).toThrow(
      'unknown formatter plugin "none"',
    );
  });

  test('that has an unknown parameter has a warning', () => {
    const driver = createDriver(formatted, 'limmit 1', { plugins: [lines] });
    expect(driver.warnings()).toEqual([
      expect.stringContaining('unknown parameter limmit') as string,
    ]);
  });
});

test('outputs inside of an output are checked, and live with it', async () => {
  const phases: string[] = [];
  class Inner extends Output {
    override start(): void {
      phases.push('inner starts');
    }
    override stop(): void {
      phases.push('inner stops');
    }
    override write(tag: string): Keeping {
      return tag === 'good' ? KEPT : (undefined as never);
    }
  }
  class Outer extends Output {
    readonly inner: EventSink;
    constructor(context: PluginContext, element: Parameters<typeof innerPlugin>[2]) {
      super(context);
      this.inner = innerPlugin(context, 'output', element.children('store')[0]);
    }
    override start(): void {
      phases.push('outer starts');
    }
    override stop(): void {
      phases.push('outer stops');
    }
    override write(tag: string, stream: Stream): Keeping {
      return this.inner.write(tag, stream);
    }
  }
  const inner = defineOutput({
    type: 'inner',
    description: '',
    section: section('store'),
    create: (_config, context) => new Inner(context),
  });
  const outer = defineOutput({
    type: 'outer',
    description: '',
    section: defineSection({ name: 'match', sections: { stores: { raw: 'store' } } }),
    create: (_config, context, element) => new Outer(context, element),
  });
  const driver = createDriver(outer, '<store>\n@type inner\n@id one\n</store>', {
    plugins: [inner],
  });
  await driver.start();
  expect(driver.write('good', [{}])).toBe(KEPT);
  expect(() => driver.write('bad', [{}])).toThrow('plugin one: write must return');
  await driver.stop();
  await driver.stop();
  expect(phases).toEqual(['inner starts', 'outer starts', 'outer stops', 'inner stops']);
});

test('a plugin that only answers is driven by itself', async () => {
  class Fixed extends ServiceDiscovery {
    override services() {
      return [{ host: 'a', port: this.clock.now() === 5 ? 1 : 2 }];
    }
  }
  const definition = defineServiceDiscovery({
    type: 'fixed',
    description: '',
    section: section('service_discovery'),
    create: (_config, context) => new Fixed(context),
  });
  const clock = new TestClock(5);
  const driver = await createDriver(definition, '', { clock }).start();
  expect(driver.plugin.services()).toEqual([{ host: 'a', port: 1 }]);
});

test('a test clock calls back in order, and not those who no longer wait', async () => {
  const clock = new TestClock(0);
  const calls: string[] = [];
  clock.setTimeout(() => calls.push(`late at ${clock.now()}`), 30);
  const cancel = clock.setTimeout(() => calls.push('never'), 10);
  clock.setTimeout(() => {
    calls.push(`early at ${clock.now()}`);
    void Promise.resolve().then(() => clock.setTimeout(() => calls.push('between'), 5));
  }, 10);
  cancel();
  await clock.advance(29);
  expect(calls).toEqual(['early at 10', 'between']);
  expect(clock.waiting).toBe(1);
  await clock.advance(1);
  expect(calls).toEqual(['early at 10', 'between', 'late at 30']);
});
