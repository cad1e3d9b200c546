import { ConfigElement, defineSection, t, type ReadContext, type Section } from '@sluice/config';
import type { EventStream, Value } from '@sluice/event-stream';
import { decodeAt, EntryCursor, findFields } from '@sluice/event-stream/packed';
import { formatNanoseconds } from '../../local-time.js';
import { Injector, injectSection } from './inject.js';
import { checkTimeParams, isoFormat, timeParams, timeWriter } from './time-params.js';

/** How the file of a format is cut into records, which tells where a broken tail begins. */
export type Framing = 'lines' | 'msgpack' | 'none';

/** Writes events as bytes. */
export interface Formatter {
  readonly framing: Framing;
  /** The bytes are new, and nobody else's. */
  format(tag: string, stream: EventStream): Buffer;
}

interface FormatDefinition {
  readonly section: Section<unknown>;
  readonly create: (config: unknown) => Formatter;
}

function define<Config>(
  section: Section<Config>,
  create: (config: Config) => Formatter,
): FormatDefinition {
  return { section, create: create as (config: unknown) => Formatter };
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

const json = define(
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

const outFile = define(
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

const stdout = define(
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

const ltsv = define(
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

const msgpack = define(
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

const singleValue = define(
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

const formats: Readonly<Partial<Record<string, FormatDefinition>>> = {
  json,
  ltsv,
  msgpack,
  out_file: outFile,
  single_value: singleValue,
  stdout,
};

/**
 * Makes the formatter that the `<format>` section of a `<match>` asks for, or Fluentd's old
 * parameter `format TYPE`.
 *
 * @param match the `<match>` or `<store>`
 * @param usual the type where none is named
 * @throws ConfigError
 */
export function createFormatter(
  match: ConfigElement,
  usual: string,
  log?: ReadContext['log'],
): Formatter {
  const sections = match.children('format');
  if (sections.length > 1) {
    throw sections[1].error('<format> is written twice', { code: 'ERR_SLUICE_CONFIG_SECTION' });
  }
  const section = sections.at(0);
  const old = section === undefined ? match.get('format') : undefined;
  const name = section?.type ?? old ?? usual;
  const definition = Object.hasOwn(formats, name) ? formats[name] : undefined;
  if (definition === undefined) {
    throw (section ?? match).error(`format "${name}" is not supported`, {
      param: old === undefined ? '@type' : 'format',
      hint: `supported: ${Object.keys(formats).join(', ')}`,
    });
  }
  const element = section ?? new ConfigElement({ name: 'format', location: match.location });
  return definition.create(definition.section.read(element, { log }));
}

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

/** The two sections as parameters' lists name them; they are read by the functions above. */
export const formatSections = {
  format: {
    raw: 'format',
    description: `How records are written, by @type: ${Object.keys(formats).join(', ')}.`,
  },
  inject: {
    raw: 'inject',
    description: 'Adds the tag, the time or the host to each record.',
  },
} as const;
