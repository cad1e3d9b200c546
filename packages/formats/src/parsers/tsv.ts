import { t } from '@sluice/config';
import type { ParsedCallback, PluginContext } from '@sluice/plugin';
import { define, type Filled } from './define.js';
import { rubySplit } from './ruby-split.js';
import { setField, TextParser, type ParsedRecord } from './text-parser.js';

const params = {
  keys: t.array(t.string()).describe('Names of the fields, in their order'),
  delimiter: t.string().default('\t').describe('What stands between the values'),
};

/** A record of names and values; names without a value are null. */
export function zip(keys: readonly string[], values: readonly (string | null)[]): ParsedRecord {
  const record: ParsedRecord = {};
  keys.forEach((key, index) => {
    setField(record, key, values[index] ?? null);
  });
  return record;
}

class TsvParser extends TextParser {
  readonly #keys: readonly string[];
  readonly #delimiter: string;

  constructor(context: PluginContext, config: Filled<typeof params>) {
    super(context, 'tsv', config);
    this.#keys = config.keys;
    this.#delimiter = config.delimiter;
  }

  protected readText(text: string, found: ParsedCallback): void {
    this.finish(zip(this.#keys, rubySplit(text, this.#delimiter, this.#keys.length)), found);
  }
}

/** `@type tsv`. Fluentd: `parser_tsv`. */
export const tsvParser = define({
  type: 'tsv',
  description: 'Values with a tab between them.',
  params,
  create: (context, config) => new TsvParser(context, config),
});
