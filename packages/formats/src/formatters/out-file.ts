import { defineSection, t, type SectionOf } from '@sluice/config';
import type { EventStream, JsonLinesOptions } from '@sluice/event-stream';
import { defineFormatter, Formatter, type PluginContext } from '@sluice/plugin';
import { checkTimeParams, isoFormat, timeParams, timeWriter } from '../time-params.js';
import type { TimeWriter } from '../time-params.js';
import { newlineOf, newlineParam } from './newline.js';
import { tagText } from './tag-text.js';

const description = 'Time, tag and the record as JSON, with a tab between them.';

const section = defineSection({
  name: 'format',
  description,
  params: {
    outputTime: t.bool().default(true).describe('Begin with the time'),
    outputTag: t.bool().default(true).describe('Then the tag'),
    delimiter: t
      .string()
      .default('\t')
      .describe('What stands between them: SPACE or COMMA; anything else is a tab'),
    ...newlineParam,
    ...timeParams,
  },
  check: checkTimeParams,
});

class OutFileFormatter extends Formatter {
  readonly #newline: string;
  readonly #delimiter: string;
  readonly #time: TimeWriter | undefined;
  readonly #withTag: boolean;

  constructor(context: PluginContext, config: SectionOf<typeof section>) {
    super(context);
    const { outputTime, outputTag, delimiter, newline } = config;
    this.#newline = newlineOf(newline);
    // Fluentd knows these two words, and takes a tab for everything else.
    if (/SPACE/i.test(delimiter)) this.#delimiter = ' ';
    else this.#delimiter = /COMMA/i.test(delimiter) ? ',' : '\t';
    this.#time = outputTime ? timeOf(config) : undefined;
    this.#withTag = outputTag;
  }

  format(tag: string, stream: EventStream): Buffer {
    return stream.toJsonLines(this.#lines(tag));
  }

  override formatInto(tag: string, stream: EventStream, target: Buffer, offset: number): number {
    return stream.writeJsonLines(target, offset, this.#lines(tag));
  }

  #lines(tag: string): JsonLinesOptions {
    const newline = this.#newline;
    const delimiter = this.#delimiter;
    const rest = this.#withTag ? `${tagText(tag)}${delimiter}` : '';
    const time = this.#time;
    if (time === undefined) return rest === '' ? { newline } : { newline, prefix: () => rest };
    let last: string | number | bigint | undefined;
    let text = '';
    const prefix = (seconds: number, nanoseconds: number): string => {
      const now = time(seconds, nanoseconds);
      if (now !== last) {
        last = now;
        text = `${now}${delimiter}${rest}`;
      }
      return text;
    };
    return { newline, prefix };
  }
}

function timeOf(config: SectionOf<typeof section>): TimeWriter {
  if (config.timeType !== 'float') return timeWriter(config, 'string', isoFormat(config, ''));
  // As text there is room for all nine digits.
  return (seconds, nanoseconds) => `${seconds}.${String(nanoseconds).padStart(9, '0')}`;
}

/** `@type out_file`. Fluentd: `formatter_out_file`. */
export const outFileFormatter = defineFormatter({
  type: 'out_file',
  description,
  section,
  create: (config, context) => new OutFileFormatter(context, config),
});
