import { t, type CheckContext } from '@sluice/config';
import { TimeZoneError } from '../time-zone.js';
import { StrptimeError } from './time-fields.js';
import { timeReader, timeTypes, type TimeType } from './read-time.js';
import { ValueTypeError, valueTypes } from './value-types.js';

/** What differs among parsers in the parameters that all of them have. */
export interface ParseDefaults {
  readonly timeKey?: string;
  readonly timeType?: TimeType;
  readonly timeFormat?: string;
}

/** The parameters of `<parse>` that every parser has, with Fluentd's names and defaults. */
export function parseParams(usual: ParseDefaults = {}) {
  const { timeKey, timeType = 'string', timeFormat } = usual;
  const timeKeyType = t.string().optional();
  const formatType = t.string().optional();
  return {
    types: t
      .hash(t.string())
      .optional()
      .describe('Types of fields: code:integer, price:float, ok:bool, tags:array, at:time:FORMAT'),
    timeKey: timeKeyType.describe(
      `Field that holds the time of the event (default: ${timeKey ?? 'none'})`,
    ),
    keepTimeKey: t.bool().default(false).describe('Leave that field in the record'),
    timeType: t
      .enum(timeTypes)
      .optional()
      .describe(`How the time is written (default: ${timeType}; string with time_format)`),
    timeFormat: formatType.describe(
      `strptime format of time_type string, or %iso8601 (default: ${timeFormat ?? 'any usual form'})`,
    ),
    timeFormatFallbacks: t
      .array(t.string())
      .default([])
      .describe('Formats to try after time_format, for time_type mixed'),
    localtime: t
      .bool()
      .default(true)
      .describe('Times without a zone are in the zone of this process; the opposite of utc'),
    utc: t.bool().default(false).describe('Times without a zone are in UTC'),
    timezone: t
      .string()
      .optional()
      .describe('Zone of times that name none: +09:00, +0900 or Asia/Tokyo'),
    nullValuePattern: t.regexp().optional().describe('Texts that mean null, such as /^-$/'),
    nullEmptyString: t.bool().default(false).describe('Empty texts mean null'),
    estimateCurrentEvent: t
      .bool()
      .default(true)
      .describe('An event without a time has the present one'),
    timeout: t
      .time({ min: 0.001 })
      .optional()
      .describe('Seconds that parsing one text may take (default: no limit)'),
  };
}

/** What {@link parseParams} are read into. */
export interface ParseConfig {
  readonly types?: Readonly<Record<string, string>> | undefined;
  readonly timeKey?: string | undefined;
  readonly keepTimeKey: boolean;
  readonly timeType?: TimeType | undefined;
  readonly timeFormat?: string | undefined;
  readonly timeFormatFallbacks: readonly string[];
  readonly localtime: boolean;
  readonly utc: boolean;
  readonly timezone?: string | undefined;
  readonly nullValuePattern?: RegExp | undefined;
  readonly nullEmptyString: boolean;
  readonly estimateCurrentEvent: boolean;
  readonly timeout?: number | undefined;
}

/** The parameters with what a parser has where the file says nothing. */
export function withDefaults<Config extends ParseConfig>(
  config: Config,
  usual: ParseDefaults,
): Config & { readonly timeType: TimeType } {
  return {
    ...config,
    timeKey: config.timeKey ?? usual.timeKey,
    timeFormat: config.timeFormat ?? usual.timeFormat,
    timeType:
      config.timeType ??
      (config.timeFormat === undefined ? (usual.timeType ?? 'string') : 'string'),
  };
}

/** To be called by a section's `check`: points at the parameter that is wrong. */
export function checkParseParams(
  value: ParseConfig,
  context: CheckContext,
  usual: ParseDefaults = {},
): void {
  const config = withDefaults(value, usual);
  const written = context.element.params;
  if (config.utc && config.localtime && written.has('localtime')) {
    throw context.error('utc', 'utc and localtime exclude each other', 'keep one of them');
  }
  const { timeType, timeFormat, timezone } = config;
  if (timeType === 'mixed' && timeFormat === undefined && config.timeFormatFallbacks.length === 0) {
    throw context.error('timeType', 'time_type mixed needs time_format or time_format_fallbacks');
  }
  if (timeType === 'string' && timeFormat === undefined) {
    const key = timezone !== undefined ? 'timezone' : config.utc ? 'utc' : 'localtime';
    if (key !== 'localtime' || !config.localtime) {
      throw context.error(key, `${key} needs time_format`, 'add the time_format of the times');
    }
  }
  const at = (key: string, hint: string, make: () => unknown): void => {
    try {
      make();
    } catch (error) {
      if (error instanceof TimeZoneError) {
        throw context.error('timezone', error.message, 'write +09:00, +0900 or Asia/Tokyo');
      }
      if (error instanceof StrptimeError || error instanceof ValueTypeError) {
        throw context.error(key, error.message, hint);
      }
      throw error;
    }
  };
  at('timeFormat', 'for a percent sign write %%', () => timeReader(config));
  at('types', 'types are string, integer, float, bool, time and array', () =>
    valueTypes(config.types ?? {}, config),
  );
}
