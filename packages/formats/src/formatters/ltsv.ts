import { defineSection, t, type SectionOf } from '@sluice/config';
import { childCount, headSize, skipValue } from '@sluice/event-stream/packed';
import { defineFormatter, type Framing, type PluginContext } from '@sluice/plugin';
import type { ByteWriter } from './byte-writer.js';
import { BytesFormatter } from './bytes-formatter.js';
import { addNewlineParam, framingOf, newlineOf, newlineParam } from './newline.js';

const description = 'Labelled tab-separated values.';

const section = defineSection({
  name: 'format',
  description,
  params: {
    delimiter: t.string().default('\t').describe('What stands between the fields'),
    labelDelimiter: t.string().default(':').describe('What stands between label and value'),
    replacement: t.string().default(' ').describe('Stands for a delimiter inside of a value'),
    ...addNewlineParam,
    ...newlineParam,
  },
});

class LtsvFormatter extends BytesFormatter {
  override readonly framing: Framing;
  readonly #delimiter: Buffer;
  readonly #labelDelimiter: Buffer;
  readonly #replacement: Buffer;
  readonly #newline: Buffer;

  constructor(context: PluginContext, config: SectionOf<typeof section>) {
    super(context);
    this.framing = framingOf(config.addNewline);
    this.#delimiter = Buffer.from(config.delimiter);
    this.#labelDelimiter = Buffer.from(config.labelDelimiter);
    this.#replacement = Buffer.from(config.replacement);
    this.#newline = Buffer.from(newlineOf(config.newline, config.addNewline));
  }

  protected writeRecord(writer: ByteWriter, bytes: Buffer, record: number): number {
    const begin = writer.length;
    let pos = record + headSize(bytes[record]);
    for (let pairs = childCount(bytes, record) / 2; pairs > 0; pairs -= 1) {
      if (writer.length > begin) writer.bytes(this.#delimiter);
      const value = skipValue(bytes, pos, bytes.length);
      writer.value(bytes, pos, value);
      writer.bytes(this.#labelDelimiter);
      pos = skipValue(bytes, value, bytes.length);
      const from = writer.length;
      writer.value(bytes, value, pos);
      writer.replace(from, this.#delimiter, this.#replacement);
    }
    writer.bytes(this.#newline);
    return pos;
  }
}

/** `@type ltsv`. Fluentd: `formatter_ltsv`. */
export const ltsvFormatter = defineFormatter({
  type: 'ltsv',
  description,
  section,
  create: (config, context) => new LtsvFormatter(context, config),
});
