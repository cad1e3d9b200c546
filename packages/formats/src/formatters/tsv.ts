import { defineSection, t, type SectionOf } from '@sluice/config';
import { findFields, skipValue } from '@sluice/event-stream/packed';
import { defineFormatter, type Framing, type PluginContext } from '@sluice/plugin';
import type { ByteWriter } from './byte-writer.js';
import { BytesFormatter } from './bytes-formatter.js';
import { addNewlineParam, framingOf, newlineOf, newlineParam } from './newline.js';

const description = 'The values of some fields, with a tab between them.';

const section = defineSection({
  name: 'format',
  description,
  params: {
    keys: t.array(t.string()).describe('The fields, in their order'),
    delimiter: t.string().default('\t').describe('What stands between the values'),
    ...addNewlineParam,
    ...newlineParam,
  },
});

class TsvFormatter extends BytesFormatter {
  override readonly framing: Framing;
  readonly #names: readonly Buffer[];
  readonly #delimiter: Buffer;
  readonly #newline: Buffer;
  readonly #found: number[];

  constructor(context: PluginContext, config: SectionOf<typeof section>) {
    super(context);
    this.framing = framingOf(config.addNewline);
    this.#names = config.keys.map((key) => Buffer.from(key));
    this.#found = this.#names.map(() => -1);
    this.#delimiter = Buffer.from(config.delimiter);
    this.#newline = Buffer.from(newlineOf(config.newline, config.addNewline));
  }

  protected writeRecord(writer: ByteWriter, bytes: Buffer, record: number): number {
    const end = findFields(bytes, record, this.#names, this.#found);
    for (const [index, at] of this.#found.entries()) {
      if (index > 0) writer.bytes(this.#delimiter);
      if (at >= 0) writer.value(bytes, at, skipValue(bytes, at, end));
    }
    writer.bytes(this.#newline);
    return end;
  }
}

/** `@type tsv`. Fluentd: `formatter_tsv`. */
export const tsvFormatter = defineFormatter({
  type: 'tsv',
  description,
  section,
  create: (config, context) => new TsvFormatter(context, config),
});
