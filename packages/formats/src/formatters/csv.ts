import { defineSection, t, type ConfigElement, type SectionOf } from '@sluice/config';
import {
  descend,
  findFields,
  packField,
  skipValue,
  type PackedField,
} from '@sluice/event-stream/packed';
import {
  defineFormatter,
  parseRecordAccessor,
  RecordAccessorError,
  type Framing,
  type PluginContext,
} from '@sluice/plugin';
import type { ByteWriter } from './byte-writer.js';
import { BytesFormatter } from './bytes-formatter.js';
import { addNewlineParam, framingOf } from './newline.js';

const description = 'The values of some fields as a line of CSV.';

const section = defineSection({
  name: 'format',
  description,
  params: {
    fields: t
      .array(t.string())
      .describe("The fields, in their order: name, $.name.inner or $['name']['inner']"),
    delimiter: t
      .string()
      .default(',')
      .refine((value) => value !== '', 'must not be empty')
      .describe('What stands between the values; TAB or \\t for a tab'),
    forceQuotes: t
      .bool()
      .default(true)
      .describe('Quote every value; false: those that need quotes'),
    ...addNewlineParam,
  },
  check: ({ fields }, { error }) => {
    if (fields.every((field) => field === '')) {
      throw error('fields', 'no field is named', 'write fields host,message');
    }
  },
});

const QUOTE = 0x22;
const quote = Buffer.from('"');
const quotes = Buffer.from('""');
const newline = Buffer.from('\n');

class CsvFormatter extends BytesFormatter {
  override readonly framing: Framing;
  readonly #fields: readonly PackedField[];
  /** The first names of the fields. */
  readonly #names: readonly Buffer[];
  readonly #found: number[];
  readonly #delimiter: Buffer;
  readonly #forceQuotes: boolean;
  readonly #addNewline: boolean;
  /** The bytes of which none may stand in a value without quotes. */
  readonly #special: Uint8Array;

  constructor(context: PluginContext, config: SectionOf<typeof section>, fields: PackedField[]) {
    super(context);
    this.framing = framingOf(config.addNewline);
    this.#fields = fields;
    this.#names = fields.map(({ path: [first] }) => first as Buffer);
    this.#found = this.#names.map(() => -1);
    const tab = config.delimiter === 'TAB' || config.delimiter === '\\t';
    this.#delimiter = Buffer.from(tab ? '\t' : config.delimiter);
    this.#forceQuotes = config.forceQuotes;
    this.#addNewline = config.addNewline;
    this.#special = new Uint8Array(256);
    for (const byte of [...this.#delimiter, QUOTE, 0x0a, 0x0d]) this.#special[byte] = 1;
  }

  protected writeRecord(writer: ByteWriter, bytes: Buffer, record: number): number {
    const end = findFields(bytes, record, this.#names, this.#found);
    for (const [index, { path }] of this.#fields.entries()) {
      if (index > 0) writer.bytes(this.#delimiter);
      const first = this.#found[index];
      const at = path.length > 1 && first >= 0 ? descend(bytes, first, path, 1) : first;
      if (at >= 0 && bytes[at] !== 0xc0) this.#writeValue(writer, bytes, at, end);
      else if (this.#forceQuotes) writer.bytes(quotes);
    }
    if (this.#addNewline) writer.bytes(newline);
    return end;
  }

  #writeValue(writer: ByteWriter, bytes: Buffer, at: number, end: number): void {
    const begin = writer.length;
    const next = skipValue(bytes, at, end);
    if (!this.#forceQuotes) {
      writer.value(bytes, at, next);
      if (writer.length > begin && !writer.hasAny(begin, this.#special)) return;
      writer.length = begin;
    }
    writer.bytes(quote);
    writer.value(bytes, at, next);
    writer.replace(begin + 1, quote, quotes);
    writer.bytes(quote);
  }
}

/** `@type csv`. Fluentd: `formatter_csv`. */
export const csvFormatter = defineFormatter({
  type: 'csv',
  description,
  section,
  create: (config, context, element) =>
    new CsvFormatter(context, config, fieldsOf(config, element)),
});

function fieldsOf(config: SectionOf<typeof section>, element: ConfigElement): PackedField[] {
  return config.fields
    .filter((field) => field !== '')
    .map((field) => {
      try {
        return packField(parseRecordAccessor(field));
      } catch (error) {
        if (!(error instanceof RecordAccessorError)) throw error;
        throw element.error(error.message, { param: 'fields' });
      }
    });
}
