/** Offsets change at full quarters of an hour at most: how long one may be remembered. */
export const quarter = 900;

/**
 * A time zone, as a function.
 *
 * @param seconds Unix time
 * @returns how many seconds that zone is ahead of UTC at that time
 */
export type ZoneOffset = (seconds: number) => number;

/** Thrown for a zone that nobody knows. */
export class TimeZoneError extends Error {
  /** For programs: it stays where the text of the message changes. */
  readonly code = 'ERR_SLUICE_TIME_ZONE';
  /** What a stack trace begins with. */
  override readonly name = 'TimeZoneError';

  constructor(
    /** The name as it was given. */
    readonly zone: string,
  ) {
    super(`"${zone}" is not a time zone`);
  }
}

/** UTC: always 0. */
export const utcOffset: ZoneOffset = () => 0;

/** Remembers the offset of the last quarter of an hour: events come nearly in order. */
function remembering(find: ZoneOffset): ZoneOffset {
  let known = NaN;
  let offset = 0;
  return (seconds) => {
    const at = Math.floor(seconds / quarter);
    if (at !== known) {
      known = at;
      offset = find(at * quarter);
    }
    return offset;
  };
}

/** The zone of the process: `TZ`, or the system's. */
export const localOffset: ZoneOffset = remembering(
  (seconds) => -60 * new Date(seconds * 1000).getTimezoneOffset(),
);

function namedOffset(zone: string): ZoneOffset {
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  } catch {
    throw new TimeZoneError(zone);
  }
  return remembering((seconds) => {
    const part: Partial<Record<Intl.DateTimeFormatPartTypes, number>> = {};
    for (const { type, value } of format.formatToParts(seconds * 1000)) part[type] = Number(value);
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part;
    return Date.UTC(year, month - 1, day, hour, minute, second) / 1000 - seconds;
  });
}

/**
 * @param zone what Fluentd's `timezone` takes: `+09:00`, `+0900`, `+09`, `Asia/Tokyo`, `UTC`, `Z`
 * @throws TimeZoneError
 */
export function zoneOffset(zone: string): ZoneOffset {
  if (/^(?:utc|z|gmt)$/i.test(zone)) return utcOffset;
  const match = /^([+-])(\d\d):?(\d\d)?$/.exec(zone);
  if (match === null) {
    // Node knows offsets as names too, but in fewer forms.
    if (!/^[A-Za-z]/.test(zone)) throw new TimeZoneError(zone);
    return namedOffset(zone);
  }
  const [, sign, hours, minutes = '0'] = match;
  if (Number(hours) > 14 || Number(minutes) > 59) throw new TimeZoneError(zone);
  const offset = (Number(hours) * 3600 + Number(minutes) * 60) * (sign === '-' ? -1 : 1);
  return () => offset;
}
