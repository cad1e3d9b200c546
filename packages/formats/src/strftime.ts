import { quarter, type ZoneOffset } from './time-zone.js';

const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const months = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

/** What Date can show, and a little less for the zone's offset. */
export const mostSeconds = 8_639_999_000_000;

/** A moment, with the fields of its zone read by the UTC methods of `date`. */
interface Moment {
  readonly date: Date;
  readonly seconds: number;
  readonly nanoseconds: number;
  /** Seconds ahead of UTC. */
  readonly offset: number;
}

type Field = (moment: Moment) => string | number;

/** A directive: its value, how wide its number is and with what it is filled, how fine it is. */
interface Directive {
  readonly field: Field;
  readonly width: number;
  readonly fill: '0' | ' ';
  /** The text stays the same for so many seconds, counted from a full quarter of an hour. */
  readonly unit: number;
}

const dayOfYear = ({ date }: Moment): number =>
  (Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()) -
    Date.UTC(date.getUTCFullYear(), 0, 1)) /
    86_400_000 +
  1;

const hour12 = ({ date }: Moment): number => date.getUTCHours() % 12 || 12;

/** Week of the year by ISO 8601, and the year that it belongs to. */
function isoWeek({ date }: Moment): { year: number; week: number } {
  const thursday = new Date(date);
  thursday.setUTCDate(date.getUTCDate() + 3 - ((date.getUTCDay() + 6) % 7));
  const year = thursday.getUTCFullYear();
  const first = Date.UTC(year, 0, 1);
  return { year, week: 1 + Math.floor((thursday.getTime() - first) / (7 * 86_400_000)) };
}

function offsetText({ offset }: Moment, colon: string): string {
  const minutes = Math.abs(Math.trunc(offset / 60));
  const [h, m] = [Math.floor(minutes / 60), minutes % 60];
  return `${offset < 0 ? '-' : '+'}${String(h).padStart(2, '0')}${colon}${String(m).padStart(2, '0')}`;
}

const number = (field: Field, width: number, unit: number = quarter, fill: '0' | ' ' = '0') => ({
  field,
  width,
  fill,
  unit,
});
const text = (field: Field, unit: number = quarter) => number(field, 0, unit, ' ');

const directives: Readonly<Partial<Record<string, Directive>>> = {
  Y: number(({ date }) => date.getUTCFullYear(), 4),
  C: number(({ date }) => Math.floor(date.getUTCFullYear() / 100), 2),
  y: number(({ date }) => date.getUTCFullYear() % 100, 2),
  m: number(({ date }) => date.getUTCMonth() + 1, 2),
  d: number(({ date }) => date.getUTCDate(), 2),
  e: number(({ date }) => date.getUTCDate(), 2, quarter, ' '),
  j: number(dayOfYear, 3),
  H: number(({ date }) => date.getUTCHours(), 2),
  k: number(({ date }) => date.getUTCHours(), 2, quarter, ' '),
  I: number(hour12, 2),
  l: number(hour12, 2, quarter, ' '),
  M: number(({ date }) => date.getUTCMinutes(), 2, 60),
  S: number(({ date }) => date.getUTCSeconds(), 2, 1),
  s: number(({ seconds }) => seconds, 0, 1),
  w: number(({ date }) => date.getUTCDay(), 1),
  u: number(({ date }) => date.getUTCDay() || 7, 1),
  U: number((moment) => Math.floor((dayOfYear(moment) + 6 - moment.date.getUTCDay()) / 7), 2),
  W: number(
    (moment) => Math.floor((dayOfYear(moment) + 6 - ((moment.date.getUTCDay() + 6) % 7)) / 7),
    2,
  ),
  V: number((moment) => isoWeek(moment).week, 2),
  G: number((moment) => isoWeek(moment).year, 4),
  g: number((moment) => isoWeek(moment).year % 100, 2),
  A: text(({ date }) => days[date.getUTCDay()]),
  a: text(({ date }) => days[date.getUTCDay()].slice(0, 3)),
  B: text(({ date }) => months[date.getUTCMonth()]),
  b: text(({ date }) => months[date.getUTCMonth()].slice(0, 3)),
  h: text(({ date }) => months[date.getUTCMonth()].slice(0, 3)),
  p: text(({ date }) => (date.getUTCHours() < 12 ? 'AM' : 'PM')),
  P: text(({ date }) => (date.getUTCHours() < 12 ? 'am' : 'pm')),
  z: text((moment) => offsetText(moment, '')),
  Z: text((moment) => (moment.offset === 0 ? 'UTC' : offsetText(moment, ':'))),
};

/** Directives that stand for others. */
const compound: Readonly<Partial<Record<string, string>>> = {
  F: '%Y-%m-%d',
  T: '%H:%M:%S',
  X: '%H:%M:%S',
  R: '%H:%M',
  r: '%I:%M:%S %p',
  D: '%m/%d/%y',
  x: '%m/%d/%y',
  c: '%a %b %e %H:%M:%S %Y',
};

/** Thrown for a format with a directive that does not exist; `directive` has it. */
export class StrftimeError extends Error {
  readonly code = 'ERR_SLUICE_STRFTIME';
  override readonly name = 'StrftimeError';

  constructor(
    readonly format: string,
    readonly directive: string,
  ) {
    super(`"${directive}" is not a directive of strftime`);
  }
}

/** A format that has been read. */
export interface TimeFormat {
  (seconds: number, nanoseconds: number): string;
  /**
   * For so many seconds from a multiple of this number on the text stays the same: 1, 60 or 900;
   * 0 where it depends on less than a second.
   */
  readonly unit: number;
  /** Whether it has any directive at all. */
  readonly timed: boolean;
}

function fraction(digits: number): Field {
  return ({ nanoseconds }) =>
    String(nanoseconds).padStart(9, '0').padEnd(digits, '0').slice(0, digits);
}

function withFlags({ field, width, fill }: Directive, flags: string, wanted: string): Field {
  let size = wanted === '' ? width : Number(wanted);
  let padding: string = fill;
  let upper = false;
  for (const flag of flags) {
    if (flag === '-') size = 0;
    else if (flag === '0') padding = '0';
    else if (flag === '_') padding = ' ';
    else if (flag === '^') upper = true;
  }
  return (moment) => {
    const value = String(field(moment)).padStart(size, padding);
    return upper ? value.toUpperCase() : value;
  };
}

/**
 * Reads a format of strftime, as Ruby's `Time#strftime` takes it.
 *
 * @throws StrftimeError
 */
export function compileStrftime(format: string, zone: ZoneOffset): TimeFormat {
  const parts: (string | Field)[] = [];
  let unit = Infinity;
  const read = (source: string): void => {
    for (const match of source.matchAll(/[^%]+|%([-0_^]*)(\d*)(:?[A-Za-z%]?)/g)) {
      const [whole] = match;
      if (!whole.startsWith('%')) {
        parts.push(whole);
        continue;
      }
      const [, flags, width, name] = match;
      const directive = directives[name];
      const longer = compound[name];
      if (name === '%') parts.push('%');
      else if (longer !== undefined) read(longer);
      else if (directive !== undefined) {
        parts.push(withFlags(directive, flags, width));
        unit = Math.min(unit, directive.unit);
      } else if (name === 'N' || name === 'L') {
        parts.push(fraction(Number(width) || (name === 'N' ? 9 : 3)));
        unit = 0;
      } else if (name === ':z') {
        parts.push((moment) => offsetText(moment, ':'));
        unit = Math.min(unit, quarter);
      } else {
        throw new StrftimeError(format, whole);
      }
    }
  };
  read(format);
  const render = (seconds: number, nanoseconds: number): string => {
    // A sender can make up any time; Date ends somewhere.
    const shown = Math.min(Math.max(seconds, -mostSeconds), mostSeconds);
    const offset = zone(shown);
    const moment = { date: new Date((shown + offset) * 1000), seconds, nanoseconds, offset };
    let result = '';
    for (const part of parts) result += typeof part === 'string' ? part : String(part(moment));
    return result;
  };
  return Object.assign(unit === 0 ? render : remembering(render, unit), {
    unit: Math.min(unit, quarter),
    timed: unit !== Infinity,
  });
}

/** Events come nearly in order: the last text is mostly the next one, too. */
function remembering(
  render: (seconds: number, nanoseconds: number) => string,
  unit: number,
): (seconds: number, nanoseconds: number) => string {
  const step = Math.min(unit, quarter);
  let known = NaN;
  let result = '';
  return (seconds, nanoseconds) => {
    const at = Math.floor(seconds / step);
    if (at !== known) {
      result = render(seconds, nanoseconds);
      known = at;
    }
    return result;
  };
}
