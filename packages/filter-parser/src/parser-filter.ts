import { isUtf8 } from 'node:buffer';
import { defineSection, t, type ConfigElement, type SectionOf } from '@sluice/config';
import { EventPacker, EventStreamError, type EventStream } from '@sluice/event-stream';
import { descend, EntryCursor, findFields, packField } from '@sluice/event-stream/packed';
import {
  defineFilter,
  Filter,
  ParseError,
  parseRecordAccessor,
  parserOf,
  RecordAccessorError,
  type FilterContext,
  type Parser,
  type PluginStatistics,
} from '@sluice/plugin';
import { MergedEvents } from './merging.js';
import { isNil, textBytes, withoutInvalid } from './texts.js';

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

/** The field has nothing that a parser could look at: the event is not kept even by reserve_data. */
class UnreadableError extends ParseError {
  constructor(reason: string) {
    super('parser', reason);
  }
}

type Config = SectionOf<typeof section>;

/** The parser filter. Fluentd: `filter_parser`. */
class ParserFilter extends Filter {
  readonly #config: Config;
  readonly #parser: Parser;
  readonly #path: readonly (Buffer | number)[];
  readonly #names: readonly Buffer[];
  readonly #found = [-1];
  readonly #packer = new EventPacker();
  /** Undefined where what was found is all that remains. */
  readonly #merged: MergedEvents | undefined;
  #parsed = 0;
  #invalid = 0;

  constructor(context: FilterContext, config: Config, element: ConfigElement) {
    super(context);
    this.#config = config;
    this.#parser = parserOf(context, element);
    const way = parseRecordAccessor(config.keyName);
    this.#path = packField(way).path;
    this.#names = this.#path.slice(0, 1).filter((step) => typeof step !== 'number');
    const { reserveData, reserveTime, hashValueField, injectKeyPrefix } = config;
    const removed = config.removeKeyNameField ? way : undefined;
    if (reserveData || reserveTime || (hashValueField ?? injectKeyPrefix) !== undefined) {
      const rules = { reserveData, reserveTime, removed, hashValueField, injectKeyPrefix };
      this.#merged = new MergedEvents(rules);
    }
  }

  override statistics(): PluginStatistics {
    return { counters: { parsed_events: this.#parsed, invalid_events: this.#invalid } };
  }

  filter(tag: string, stream: EventStream): EventStream {
    const { bytes } = stream;
    const entry = new EntryCursor(bytes);
    for (let more = entry.moveTo(0); more;) {
      this.#found[0] = -1;
      const end = findFields(bytes, entry.record, this.#names, this.#found);
      try {
        this.#one(entry);
        this.#parsed++;
      } catch (error) {
        if (!isInvalid(error)) throw error;
        this.#refuse(tag, stream, entry, error);
      }
      more = entry.moveTo(end);
    }
    if (this.#merged !== undefined) {
      const made = this.#merged.take();
      return stream.withEntries(made.bytes, made.count);
    }
    const { count } = this.#packer;
    return stream.withEntries(this.#packer.take().bytes, count);
  }

  /** @throws ParseError and the like for a record without the field, or one that does not parse */
  #one(entry: EntryCursor): void {
    const { bytes } = entry;
    const at = descend(bytes, this.#found[0], this.#path, 1);
    if (at < 0 || isNil(bytes, at)) {
      throw new ParseError('parser', `${this.#config.keyName} does not exist`);
    }
    const text = this.#textAt(bytes, at);
    const packer = this.#packer;
    const merged = this.#merged;
    try {
      this.#parser.parseInto(text, packer, entry.eventTime());
    } finally {
      // What was found before the mistake counts.
      if (merged !== undefined && packer.count > 0) merged.add(entry, packer.take().bytes);
    }
  }

  #refuse(tag: string, stream: EventStream, entry: EntryCursor, error: Error): void {
    this.#invalid++;
    if (this.#config.reserveData && !(error instanceof UnreadableError)) {
      this.#merged!.addUnparsed(entry);
    }
    if (!this.#config.emitInvalidRecordToError) return;
    const bytes = stream.bytes.subarray(entry.start, entry.end);
    void this.emitErrorEvents(tag, stream.withEntries(bytes, 1), error);
  }

  #textAt(bytes: Buffer, at: number): Buffer {
    const { keyName, replaceInvalidSequence } = this.#config;
    const text = textBytes(bytes, at);
    if (text === undefined) throw new UnreadableError(`${keyName} is not a text`);
    if (this.#parser.takesBytes || isUtf8(text)) return text;
    if (replaceInvalidSequence) return withoutInvalid(text);
    throw new UnreadableError(`invalid byte sequence in UTF-8 in ${keyName}`);
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
