import { t, type CheckContext } from '@sluice/config';
import { compileStrftime, StrftimeError } from './strftime.js';
import { localOffset, TimeZoneError, utcOffset, zoneOffset, type ZoneOffset } from './time-zone.js';

/** The parameters with which Fluentd's `<inject>` and `<format>` say how a time is written. */
export const timeParams = {
  timeType: t
    .enum(['float', 'unixtime', 'unixtime_millis', 'unixtime_micros', 'unixtime_nanos', 'string'])
    .optional()
    .describe('How the time is written'),
  timeFormat: t
    .string()
    .optional()
    .describe('strftime format of time_type string (default: ISO 8601)'),
  localtime: t
    .bool()
    .default(true)
    .describe('Times in the zone of this process; the opposite of utc'),
  utc: t.bool().default(false).describe('Times in UTC'),
  timezone: t.string().optional().describe('Zone of times: +09:00, +0900 or Asia/Tokyo'),
};

/** What {@link timeParams} are read into. */
export interface TimeParams {
  /** How a time is written or read: as a number of some unit, or as text. Fluentd: `time_type`. */
  readonly timeType?:
    | 'float'
    | 'unixtime'
    | 'unixtime_millis'
    | 'unixtime_micros'
    | 'unixtime_nanos'
    | 'string'
    | undefined;
  /** For text: a format of strftime, `%iso8601` or `%nano`. Fluentd: `time_format`. */
  readonly timeFormat?: string | undefined;
  /** In the zone of this process; the opposite of `utc`. Fluentd: `localtime`. */
  readonly localtime: boolean;
  /** In UTC. Fluentd: `utc`. */
  readonly utc: boolean;
  /** In this zone: `+09:00` or `Asia/Tokyo`. Fluentd: `timezone`. */
  readonly timezone?: string | undefined;
}

/** A time as it goes into a record or before it. */
export type TimeWriter = (seconds: number, nanoseconds: number) => string | number | bigint;

export function zoneOf({ utc, localtime, timezone }: TimeParams): ZoneOffset {
  if (timezone !== undefined) return zoneOffset(timezone);
  return utc || !localtime ? utcOffset : localOffset;
}

/** ISO 8601 as Ruby's `iso8601` has it: `Z` where UTC was asked for, else `+09:00`. */
export function isoFormat({ utc, localtime, timezone }: TimeParams, fraction: string): string {
  const utcAsked = timezone === undefined && (utc || !localtime);
  return `%Y-%m-%dT%H:%M:%S${fraction}${utcAsked ? 'Z' : '%:z'}`;
}

/**
 * @param params the section's parameters
 * @param usual the type where none is given
 * @param iso the format of strings where none is given
 * @throws StrftimeError, TimeZoneError
 */
export function timeWriter(
  params: TimeParams,
  usual: NonNullable<TimeParams['timeType']>,
  iso: string,
): TimeWriter {
  switch (params.timeType ?? (params.timeFormat === undefined ? usual : 'string')) {
    case 'float':
      // Microseconds are what a float holds safely; Fluentd cuts there too.
      return (seconds, nanoseconds) => seconds + Math.floor(nanoseconds / 1e3) / 1e6;
    case 'unixtime':
      return (seconds) => seconds;
    case 'unixtime_millis':
      return (seconds, nanoseconds) => seconds * 1000 + Math.floor(nanoseconds / 1e6);
    case 'unixtime_micros':
      return (seconds, nanoseconds) => seconds * 1e6 + Math.floor(nanoseconds / 1e3);
    case 'unixtime_nanos':
      return (seconds, nanoseconds) => BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds);
    case 'string':
      return compileStrftime(params.timeFormat ?? iso, zoneOf(params));
  }
}

/** To be called by a section's `check`: points at the parameter that is wrong. */
export function checkTimeParams(params: TimeParams, context: CheckContext): void {
  const { params: written } = context.element;
  if (params.utc && params.localtime && written.has('localtime')) {
    throw context.error('utc', 'utc and localtime exclude each other', 'keep one of them');
  }
  try {
    zoneOf(params);
  } catch (error) {
    if (!(error instanceof TimeZoneError)) throw error;
    throw context.error('timezone', error.message, 'write +09:00, +0900 or Asia/Tokyo');
  }
  try {
    compileStrftime(params.timeFormat ?? '', utcOffset);
  } catch (error) {
    if (!(error instanceof StrftimeError)) throw error;
    throw context.error('timeFormat', error.message, 'for a percent sign write %%');
  }
}
