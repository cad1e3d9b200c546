import { EventTime } from '@sluice/event-stream';
import type { ZoneOffset } from '../time-zone.js';

/** What a text says of a time. */
export interface TimeFields {
  year?: number;
  month?: number;
  day?: number;
  dayOfYear?: number;
  hour?: number;
  /** 1 to 12. */
  hour12?: number;
  /** 1 where it is. */
  afternoon?: number;
  minute?: number;
  second?: number;
  nanoseconds?: number;
  /** Seconds ahead of UTC. */
  offset?: number;
  /** Unix time in seconds, which says everything but the fraction. */
  unix?: number;
}

/** Thrown for a format with a directive that does not exist; `directive` has it. */
export class StrptimeError extends Error {
  /** For programs: it stays where the text of the message changes. */
  readonly code = 'ERR_SLUICE_STRPTIME';
  /** What a stack trace begins with. */
  override readonly name = 'StrptimeError';

  constructor(
    /** The whole format. Fluentd: `time_format`. */
    readonly format: string,
    /** The part of it that is unknown, such as `%Q`. */
    readonly directive: string,
  ) {
    super(`"${directive}" is not a directive of strptime`);
  }
}

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const fullNames = [
  'january',
  'february',
  'march',
  'april',
  'may',
  'june',
  'july',
  'august',
  'september',
  'october',
  'november',
  'december',
];
const monthNumbers = new Map(
  [...months, ...fullNames].map((name, index) => [name, (index % 12) + 1]),
);

/** 1 to 12 for `Jan` or `January`. */
export function monthNumber(name: string): number | undefined {
  return monthNumbers.get(name) ?? monthNumbers.get(name.toLowerCase());
}

const zoneHours: Readonly<Partial<Record<string, number>>> = {
  UTC: 0,
  GMT: 0,
  UT: 0,
  Z: 0,
  EST: -5,
  EDT: -4,
  CST: -6,
  CDT: -5,
  MST: -7,
  MDT: -6,
  PST: -8,
  PDT: -7,
  BST: 1,
  CET: 1,
  CEST: 2,
  EET: 2,
  EEST: 3,
  MSK: 3,
  IST: 5.5,
  JST: 9,
  KST: 9,
};

/** Seconds ahead of UTC of a zone that logs name by letters. */
export function namedZone(name: string): number | undefined {
  const upper = name.toUpperCase();
  const hours = Object.hasOwn(zoneHours, upper) ? zoneHours[upper] : undefined;
  return hours === undefined ? undefined : hours * 3600;
}

/** @throws RangeError for a day that the month does not have */
export function timeOf(fields: TimeFields, zone: ZoneOffset, now: () => number): EventTime {
  const { unix, nanoseconds = 0 } = fields;
  if (unix !== undefined) return new EventTime(unix, nanoseconds);
  const wall = wallSeconds(fields, zone, now);
  const { offset } = fields;
  if (offset !== undefined) return new EventTime(wall - offset, nanoseconds);
  // The offset depends on the time, which depends on the offset.
  return new EventTime(wall - zone(wall - zone(wall)), nanoseconds);
}

let lastYear = NaN;
let lastMonth = NaN;
let lastDay = NaN;
let lastDate = NaN;

/** Seconds since 1970 as if the clock on the wall showed UTC. */
function wallSeconds(fields: TimeFields, zone: ZoneOffset, now: () => number): number {
  let { year, month, day } = fields;
  const { dayOfYear } = fields;
  if (year === undefined || (month ?? dayOfYear) === undefined) {
    const seconds = Math.floor(now() / 1000);
    const today = new Date((seconds + (fields.offset ?? zone(seconds))) * 1000);
    if (year === undefined && month === undefined && dayOfYear === undefined) {
      month = today.getUTCMonth() + 1;
      day ??= today.getUTCDate();
    }
    year ??= today.getUTCFullYear();
  }
  if (dayOfYear !== undefined) [month, day] = [1, dayOfYear];
  month ??= 1;
  day ??= 1;
  if (year !== lastYear || month !== lastMonth || day !== lastDay) {
    const date = new Date(0);
    date.setUTCFullYear(year, month - 1, day);
    if (dayOfYear === undefined && date.getUTCDate() !== day) {
      throw new RangeError('the month does not have this day');
    }
    lastDate = date.getTime() / 1000;
    [lastYear, lastMonth, lastDay] = [year, month, day];
  }
  const { hour12, afternoon, minute = 0, second = 0 } = fields;
  let hour = fields.hour ?? hour12 ?? 0;
  if (afternoon !== undefined && hour <= 12) hour = (hour % 12) + 12 * afternoon;
  return lastDate + hour * 3600 + minute * 60 + second;
}
