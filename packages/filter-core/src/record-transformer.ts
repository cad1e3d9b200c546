import { defineSection, elementOf, t, type ConfigElement, type SectionOf } from '@sluice/config';
import { EventTime, type Event, type EventInput, type EventStream } from '@sluice/event-stream';
import { packFields, setFieldsSteps } from '@sluice/event-stream/packed';
import {
  defineFilter,
  Filter,
  KEPT,
  parseRecordAccessor,
  RecordAccessorError,
  type FieldPath,
  type FilterContext,
  type Keeping,
  type PluginStatistics,
} from '@sluice/plugin';
import { eventTimeOf } from './event-time-of.js';
import { PlaceholderError } from './placeholders.js';
import { withoutField } from './record-accessor.js';
import { MadeBytes, MadeEvents } from './made-events.js';
import { parseRecordValue, type RecordValue } from './record-values.js';
import { inSlices } from './slices.js';

const record = defineSection({
  name: 'record',
  description: 'Fields to set: a name and a value, which may have placeholders such as ${tag}.',
  rest: t.string().nullable(),
});

const section = defineSection({
  name: 'filter',
  description: 'Adds, changes and removes fields of records.',
  params: {
    renewRecord: t.bool().default(false).describe('Start from an empty record'),
    keepKeys: t.array(t.string()).optional().describe('Fields that renew_record leaves'),
    removeKeys: t
      .array(t.string())
      .optional()
      .describe("Fields to remove: name, $.name.inner or $['name']['inner']"),
    renewTimeKey: t
      .string()
      .optional()
      .describe("Field whose value, in seconds since 1970, becomes the event's time"),
    autoTypecast: t
      .bool()
      .default(true)
      .describe('A value that is one placeholder keeps the type of what it stands for'),
    enableRuby: t
      .bool()
      .default(false)
      .describe('Accepted where the placeholders are those that work without Ruby'),
  },
  sections: { records: { section: record, multiple: true } },
  check: (value, { error }) => {
    if (value.keepKeys !== undefined && !value.renewRecord) {
      throw error('keepKeys', 'keep_keys needs renew_record true', 'add renew_record true');
    }
  },
});

type Config = SectionOf<typeof section>;

/** What is to be done with each record. */
interface Plan {
  readonly fields: readonly (readonly [name: string, value: RecordValue])[];
  readonly renew: boolean;
  readonly keep: readonly string[];
  readonly remove: readonly FieldPath[];
  readonly timeKey: string | undefined;
}

function planOf(config: Config, element: ConfigElement): Plan {
  const fields = new Map<string, RecordValue>();
  for (const inner of config.records) {
    for (const [name, text] of Object.entries(inner.rest)) {
      try {
        fields.set(name, parseRecordValue(text ?? '', config.autoTypecast));
      } catch (error) {
        if (!(error instanceof PlaceholderError)) throw error;
        const { message, hint } = error;
        throw (elementOf(inner) ?? element).error(message, { param: name, hint });
      }
    }
  }
  const remove = (config.removeKeys ?? []).map((key) => {
    try {
      return parseRecordAccessor(key);
    } catch (error) {
      if (!(error instanceof RecordAccessorError)) throw error;
      throw element.error(error.message, { param: 'remove_keys' });
    }
  });
  return {
    fields: [...fields],
    renew: config.renewRecord,
    keep: config.keepKeys ?? [],
    remove,
    timeKey: config.renewTimeKey,
  };
}

/** So many events are made between two looks at the clock. */
const eventsPerStep = 16;
/** Events of more bytes than this, on average, are made one by one. */
const largeEvent = 64 * 1024;

/** What became of the events of one stream. */
interface Transformed {
  readonly events: MadeEvents;
  readonly failed: MadeEvents;
  readonly firstError: Error | undefined;
}

/** Of a tag: the fields that are the same in every event; kept for so many tags. */
const tagCacheLimit = 1024;

class RecordTransformerFilter extends Filter {
  /** Events that could not be transformed. */
  failedEvents = 0;
  readonly #plan: Plan;
  /** Whether the plan only sets fields, to values that are the same for all events of a tag. */
  readonly #addsOnly: boolean;
  readonly #fieldsOfTag = new Map<string, Record<string, unknown>>();
  readonly #missing = new Set<string>();

  constructor(context: FilterContext, plan: Plan) {
    super(context);
    this.#plan = plan;
    this.#addsOnly =
      !plan.renew &&
      plan.remove.length === 0 &&
      plan.timeKey === undefined &&
      plan.fields.every(([, value]) => value.ofTag);
  }

  override statistics(): PluginStatistics {
    return { counters: { failed_events: this.failedEvents } };
  }

  filter(tag: string, stream: EventStream): EventStream | Promise<EventStream> {
    // Fields such as hostname and tag are put into the packed records without decoding them.
    if (this.#addsOnly) return this.#withFields(stream, packFields(this.#constantFields(tag)));
    const made = inSlices(this.#steps(tag, stream));
    return made instanceof Promise
      ? this.#finishLater(tag, stream, made)
      : this.#finish(tag, stream, made).left;
  }

  #withFields(
    stream: EventStream,
    fields: ReturnType<typeof packFields>,
  ): EventStream | Promise<EventStream> {
    const { bytes, count } = stream;
    if (count === 0 || fields.names.length === 0) return stream;
    new MadeBytes(stream).add(bytes.length + count * fields.bytes.length);
    const set = inSlices(setFieldsSteps(bytes, count, fields));
    return set instanceof Promise
      ? set.then((larger) => stream.withEntries(larger, count))
      : stream.withEntries(set, count);
  }

  /** Transforms the events, and yields after a few of them. */
  *#steps(tag: string, stream: EventStream): Generator<undefined, Transformed> {
    const made = new MadeBytes(stream);
    const events = new MadeEvents(made);
    const failed = new MadeEvents(made);
    let firstError: Error | undefined;
    let step = 0;
    const few = stream.bytes.length / stream.count > largeEvent ? 1 : eventsPerStep;
    for (const event of stream) {
      try {
        events.add(this.#transform(tag, event));
      } catch (error) {
        failed.add(event);
        firstError ??= error as Error;
      }
      step += 1;
      if (step % few !== 0) continue;
      events.pack();
      failed.pack();
      yield;
    }
    return { events, failed, firstError };
  }

  #finish(
    tag: string,
    stream: EventStream,
    { events, failed, firstError }: Transformed,
  ): { left: EventStream; kept: Keeping } {
    const left = events.stream(stream);
    if (firstError === undefined) return { left, kept: KEPT };
    this.failedEvents += failed.count;
    return { left, kept: this.emitErrorEvents(tag, failed.stream(stream), firstError) };
  }

  async #finishLater(
    tag: string,
    stream: EventStream,
    made: Promise<Transformed>,
  ): Promise<EventStream> {
    const { left, kept } = this.#finish(tag, stream, await made);
    if (kept !== KEPT) await kept;
    return left;
  }

  #transform(tag: string, { time, record, metadata }: Event): EventInput {
    const { fields, renew, keep, remove, timeKey } = this.#plan;
    const context = { tag, time, record };
    let result: Record<string, unknown> = {};
    if (!renew) result = { ...record };
    else for (const key of keep) if (Object.hasOwn(record, key)) set(result, key, record[key]);
    for (const [name, value] of fields) set(result, name, value.value(context, this.#onMissing));
    const renewed =
      timeKey !== undefined && Object.hasOwn(result, timeKey)
        ? eventTimeOf(timeKey, result[timeKey])
        : time;
    for (const path of remove) result = withoutField(result, path);
    return { time: renewed, record: result, ...(metadata && { metadata }) };
  }

  #constantFields(tag: string): Record<string, unknown> {
    let fields = this.#fieldsOfTag.get(tag);
    if (fields === undefined) {
      const context = { tag, time: new EventTime(0), record: {} };
      fields = {};
      for (const [name, value] of this.#plan.fields) {
        set(fields, name, value.value(context, this.#onMissing));
      }
      if (this.#fieldsOfTag.size >= tagCacheLimit) this.#fieldsOfTag.clear();
      this.#fieldsOfTag.set(tag, fields);
    }
    return fields;
  }

  // Fluentd warns for each event; once says as much.
  readonly #onMissing = (source: string): void => {
    if (this.#missing.has(source)) return;
    this.#missing.add(source);
    this.log.warn({ placeholder: source }, `${source} had no value in an event, and is left empty`);
  };
}

/** Sets a field, also one that is called `__proto__`. */
function set(target: Record<string, unknown>, name: string, value: unknown): void {
  if (name !== '__proto__') target[name] = value;
  else
    Object.defineProperty(target, name, {
      value,
      enumerable: true,
      configurable: true,
      writable: true,
    });
}

/** `@type record_transformer`, without Ruby. Fluentd: `filter_record_transformer`. */
export const recordTransformerFilter = defineFilter({
  type: 'record_transformer',
  description: 'Adds, changes and removes fields of records.',
  section,
  create: (config, context, element) =>
    new RecordTransformerFilter(context, planOf(config, element)),
});
