import type { EventTime } from '@sluice/event-stream';
import { localOffset, type ZoneOffset } from '../time-zone.js';
import { monthNumber, namedZone, timeOf, type TimeFields } from './time-fields.js';

const clock =
  /(?:^|[T\s:])(\d{1,2}):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?\s*([ap]m\b)?\s*(?:([+-]\d\d):?(\d\d)?|([A-Za-z]{1,5})\b)?/i;
const compact =
  /\b(\d{4})(\d\d)(\d\d)(?:T?(\d\d)(\d\d)(\d\d)?(?:[.,](\d+))?(Z|[+-]\d\d:?\d\d)?)?\b/i;
const yearFirst = /\b(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)/;
const dayName = /\b(\d{1,2})[-/ ]([A-Za-z]{3,9})[-/ ,]*(\d{4})?(?!\d)/;
const nameDay = /\b([A-Za-z]{3,9})[- ]+(\d{1,2})\b(?!:)(?:,?[- ]*(\d{4}))?/;
const lastYear = /\b(\d{4})\s*$/;

/**
 * Reads a time of one of the forms that logs have without a format: ISO 8601, RFC 2822, `asctime`,
 * `10/Oct/2000:13:55:36 -0700`, `Oct 11 14:32:52`, a date or a time of day alone. Ruby's
 * `Time.parse`, for the forms that people write.
 *
 * @throws RangeError
 */
export function parseLooseTime(
  text: string,
  zone: ZoneOffset = localOffset,
  now: () => number = Date.now,
): EventTime {
  // Nothing that is a time is longer, and the patterns below are not to be fed novels.
  if (text.length > 64) throw new RangeError('the text is too long for a time');
  const fields: TimeFields = {};
  const rest = readClock(text, fields);
  const dated = readDate(rest, fields) || (fields.hour === undefined && readCompact(text, fields));
  if (!dated && fields.hour === undefined) throw new RangeError('no time is in it');
  const { month = 1, day = 1, hour = 0, second = 0 } = fields;
  if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 24 || second > 60) {
    throw new RangeError('the time is out of range');
  }
  return timeOf(fields, zone, now);
}

/** Takes the time of day and the zone out of the text. */
function readClock(text: string, fields: TimeFields): string {
  const match = clock.exec(text) as (string | undefined)[] | null;
  if (match === null) return text;
  const [whole = '', hour, minute, second = '0', digits, half, hours, minutes = '0', name] = match;
  fields.hour = Number(hour);
  fields.minute = Number(minute);
  fields.second = Number(second);
  if (digits !== undefined) fields.nanoseconds = nanoseconds(digits);
  if (half !== undefined) fields.afternoon = half.toLowerCase() === 'pm' ? 1 : 0;
  const at = (match as RegExpExecArray).index;
  if (hours !== undefined) {
    fields.offset = Number(hours) * 3600 + (hours.startsWith('-') ? -60 : 60) * Number(minutes);
  } else if (name !== undefined) {
    const offset = namedZone(name);
    // `14:32:52 Oct 11`: the word is a month's.
    if (offset === undefined) return `${text.slice(0, at)} ${name}${text.slice(at + whole.length)}`;
    fields.offset = offset;
  }
  return `${text.slice(0, at)} ${text.slice(at + whole.length)}`;
}

function readDate(text: string, fields: TimeFields): boolean {
  const iso = yearFirst.exec(text);
  if (iso !== null) {
    fields.year = Number(iso[1]);
    fields.month = Number(iso[2]);
    fields.day = Number(iso[3]);
    return true;
  }
  for (const [pattern, dayAt, nameAt] of [
    [dayName, 1, 2],
    [nameDay, 2, 1],
  ] as const) {
    const match = pattern.exec(text.replace(/\b(?:sun|mon|tue|wed|thu|fri|sat)[a-z]*,?/i, '')) as
      (string | undefined)[] | null;
    const month = monthNumber(match?.[nameAt] ?? '');
    if (match === null || month === undefined) continue;
    fields.month = month;
    fields.day = Number(match[dayAt]);
    const year = match[3] ?? lastYear.exec(text)?.[1];
    if (year !== undefined) fields.year = Number(year);
    return true;
  }
  return false;
}

function readCompact(text: string, fields: TimeFields): boolean {
  const match = compact.exec(text) as (string | undefined)[] | null;
  if (match === null) return false;
  const [, year, month, day, hour = '0', minute = '0', second = '0', digits, zone] = match;
  Object.assign(fields, { year, month, day, hour, minute, second });
  for (const key of ['year', 'month', 'day', 'hour', 'minute', 'second'] as const) {
    fields[key] = Number(fields[key]);
  }
  if (digits !== undefined) fields.nanoseconds = nanoseconds(digits);
  if (zone !== undefined) {
    const [sign, hours, minutes] = [zone.slice(0, 1), zone.slice(1, 3), zone.slice(-2)];
    fields.offset =
      zone.length === 1
        ? 0
        : (sign === '-' ? -1 : 1) * (Number(hours) * 3600 + Number(minutes) * 60);
  }
  return true;
}

function nanoseconds(digits: string): number {
  return Number(digits.padEnd(9, '0').slice(0, 9));
}
