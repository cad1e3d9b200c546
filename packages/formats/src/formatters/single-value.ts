import { defineSection, t, type SectionOf } from '@sluice/config';
import { findFields, skipValue } from '@sluice/event-stream/packed';
import { defineFormatter, type Framing, type PluginContext } from '@sluice/plugin';
import type { ByteWriter } from './byte-writer.js';
import { BytesFormatter } from './bytes-formatter.js';
import { addNewlineParam, framingOf, newlineOf, newlineParam } from './newline.js';

const description = 'The value of one field, and nothing else.';

const section = defineSection({
  name: 'format',
  description,
  params: {
    messageKey: t.string().default('message').describe('The field'),
    ...addNewlineParam,
    ...newlineParam,
  },
});

class SingleValueFormatter extends BytesFormatter {
  override readonly framing: Framing;
  readonly #names: readonly Buffer[];
  readonly #newline: Buffer;
  readonly #found = [-1];

  constructor(context: PluginContext, config: SectionOf<typeof section>) {
    super(context);
    this.framing = framingOf(config.addNewline);
    this.#names = [Buffer.from(config.messageKey)];
    this.#newline = Buffer.from(newlineOf(config.newline, config.addNewline));
  }

  protected writeRecord(writer: ByteWriter, bytes: Buffer, record: number): number {
    const end = findFields(bytes, record, this.#names, this.#found);
    const [at] = this.#found;
    if (at >= 0) writer.value(bytes, at, skipValue(bytes, at, end));
    writer.bytes(this.#newline);
    return end;
  }
}

/** `@type single_value`. Fluentd: `formatter_single_value`. */
export const singleValueFormatter = defineFormatter({
  type: 'single_value',
  description,
  section,
  create: (config, context) => new SingleValueFormatter(context, config),
});
