import { defineSection, elementOf, t, type ConfigElement, type SectionOf } from '@sluice/config';
import { encodeValue, type EventStream, type EventTime } from '@sluice/event-stream';
import { decodeAt, EntryCursor, packFields, setFieldsSteps } from '@sluice/event-stream/packed';
import { RubyError, RubySyntaxError } from '@sluice/formats/ruby';
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
import { EventContext, TagValues } from './event-context.js';
import { MadeBytes, MadeEntries } from './made-events.js';
import { PackedRecord } from './packed-record.js';
import { PlaceholderError } from './placeholders.js';
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
      .describe('Placeholders are expressions of Ruby: ${record["a"].downcase}; no code is run'),
  },
  sections: { records: { section: record, multiple: true } },
  check: (value, { error }) => {
    if (value.keepKeys !== undefined && !value.renewRecord) {
      throw error('keepKeys', 'keep_keys needs renew_record true', 'add renew_record true');
    }
  },
});

type Config = SectionOf<typeof section>;

/** A field that is set. */
interface PlannedField {
  readonly name: Buffer;
  /** The name as MessagePack. */
  readonly key: Buffer;
  readonly value: RecordValue;
}

/** What is to be done with each record. */
interface Plan {
  readonly fields: readonly PlannedField[];
  readonly renew: boolean;
  readonly keep: readonly string[];
  readonly remove: readonly FieldPath[];
  readonly timeKey: string | undefined;
}

function planOf(config: Config, element: ConfigElement, log: FilterContext['log']): Plan {
  const fields = new Map<string, RecordValue>();
  const reading = { typed: config.autoTypecast, ruby: config.enableRuby };
  for (const inner of config.records) {
    for (const [name, text] of Object.entries(inner.rest)) {
      try {
        const value = parseRecordValue(text ?? '', reading);
        fields.set(name, value);
        warnOfUnknown(value, elementOf(inner) ?? element, name, log);
      } catch (error) {
        throw mistake(error, elementOf(inner) ?? element, name);
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
    fields: [...fields].map(([name, value]) => ({
      name: Buffer.from(name),
      key: encodeValue(name),
      value,
    })),
    renew: config.renewRecord,
    keep: config.keepKeys ?? [],
    remove,
    timeKey: config.renewTimeKey,
  };
}

/** A name without a meaning is an error of each event, as in Ruby: the file says so beforehand. */
function warnOfUnknown(
  { unknownNames }: RecordValue,
  element: ConfigElement,
  param: string,
  log: FilterContext['log'],
): void {
  const { file, line } = element.params.get(param)?.location ?? element.location;
  for (const name of new Set(unknownNames)) {
    log.warn(
      { file, line, parameter: param },
      `${file}:${line}: unknown name ${name} in ${param}: every event goes to @ERROR; a field is record["${name}"]`,
    );
  }
}

/** A mistake in a value of `<record>`, with its place. */
function mistake(error: unknown, element: ConfigElement, param: string): unknown {
  if (error instanceof PlaceholderError) {
    return element.error(error.message, { param, hint: error.hint });
  }
  if (!(error instanceof RubySyntaxError)) return error;
  const { message, source, position, hint } = error;
  const before = source.slice(0, position);
  const after = source.slice(position, position + 40);
  return element.error(`${message}, at the mark in: ${before.slice(-40)}▸${after}`, {
    param,
    hint,
  });
}

/** So many events are made between two looks at the clock. */
const eventsPerStep = 16;
/** Events of more bytes than this, on average, are made one by one. */
const largeEvent = 64 * 1024;

/** What became of the events of one stream. */
interface Transformed {
  readonly events: MadeEntries;
  readonly failed: MadeEntries;
  readonly firstError: Error | undefined;
}

/** Of a tag: what its values are made of; kept for so many tags. */
const tagCacheLimit = 1024;

class RecordTransformerFilter extends Filter {
  /** Events that could not be transformed. */
  failedEvents = 0;
  readonly #plan: Plan;
  /** Whether the plan only sets fields, to values that are the same for all events of a tag. */
  readonly #addsOnly: boolean;
  readonly #tags = new Map<string, TagValues>();
  readonly #fieldsOfTag = new Map<string, Record<string, unknown>>();
  readonly #missing = new Set<string>();

  constructor(context: FilterContext, plan: Plan) {
    super(context);
    this.#plan = plan;
    this.#addsOnly =
      !plan.renew &&
      plan.remove.length === 0 &&
      plan.timeKey === undefined &&
      plan.fields.every(({ value }) => value.ofTag);
  }

  override statistics(): PluginStatistics {
    return { counters: { failed_events: this.failedEvents } };
  }

  filter(tag: string, stream: EventStream): EventStream | Promise<EventStream> {
    // Fields such as hostname and tag are put into the packed records without looking into them.
    const constant = this.#addsOnly ? this.#constantFields(tag) : undefined;
    if (constant !== undefined) return this.#withFields(stream, packFields(constant));
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
    const events = new MadeEntries(made);
    const failed = new MadeEntries(made);
    const context = new EventContext(this.#tagValues(tag));
    const entry = new EntryCursor(stream.bytes);
    let firstError: Error | undefined;
    let step = 0;
    const few = stream.bytes.length / stream.count > largeEvent ? 1 : eventsPerStep;
    while (entry.next()) {
      try {
        events.add(this.#transform(context.moveTo(entry), entry));
      } catch (error) {
        failed.add(stream.bytes.subarray(entry.start, entry.end));
        firstError ??= error as Error;
      }
      step += 1;
      if (step % few === 0) yield;
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

  /** The entry with its record transformed. */
  #transform(context: EventContext, entry: EntryCursor): Buffer {
    const { fields, renew, keep, remove, timeKey } = this.#plan;
    const { bytes, start } = entry;
    const record = new PackedRecord();
    if (!renew) record.addAll(bytes, entry.record);
    else if (keep.length > 0) record.addOnly(keep, bytes, entry.record);
    const values = fields.map(({ value }) => value.pack(context, this.#onMissing));
    for (const [index, { name, key }] of fields.entries()) record.set(name, key, values[index]);
    let head = bytes.subarray(start, entry.record);
    const time = timeKey === undefined ? undefined : record.get(Buffer.from(timeKey));
    if (timeKey !== undefined && time !== undefined) {
      const renewed = eventTimeOf(timeKey, decodeAt(time, 0));
      head = headWith(entry, renewed);
    }
    for (const path of remove) record.delete(path);
    return record.pack(head);
  }

  #tagValues(tag: string): TagValues {
    let values = this.#tags.get(tag);
    if (values === undefined) {
      if (this.#tags.size >= tagCacheLimit) this.#tags.clear();
      this.#tags.set(tag, (values = new TagValues(tag)));
    }
    return values;
  }

  /** @returns undefined where they cannot be made for this tag */
  #constantFields(tag: string): Record<string, unknown> | undefined {
    let fields = this.#fieldsOfTag.get(tag);
    if (fields === undefined) {
      const context = new EventContext(this.#tagValues(tag));
      fields = {};
      for (const { name, value } of this.#plan.fields) {
        try {
          set(fields, name.toString(), decodeAt(value.pack(context, this.#onMissing), 0));
        } catch (error) {
          if (error instanceof RubyError) return undefined;
          throw error;
        }
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

/** What stands before the record of an entry, with another time. */
function headWith(entry: EntryCursor, time: EventTime): Buffer {
  const { bytes, start, metadata, record } = entry;
  const packed = Buffer.from('d7000000000000000000', 'hex');
  packed.writeUInt32BE(time.seconds >>> 0, 2);
  packed.writeUInt32BE(time.nanoseconds, 6);
  const after = metadata < 0 ? record : metadata;
  return Buffer.concat([bytes.subarray(start, entry.time), packed, bytes.subarray(after, record)]);
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

/** `@type record_transformer`. Fluentd: `filter_record_transformer`. */
export const recordTransformerFilter = defineFilter({
  type: 'record_transformer',
  description: 'Adds, changes and removes fields of records.',
  section,
  create: (config, context, element) =>
    new RecordTransformerFilter(context, planOf(config, element, context.log)),
});
