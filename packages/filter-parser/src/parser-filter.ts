import { isUtf8 } from 'node:buffer';
import { defineSection, t, type ConfigElement, type SectionOf } from '@sluice/config';
import { EventPacker, EventStream, EventStreamError, type EventTime } from '@sluice/event-stream';
import { EntryCursor } from '@sluice/event-stream/packed';
import {
  defineFilter,
  Filter,
  ParseError,
  parseRecordAccessor,
  parserOf,
  RecordAccessorError,
  type FieldPath,
  type FilterContext,
  type Parser,
  type PluginStatistics,
} from '@sluice/plugin';
import { valueAt, without } from './fields.js';

const description = 'Parses a field of each record, and sets what is found in its place.';

const section = defineSection({
  name: 'filter',
  description,
  params: {
    keyName: t.string().describe("Field that is parsed: name, $.name.inner or $['name']['inner']"),
    format: t.string().optional().describe("Fluentd's old way of <parse>'s @type"),
    reserveData: t.bool().default(false).describe('Keep the other fields of the record'),
    reserveTime: t.bool().default(false).describe('Keep the time of the event'),
    removeKeyNameField: t
      .bool()
      .default(false)
      .describe('With reserve_data: leave the field out that was parsed'),
    injectKeyPrefix: t.string().optional().describe('Stands before the name of each field found'),
    hashValueField: t
      .string()
      .optional()
      .describe('Put the fields found into one field of this name'),
    replaceInvalidSequence: t
      .bool()
      .default(false)
      .describe('Replace bytes that are not UTF-8 by ?, rather than refusing the field'),
    emitInvalidRecordToError: t
      .bool()
      .default(true)
      .describe('Give events that do not parse to the label @ERROR'),
  },
  sections: { parse: { raw: 'parse', description: 'How the field is read, by @type.' } },
  check: ({ keyName }, context) => {
    try {
      parseRecordAccessor(keyName);
    } catch (error) {
      if (!(error instanceof RecordAccessorError)) throw error;
      throw context.error('keyName', error.message);
    }
  },
});

type Config = SectionOf<typeof section>;
type Fields = Record<string, unknown>;

/** The parser filter. Fluentd: `filter_parser`. */
class ParserFilter extends Filter {
  readonly #config: Config;
  readonly #parser: Parser;
  readonly #path: FieldPath;
  readonly #packer = new EventPacker();
  #parsed = 0;
  #invalid = 0;

  constructor(context: FilterContext, config: Config, element: ConfigElement) {
    super(context);
    this.#config = config;
    this.#parser = parserOf(context, element);
    this.#path = parseRecordAccessor(config.keyName);
  }

  override statistics(): PluginStatistics {
    return { counters: { parsed_events: this.#parsed, invalid_events: this.#invalid } };
  }

  filter(tag: string, stream: EventStream): EventStream {
    const entry = new EntryCursor(stream.bytes);
    for (const { time, record } of stream) {
      entry.next();
      try {
        this.#one(time, record);
        this.#parsed++;
      } catch (error) {
        if (!isInvalid(error)) throw error;
        this.#invalid++;
        if (this.#config.reserveData) this.#packer.add(time, this.#merged(record, {}));
        if (!this.#config.emitInvalidRecordToError) continue;
        const bytes = stream.bytes.subarray(entry.start, entry.end);
        void this.emitErrorEvents(tag, stream.withEntries(bytes, 1), error);
      }
    }
    const { count } = this.#packer;
    return stream.withEntries(this.#packer.take().bytes, count);
  }

  /** @throws ParseError and the like for a record without the field, or one that does not parse */
  #one(time: EventTime, record: Fields): void {
    const { keyName, reserveTime, removeKeyNameField } = this.#config;
    const value = valueAt(record, this.#path);
    if (value === undefined || value === null) {
      throw new ParseError('parser', `${keyName} does not exist`);
    }
    this.#parser.parse(this.#textOf(value), (found, fields) => {
      const rest = removeKeyNameField ? without(record, this.#path) : record;
      this.#packer.add(reserveTime ? time : (found ?? time), this.#merged(rest, fields));
    });
  }

  #textOf(value: unknown): Buffer {
    const { keyName, replaceInvalidSequence } = this.#config;
    if (typeof value === 'string') return Buffer.from(value);
    if (!Buffer.isBuffer(value)) throw new ParseError('parser', `${keyName} is not a text`);
    if (isUtf8(value)) return value;
    if (!replaceInvalidSequence) {
      throw new ParseError('parser', `invalid byte sequence in UTF-8 in ${keyName}`);
    }
    return Buffer.from(value.toString().replaceAll('\ufffd', '?'));
  }

  #merged(record: Fields, found: Fields): Fields {
    const { injectKeyPrefix, hashValueField, reserveData } = this.#config;
    const named =
      injectKeyPrefix === undefined
        ? found
        : Object.fromEntries(
            Object.entries(found).map(([key, value]) => [injectKeyPrefix + key, value]),
          );
    const placed = hashValueField === undefined ? named : { [hashValueField]: named };
    return reserveData ? { ...record, ...placed } : placed;
  }
}

function isInvalid(error: unknown): error is Error {
  return error instanceof ParseError || error instanceof EventStreamError;
}

/** `@type parser`. Fluentd: `filter_parser`. */
export const parserFilter = defineFilter({
  type: 'parser',
  description,
  section,
  create: (config, context, element) => new ParserFilter(context, config, element),
});
