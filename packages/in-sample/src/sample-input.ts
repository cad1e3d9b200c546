import { defineSection, param, t, type SectionOf } from '@sluice/config';
import { EventPacker, EventTime } from '@sluice/event-stream';
import {
  checkKeeping,
  defineInput,
  Input,
  KEPT,
  type InputContext,
  type InputDefinition,
  type Keeping,
  type PluginStatistics,
} from '@sluice/plugin';

const description = 'Makes events of samples, for trying things out and for measuring.';
const usual = '[{"message":"sample"}]';
/** Events come ten times a second, what does not divide by ten at the end of it. */
const ticks = 10;
const tick = 1000 / ticks;
/** Events of one message; more are several. */
const most = 10_000;

type Sample = Record<string, unknown>;

function samplesOf(text: string): Sample[] {
  const value = JSON.parse(text) as unknown;
  const list = Array.isArray(value) ? (value as unknown[]) : [value];
  const wrong = list.findIndex(
    (item) => typeof item !== 'object' || item === null || Array.isArray(item),
  );
  if (wrong >= 0) throw new TypeError(`element ${wrong} is not an object`);
  if (list.length === 0) throw new TypeError('it has no element');
  return list as Sample[];
}

const section = defineSection({
  name: 'source',
  description,
  params: {
    tag: t.string().describe('Tag of the events'),
    sample: param(t.string().default(usual), { alias: 'dummy' }).describe(
      'A record as JSON, or an array of them that are taken in turn',
    ),
    rate: t.integer({ min: 1, max: 1_000_000_000 }).default(1).describe('Times a second'),
    size: t.integer({ min: 1, max: 100_000 }).default(1).describe('Events each time'),
    autoIncrementKey: t
      .string()
      .optional()
      .describe('Field that gets a number, one more in each event, from 0'),
    reuseRecord: t
      .bool()
      .default(false)
      .describe('For Fluentd: records are never shared here, so that it makes no difference'),
    suspend: param(t.bool().default(false), { deprecated: 'it has no effect, in Fluentd neither' }),
  },
  check: ({ tag, sample }, context) => {
    if (tag === '') throw context.error('tag', 'tag must not be empty', 'write tag NAME');
    try {
      samplesOf(sample);
    } catch (error) {
      throw context.error(
        'sample',
        `sample is not JSON of records: ${(error as Error).message}`,
        'write sample {"message":"hello"}',
      );
    }
  },
});

/** The sample input. Fluentd: `in_sample`. */
class SampleInput extends Input {
  readonly #config: SectionOf<typeof section>;
  readonly #samples: Sample[];
  readonly #packer = new EventPacker();
  #next = 0;
  #number = 0;
  #ticks = 0;
  #started = 0;
  #busy = false;
  #stopped = false;
  #events = 0;
  #skipped = 0;
  #cancel: (() => void) | undefined;

  constructor(context: InputContext, config: SectionOf<typeof section>) {
    super(context);
    this.#config = config;
    this.#samples = samplesOf(config.sample);
  }

  override afterStart(): void {
    this.#started = this.clock.now();
    this.#wait();
  }

  override stop(): void {
    this.#stopped = true;
    this.#cancel?.();
  }

  override statistics(): PluginStatistics {
    return { counters: { events: this.#events, skipped_rounds: this.#skipped } };
  }

  #wait(): void {
    const now = this.clock.now();
    const due = this.#started + (this.#ticks + 1) * tick;
    // After a long pause of the process nothing is made up for.
    if (due < now - 1000) this.#started += now - due;
    this.#cancel = this.clock.setTimeout(() => this.#tick(), Math.max(0, due - now));
  }

  #tick(): void {
    this.#ticks++;
    const { rate, size } = this.#config;
    let times = Math.floor(rate / ticks);
    if (this.#ticks % ticks === 0) times += rate % ticks;
    // What outputs have not kept yet is not added to.
    if (times > 0 && this.#busy) this.#skipped++;
    else if (times > 0) void this.#produce(times * size);
    this.#wait();
  }

  /** As many events as can be made until the next tick; what is more is left out. */
  async #produce(events: number): Promise<void> {
    this.#busy = true;
    const end = performance.now() + tick;
    let left = events;
    while (left > 0 && !this.#stopped) {
      const count = Math.min(left, most);
      left -= count;
      const kept = this.#emit(count);
      if (kept !== KEPT) await kept;
      if (left === 0) break;
      if (performance.now() >= end) {
        this.#skipped++;
        break;
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.#busy = false;
  }

  /** Never rejects. */
  #emit(events: number): Keeping {
    const time = EventTime.fromMillis(this.clock.now());
    for (let made = 0; made < events; made++) this.#packer.add(time, this.#record());
    this.#events += events;
    try {
      const stream = this.#packer.take();
      const kept = checkKeeping(this.router.emit(this.#config.tag, stream), this.id, 'emit');
      return kept === KEPT ? KEPT : kept.catch((error: unknown) => this.#notKept(error));
    } catch (error) {
      this.#notKept(error);
      return KEPT;
    }
  }

  #notKept(error: unknown): void {
    this.log.warn({ tag: this.#config.tag, err: error }, 'samples were not kept');
  }

  #record(): Sample {
    const sample = this.#samples[this.#next];
    this.#next = (this.#next + 1) % this.#samples.length;
    const key = this.#config.autoIncrementKey;
    return key === undefined ? sample : { ...sample, [key]: this.#number++ };
  }
}

function define(type: string): InputDefinition {
  return defineInput({
    type,
    description,
    section,
    create: (config, context) => new SampleInput(context, config),
  });
}

/** `@type sample`. Fluentd: `in_sample`. */
export const sampleInput = define('sample');

/** `@type dummy`, the old name. Fluentd: `in_dummy`. */
export const dummyInput = define('dummy');
