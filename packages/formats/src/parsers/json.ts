import { t } from '@sluice/config';
import type { EventPacker, EventTime, JsonTimes } from '@sluice/event-stream';
import { ParseError, type ParsedCallback } from '@sluice/plugin';
import { define } from './define.js';
import { parseExactJson } from './exact-json.js';
import { TextParser, type ParsedRecord } from './text-parser.js';

export function isRecord(value: unknown): value is ParsedRecord {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Uint8Array)
  );
}

class JsonParser extends TextParser {
  readonly #times: JsonTimes = {
    timeField: this.timeKey === undefined ? undefined : Buffer.from(this.timeKey),
    keepTimeField: this.keepTimeKey,
    timeOf: (value) => {
      if (value === undefined) return this.estimate();
      try {
        return this.timeOf(value);
      } catch (error) {
        if (error instanceof ParseError) return null;
        throw error;
      }
    },
  };

  override parseInto(text: Buffer, packer: EventPacker, time?: EventTime): void {
    if (this.isPlain && packer.addJson(text, this.#times, time)) return;
    super.parseInto(text, packer, time);
  }

  protected readText(text: string, found: ParsedCallback): void {
    let value: unknown;
    try {
      value = parseExactJson(text);
    } catch (error) {
      throw this.error('no JSON', error);
    }
    if (isRecord(value)) {
      this.finish(value, found);
      return;
    }
    if (!Array.isArray(value)) throw this.error('no JSON object');
    let wrong = 0;
    for (const item of value as unknown[]) {
      if (isRecord(item)) this.finish(item, found);
      else wrong++;
    }
    if (wrong > 0) throw this.error(`${wrong} of ${value.length} in the array are not objects`);
  }
}

/** `@type json`. Fluentd: `parser_json`; `json_parser` and `stream_buffer_size` make no difference. */
export const jsonParser = define({
  type: 'json',
  description: 'One JSON object, or an array of them.',
  params: {
    jsonParser: t
      .enum(['oj', 'yajl', 'json'])
      .optional()
      .describe("Which of Ruby's libraries; there is one here, so that it makes no difference"),
    streamBufferSize: t
      .integer({ min: 1 })
      .optional()
      .describe("The buffer of Ruby's yajl; it makes no difference here"),
  },
  usual: { timeKey: 'time', timeType: 'float' },
  create: (context, config) => new JsonParser(context, 'json', config),
});
