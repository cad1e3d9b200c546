import { EventTime } from '@sluice/event-stream';

/** A value that `renew_time_key` cannot take for a time. */
export class RenewTimeError extends Error {
  readonly code = 'ERR_SLUICE_RENEW_TIME';

  constructor(
    readonly key: string,
    value: unknown,
  ) {
    super(
      `the field ${key} is not a Unix time: ${typeof value === 'string' ? value : typeof value}`,
    );
    this.name = 'RenewTimeError';
  }
}

/** The wire has 32 bits for the seconds. */
const latest = 2 ** 32;

/**
 * A field's value as the time of an event: seconds since 1970 as a number or a text, with a fraction
 * to the nanosecond.
 *
 * @throws RenewTimeError for anything else, and for a time before 1970 or after 2106, which the
 *   forward protocol cannot carry
 */
export function eventTimeOf(key: string, value: unknown): EventTime {
  let time: EventTime | undefined;
  if (value instanceof EventTime) time = value;
  else if (typeof value === 'number' && Number.isFinite(value)) time = EventTime.fromSeconds(value);
  else if (typeof value === 'string') {
    const match = /^\s*(\d{1,10})(?:\.(\d+))?\s*$/.exec(value) as (string | undefined)[] | null;
    if (match !== null) {
      time = new EventTime(Number(match[1]), Number((match[2] ?? '').slice(0, 9).padEnd(9, '0')));
    }
  }
  if (time === undefined || time.seconds < 0 || time.seconds >= latest) {
    throw new RenewTimeError(key, value);
  }
  return time;
}
