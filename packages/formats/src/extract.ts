import { defineSection, t, type CheckContext, type SectionOf } from '@sluice/config';
import { FloatValue, type EventTime } from '@sluice/event-stream';
import { ParseError } from '@sluice/plugin';
import { StrptimeError } from './parsers/time-fields.js';
import { timeReader, type ReadTime } from './parsers/read-time.js';
import { TimeZoneError } from './time-zone.js';

/** `<extract>`: tag and time of an event from fields of its record. Fluentd's parameters. */
export const extractSection = defineSection({
  name: 'extract',
  description: 'Takes the tag and the time of each event from fields of its record.',
  unknown: 'error',
  params: {
    tagKey: t.string().optional().describe('Field that holds the tag'),
    keepTagKey: t.bool().default(false).describe('Leave that field in the record'),
    timeKey: t
      .string()
      .optional()
      .describe('Field that holds the time of events that the parser finds no time in'),
    keepTimeKey: t.bool().default(false).describe('Leave that field in the record'),
    timeType: t
      .enum(['float', 'unixtime', 'string'])
      .default('float')
      .describe('How the time is written'),
    timeFormat: t
      .string()
      .optional()
      .describe('strptime format of time_type string (default: any usual form)'),
    localtime: t
      .bool()
      .default(true)
      .describe('Times without a zone are in the zone of this process; the opposite of utc'),
    utc: t.bool().default(false).describe('Times without a zone are in UTC'),
    timezone: t
      .string()
      .optional()
      .describe('Zone of times that name none: +09:00, +0900 or Asia/Tokyo'),
  },
  check: (config, context) => {
    if (config.utc && config.localtime && context.element.params.has('localtime')) {
      throw context.error('utc', 'utc and localtime exclude each other', 'keep one of them');
    }
    checkReader(config, context);
  },
});

type Config = SectionOf<typeof extractSection>;

function checkReader(config: Parameters<typeof timeReader>[0], context: CheckContext): void {
  try {
    timeReader(config);
  } catch (error) {
    if (error instanceof TimeZoneError) {
      throw context.error('timezone', error.message, 'write +09:00, +0900 or Asia/Tokyo');
    }
    if (!(error instanceof StrptimeError)) throw error;
    throw context.error('timeFormat', error.message, 'for a percent sign write %%');
  }
}

/** Takes the tag and the time out of records. */
export class Extractor {
  readonly #config: Config;
  readonly #read: ReadTime;

  constructor(config: Config) {
    this.#config = config;
    this.#read = timeReader(config);
  }

  /** The tag that the record names; undefined where it names none. The field leaves the record. */
  tag(record: Record<string, unknown>): string | undefined {
    const { tagKey, keepTagKey } = this.#config;
    if (tagKey === undefined || !Object.hasOwn(record, tagKey)) return undefined;
    const value = record[tagKey];
    if (!keepTagKey) Reflect.deleteProperty(record, tagKey);
    if (typeof value === 'string') return value;
    if (value === null || value === undefined) return '';
    if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') {
      return String(value);
    }
    if (value instanceof FloatValue) return floatTag(value.value);
    throw new ParseError('extract', `${tagKey} is not text`);
  }

  /**
   * The time that the record has; undefined where it has none. The field leaves the record.
   *
   * @throws ParseError
   */
  time(record: Record<string, unknown>): EventTime | undefined {
    const { timeKey, keepTimeKey } = this.#config;
    if (timeKey === undefined || !Object.hasOwn(record, timeKey)) return undefined;
    const value = record[timeKey];
    if (!keepTimeKey) Reflect.deleteProperty(record, timeKey);
    try {
      return this.#read(value instanceof FloatValue ? value.value : value);
    } catch (error) {
      throw new ParseError('extract', `invalid time: ${(error as Error).message}`, {
        cause: error,
      });
    }
  }
}

/** 1.0 is not 1 in Ruby's texts. */
function floatTag(value: number): string {
  return Number.isInteger(value) && Math.abs(value) < 1e16 ? value.toFixed(1) : String(value);
}
