import { defineSection, type SectionOf } from '@sluice/config';
import { skipValue } from '@sluice/event-stream/packed';
import { defineFormatter, type Framing, type PluginContext } from '@sluice/plugin';
import type { ByteWriter } from './byte-writer.js';
import { BytesFormatter } from './bytes-formatter.js';
import { addNewlineParam, framingOf, newlineOf, newlineParam } from './newline.js';

const description = 'The record as Ruby prints a hash.';

const section = defineSection({
  name: 'format',
  description,
  params: { ...addNewlineParam, ...newlineParam },
});

class HashFormatter extends BytesFormatter {
  override readonly framing: Framing;
  readonly #newline: Buffer;

  constructor(context: PluginContext, config: SectionOf<typeof section>) {
    super(context);
    this.framing = framingOf(config.addNewline);
    this.#newline = Buffer.from(newlineOf(config.newline, config.addNewline));
  }

  protected writeRecord(writer: ByteWriter, bytes: Buffer, record: number): number {
    writer.inspected(bytes, record);
    writer.bytes(this.#newline);
    return skipValue(bytes, record, bytes.length);
  }
}

/** `@type hash`. Fluentd: `formatter_hash`. */
export const hashFormatter = defineFormatter({
  type: 'hash',
  description,
  section,
  create: (config, context) => new HashFormatter(context, config),
});
