import { t } from '@sluice/config';
import type { ParsedCallback } from '@sluice/plugin';
import { define, type Filled } from './define.js';
import { TextParser, setField, type ParsedRecord } from './text-parser.js';

const params = {
  messageKey: t.string().default('message').describe('Field that gets the text'),
};

class NoneParser extends TextParser {
  readonly #key: string;

  constructor(context: ConstructorParameters<typeof TextParser>[0], config: Filled<typeof params>) {
    super(context, 'none', config);
    this.#key = config.messageKey;
  }

  protected readText(text: string, found: ParsedCallback): void {
    const record: ParsedRecord = {};
    setField(record, this.#key, text);
    found(this.estimate(), record);
  }
}

/** `@type none`. Fluentd: `parser_none`. */
export const noneParser = define({
  type: 'none',
  description: 'The whole text as one field.',
  params,
  create: (context, config) => new NoneParser(context, config),
});
