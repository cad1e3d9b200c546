import { t } from '@sluice/config';
import type { ParsedCallback, PluginContext } from '@sluice/plugin';
import { define, type Filled } from './define.js';
import { setField, TextParser, type ParsedRecord } from './text-parser.js';

const params = {
  delimiter: t.string().default('\t').describe('What stands between the fields'),
  delimiterPattern: t
    .regexp()
    .optional()
    .describe('The same as a regular expression; delimiter is then not looked at'),
  labelDelimiter: t.string().default(':').describe('What stands between label and value'),
};

class LtsvParser extends TextParser {
  readonly #delimiter: string | RegExp;
  readonly #label: string;

  constructor(context: PluginContext, config: Filled<typeof params>) {
    super(context, 'ltsv', config);
    this.#delimiter = config.delimiterPattern ?? config.delimiter;
    this.#label = config.labelDelimiter;
  }

  protected readText(text: string, found: ParsedCallback): void {
    const record: ParsedRecord = {};
    for (const pair of text.split(this.#delimiter) as (string | undefined)[]) {
      const at = pair?.indexOf(this.#label) ?? -1;
      if (pair === undefined || at < 0) continue;
      setField(record, pair.slice(0, at), pair.slice(at + this.#label.length));
    }
    this.finish(record, found);
  }
}

/** `@type ltsv`. Fluentd: `parser_ltsv`. */
export const ltsvParser = define({
  type: 'ltsv',
  description: 'Labelled tab-separated values: host:127.0.0.1, a tab, code:200.',
  params,
  usual: { timeKey: 'time' },
  create: (context, config) => new LtsvParser(context, config),
});
