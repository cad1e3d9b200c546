import {
  defineSection,
  t,
  type ConfigElement,
  type ReadContext,
  type Section,
} from '@sluice/config';
import type { EventStream, Value } from '@sluice/event-stream';
import { decodeAt, EntryCursor, findFields } from '@sluice/event-stream/packed';
import {
  defineFormatter,
  Formatter,
  type FormatterDefinition,
  type Framing,
  type PluginContext,
} from '@sluice/plugin';
import { formatNanoseconds } from './local-time.js';
import { Injector, injectSection } from './inject.js';
import { checkTimeParams, isoFormat, timeParams, timeWriter } from './time-params.js';

/** How one format writes events. */
interface Writer {
  readonly framing: Framing;
  /** The bytes are new, and nobody else's. */
  readonly format: (tag: string, stream: EventStream) => Buffer;
}

class WriterFormatter extends Formatter {
  override readonly framing: Framing;
  readonly #format: Writer['format'];

  constructor(context: PluginContext, writer: Writer) {
    super(context);
    this.framing = writer.framing;
    this.#format = writer.format;
  }

  format(tag: string, stream: EventStream): Buffer {
    return this.#format(tag, stream);
  }
}

function define<Config>(
  type: string,
  section: Section<Config>,
  writerOf: (config: Config) => Writer,
): FormatterDefinition {
  return defineFormatter({
    type,
    description: section.schema.description ?? '',
    section,
    create: (config, context) => new WriterFormatter(context, writerOf(config)),
  });
}

const newlineParams = {
  addNewline: t.bool().default(true).describe('End each record with a newline'),
  newline: t.enum(['lf', 'crlf']).default('lf').describe('The newline: lf or crlf'),
};

interface NewlineParams {
  readonly addNewline: boolean;
  readonly newline: 'lf' | 'crlf';
}

const newlineOf = ({ addNewline, newline }: NewlineParams): string =>
  addNewline ? { lf: '\n', crlf: '\r\n' }[newline] : '';

const framingOf = ({ addNewline }: NewlineParams): Framing => (addNewline ? 'lines' : 'none');

/** `to_s` of Ruby for what a record holds; containers as JSON. */
function textOf(value: Value): string {
  if (value === null) return '';
  if (typeof value === 'string') return value;
  if (Buffer.isBuffer(value)) return value.toString('utf8');
  if (typeof value !== 'object') return String(value);
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'bigint' ? inner.toString() : inner,
  );
}

export const jsonFormatter = define(
  'json',
  defineSection({
    name: 'format',
    description: 'The record as JSON.',
    params: newlineParams,
  }),
  (config) => {
    const newline = newlineOf(config);
    return {
      framing: framingOf(config),
      format: (_tag, stream) => stream.toJsonLines({ newline }),
    };
  },
);

export const outFileFormatter = define(
  'out_file',
  defineSection({
    name: 'format',
    description: 'Time, tag and the record as JSON, with a tab between them.',
    params: {
      outputTime: t.bool().default(true).describe('Begin with the time'),
      outputTag: t.bool().default(true).describe('Then the tag'),
      delimiter: t
        .string()
        .default('\t')
        .describe('What stands between them: SPACE, COMMA, TAB or a text'),
      newline: newlineParams.newline,
      ...timeParams,
    },
    check: checkTimeParams,
  }),
  (config) => {
    const newline = newlineOf({ ...config, addNewline: true });
    const words: Record<string, string> = { SPACE: ' ', COMMA: ',', TAB: '\t' };
    const delimiter = words[config.delimiter] ?? config.delimiter;
    const time = timeWriter(config, 'string', isoFormat(config, ''));
    return {
      framing: 'lines',
      format: (tag, stream) => {
        const tagText = config.outputTag ? `${tag}${delimiter}` : '';
        const prefix = config.outputTime
          ? (seconds: number, nanoseconds: number) =>
              `${time(seconds, nanoseconds)}${delimiter}${tagText}`
          : () => tagText;
        return stream.toJsonLines({ newline, prefix });
      },
    };
  },
);

export const stdoutFormatter = define(
  'stdout',
  defineSection({
    name: 'format',
    description: 'Time with nanoseconds, tag and the record as JSON, as Fluentd prints them.',
    params: {
      outputType: t.enum(['json']).default('json').describe('How the record is written'),
    },
  }),
  () => ({
    framing: 'lines',
    format: (tag, stream) =>
      stream.toJsonLines({
        prefix: (seconds, nanoseconds) => `${formatNanoseconds(seconds, nanoseconds)} ${tag}: `,
      }),
  }),
);

export const ltsvFormatter = define(
  'ltsv',
  defineSection({
    name: 'format',
    description: 'Labelled tab-separated values.',
    params: {
      delimiter: t.string().default('\t').describe('What stands between the fields'),
      labelDelimiter: t.string().default(':').describe('What stands between label and value'),
      replacement: t
        .string()
        .default(' ')
        .describe('Stands for a delimiter or a line break inside of a value'),
      ...newlineParams,
    },
  }),
  (config) => {
    const { delimiter, labelDelimiter, replacement } = config;
    const newline = newlineOf(config);
    // A value with a line break would otherwise end its line in the middle.
    const clean = (text: string): string =>
      text.replaceAll(delimiter, replacement).replace(/\r\n|[\r\n]/g, replacement);
    return {
      framing: framingOf(config),
      format: (_tag, stream) => {
        let text = '';
        for (const { record } of stream) {
          const fields = Object.entries(record).map(
            ([label, value]) => clean(label) + labelDelimiter + clean(textOf(value)),
          );
          text += fields.join(delimiter) + newline;
        }
        return Buffer.from(text);
      },
    };
  },
);

export const msgpackFormatter = define(
  'msgpack',
  defineSection({ name: 'format', description: 'The record as MessagePack, one after another.' }),
  () => ({
    framing: 'msgpack',
    format: (_tag, { bytes }) => {
      const records: Buffer[] = [];
      const entry = new EntryCursor(bytes);
      while (entry.next()) records.push(bytes.subarray(entry.record, entry.end));
      return Buffer.concat(records);
    },
  }),
);

export const singleValueFormatter = define(
  'single_value',
  defineSection({
    name: 'format',
    description: 'The value of one field, and nothing else.',
    params: {
      messageKey: t.string().default('message').describe('The field'),
      ...newlineParams,
    },
  }),
  (config) => {
    const names = [Buffer.from(config.messageKey)];
    const newline = Buffer.from(newlineOf(config));
    return {
      framing: framingOf(config),
      format: (_tag, { bytes }) => {
        const parts: Buffer[] = [];
        const found = [-1];
        const entry = new EntryCursor(bytes);
        let pos = 0;
        while (entry.moveTo(pos)) {
          pos = findFields(bytes, entry.record, names, found);
          if (found[0] >= 0) parts.push(Buffer.from(textOf(decodeAt(bytes, found[0]))));
          parts.push(newline);
        }
        return Buffer.concat(parts);
      },
    };
  },
);

/**
 * The `<inject>` section of a `<match>`.
 *
 * @returns undefined where it adds nothing
 * @throws ConfigError
 */
export function createInjector(
  match: ConfigElement,
  workerId: number,
  log?: ReadContext['log'],
): Injector | undefined {
  const section = match.children('inject').at(0);
  if (section === undefined) return undefined;
  const injector = new Injector(injectSection.read(section, { log }), workerId);
  return injector.active ? injector : undefined;
}

/** The sections `<format>` and `<inject>` as an output names them among its own. */
export const formatSections = {
  format: {
    raw: 'format',
    description: 'How records are written, by @type.',
  },
  inject: {
    raw: 'inject',
    description: 'Adds the tag, the time or the host to each record.',
  },
} as const;
