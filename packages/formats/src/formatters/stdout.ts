import { ConfigElement, defineSection, t } from '@sluice/config';
import type { EventStream } from '@sluice/event-stream';
import { EntryCursor } from '@sluice/event-stream/packed';
import { defineFormatter, Formatter, innerPlugin, type PluginContext } from '@sluice/plugin';
import { formatNanoseconds } from '../local-time.js';
import { compileStrftime, StrftimeError, type TimeFormat } from '../strftime.js';
import { localOffset } from '../time-zone.js';
import { tagText } from './tag-text.js';

const description = 'Time with nanoseconds, tag and the record, as Fluentd prints them.';

/** Ends a text without its newline, as Ruby's `chomp` does. */
function chomped(bytes: Buffer): Buffer {
  let end = bytes.length;
  if (bytes[end - 1] === 0x0a) end -= 1;
  if (bytes[end - 1] === 0x0d) end -= 1;
  return bytes.subarray(0, end);
}

/** The time and the tag before each record. */
type Head = (tag: string) => (seconds: number, nanoseconds: number) => string;

class StdoutFormatter extends Formatter {
  constructor(
    context: PluginContext,
    readonly head: Head,
  ) {
    super(context);
  }

  format(tag: string, stream: EventStream): Buffer {
    return stream.toJsonLines({ prefix: this.head(tag) });
  }

  override formatInto(tag: string, stream: EventStream, target: Buffer, offset: number): number {
    return stream.writeJsonLines(target, offset, { prefix: this.head(tag) });
  }
}

/** Records are written by another formatter, one by one. */
class OtherFormatter extends Formatter {
  constructor(
    context: PluginContext,
    readonly head: Head,
    readonly inner: Formatter,
  ) {
    super(context);
  }

  format(tag: string, stream: EventStream): Buffer {
    const parts: Buffer[] = [];
    const head = this.head(tag);
    const entry = new EntryCursor(stream.bytes);
    while (entry.next()) {
      const { start, end, seconds, nanoseconds } = entry;
      const one = stream.withEntries(stream.bytes.subarray(start, end), 1);
      parts.push(Buffer.from(head(seconds, nanoseconds)));
      parts.push(chomped(this.inner.format(tag, one)), Buffer.from('\n'));
    }
    return Buffer.concat(parts);
  }
}

/** `@type stdout`. Fluentd: `formatter_stdout`. */
export const stdoutFormatter = defineFormatter({
  type: 'stdout',
  description,
  section: defineSection({
    name: 'format',
    description,
    params: {
      outputType: t
        .string()
        .default('json')
        .describe('The formatter of the record, whose parameters stand here, too'),
      timeFormat: t
        .string()
        .optional()
        .describe('strftime format of the time (default: %Y-%m-%d %H:%M:%S.%N %z)'),
    },
    rest: t.string().nullable(),
    check: (value, context) => {
      try {
        compileStrftime(value.timeFormat ?? '', localOffset);
      } catch (error) {
        if (!(error instanceof StrftimeError)) throw error;
        throw context.error('timeFormat', error.message, 'for a percent sign write %%');
      }
    },
  }),
  create: (config, context, element) => {
    const time: TimeFormat | typeof formatNanoseconds =
      config.timeFormat === undefined
        ? formatNanoseconds
        : compileStrftime(config.timeFormat, localOffset);
    const head: Head = (tag) => {
      const text = ` ${tagText(tag)}: `;
      return (seconds, nanoseconds) => time(seconds, nanoseconds) + text;
    };
    if (config.outputType === 'json') return new StdoutFormatter(context, head);
    const type = element.params.get('output_type');
    if (type === undefined) return new StdoutFormatter(context, head);
    const params = [...element.params.values()].filter(
      ({ name }) => !['@type', 'output_type', 'time_format'].includes(name),
    );
    const { name, location } = element;
    const inner = new ConfigElement({
      name,
      location,
      params: [...params, { ...type, name: '@type' }],
    });
    return new OtherFormatter(context, head, innerPlugin(context, 'formatter', inner));
  },
});
