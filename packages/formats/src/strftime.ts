import { localOffset, quarter, utcOffset, type ZoneOffset } from './time-zone.js';

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

/** `+0900`, `+09:00`, `+09:00:00`, or `+09` where that is all, by the number of colons. */
function offsetText({ offset }: Moment, colons: number): string {
  const all = Math.abs(Math.trunc(offset));
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0');
  const [hours, minutes, seconds] = [two(all / 3600), two((all / 60) % 60), two(all % 60)];
  const sign = offset < 0 ? '-' : '+';
  if (colons === 0) return `${sign}${hours}${minutes}`;
  if (colons === 1) return `${sign}${hours}:${minutes}`;
  if (colons === 2 || seconds !== '00') return `${sign}${hours}:${minutes}:${seconds}`;
  return minutes === '00' ? `${sign}${hours}` : `${sign}${hours}:${minutes}`;
}

const number = (field: Field, width: number, unit: number = quarter, fill: '0' | ' ' = '0') => ({
  field,
  width,
  fill,
  unit,
});
const text = (field: Field, unit: number = quarter) => number(field, 0, unit, ' ');

/** The name of a zone: local time and UTC have one, in Ruby's times of other offsets it is empty. */
function zoneName(zone: ZoneOffset): Field {
  if (zone === utcOffset) return () => 'UTC';
  if (zone !== localOffset) return () => '';
  const names = new Intl.DateTimeFormat('en-US', { timeZoneName: 'short' });
  return (moment) => {
    const parts = names.formatToParts(moment.seconds * 1000);
    const name = parts.find(({ type }) => type === 'timeZoneName')?.value ?? '';
    // Where there is no abbreviation in English, zones are called by their offset.
    return /^[A-Z]+$/.test(name) ? name : offsetText(moment, 0).replace(/00$/, '');
  };
}

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
  z: text((moment) => offsetText(moment, 0)),
  ':z': text((moment) => offsetText(moment, 1)),
  '::z': text((moment) => offsetText(moment, 2)),
  ':::z': text((moment) => offsetText(moment, 3)),
};

/** Directives that stand for others, in strftime and in strptime. */
export const compounds: Readonly<Partial<Record<string, string>>> = {
  F: '%Y-%m-%d',
  T: '%H:%M:%S',
  X: '%H:%M:%S',
  R: '%H:%M',
  r: '%I:%M:%S %p',
  D: '%m/%d/%y',
  x: '%m/%d/%y',
  c: '%a %b %e %H:%M:%S %Y',
};

const compound: typeof compounds = { ...compounds, v: '%e-%^b-%4Y' };

/** Characters that are hard to write. */
const characters: Readonly<Partial<Record<string, string>>> = { n: '\n', t: '\t', '%': '%' };

/** Thrown for a format with a directive that does not exist; `directive` has it. */
export class StrftimeError extends Error {
  /** For programs: it stays where the text of the message changes. */
  readonly code = 'ERR_SLUICE_STRFTIME';
  /** What a stack trace begins with. */
  override readonly name = 'StrftimeError';

  constructor(
    /** The whole format. */
    readonly format: string,
    /** The part of it that is unknown, such as `%Q`. */
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

/** What flags and a width ask for. */
function withFlags(
  { field, width, fill }: Pick<Directive, 'field' | 'width' | 'fill'>,
  name: string,
  flags: string,
  wanted: string,
): Field {
  let size = wanted === '' ? width : Number(wanted);
  let padding: string = wanted !== '' && name.endsWith('z') ? '0' : fill;
  let change: ((value: string) => string) | undefined;
  for (const flag of flags) {
    if (flag === '-') size = 0;
    else if (flag === '0') padding = '0';
    else if (flag === '_') padding = ' ';
    else if (flag === '^') change = (value) => value.toUpperCase();
    else change = (value) => ('pZ'.includes(name) ? value.toLowerCase() : value.toUpperCase());
  }
  return (moment) => {
    const text = String(field(moment));
    // An offset is filled behind its sign.
    const filled =
      name.endsWith('z') && padding === '0'
        ? text.charAt(0) + text.slice(1).padStart(size - 1, '0')
        : text.padStart(size, padding);
    return change === undefined ? filled : change(filled);
  };
}

/** No text is as wide as that. */
const widest = 1024;

/**
 * Reads a format of strftime, as Ruby's `Time#strftime` takes it.
 *
 * @throws StrftimeError
 */
export function compileStrftime(format: string, zone: ZoneOffset): TimeFormat {
  const parts: (string | Field)[] = [];
  let unit = Infinity;
  const fieldOf = (name: string, flags: string, width: string): Field | undefined => {
    const directive = directives[name];
    if (directive !== undefined) {
      unit = Math.min(unit, directive.unit);
      return withFlags(directive, name, flags, width);
    }
    if (name === 'N' || name === 'L') {
      unit = 0;
      return fraction(Number(width) || (name === 'N' ? 9 : 3));
    }
    if (name === 'Z') {
      unit = Math.min(unit, quarter);
      return withFlags({ field: zoneName(zone), width: 0, fill: ' ' }, name, flags, width);
    }
    const longer = compound[name];
    if (longer === undefined) return undefined;
    const inner = read(longer);
    const field: Field = (moment) => inner.map((part) => partText(part, moment)).join('');
    return withFlags({ field, width: 0, fill: ' ' }, name, flags, width);
  };
  const read = (source: string): (string | Field)[] => {
    const found: (string | Field)[] = [];
    for (const match of source.matchAll(/[^%]+|%([-0_^#]*)(\d*)([EO]?)(:{0,3}[A-Za-z%]?)/g)) {
      const [whole, flags, width, modifier, directive] = match;
      if (!whole.startsWith('%')) {
        found.push(whole);
        continue;
      }
      const name = directive || modifier;
      const part = characters[name] ?? fieldOf(name, flags, width);
      if (part === undefined || Number(width) > widest) throw new StrftimeError(format, whole);
      found.push(part);
    }
    return found;
  };
  parts.push(...read(format));
  const render = (seconds: number, nanoseconds: number): string => {
    // A sender can make up any time; Date ends somewhere.
    const shown = Math.min(Math.max(seconds, -mostSeconds), mostSeconds);
    const offset = zone(shown);
    const moment = { date: new Date((shown + offset) * 1000), seconds, nanoseconds, offset };
    let result = '';
    for (const part of parts) result += partText(part, moment);
    return result;
  };
  return Object.assign(unit === 0 ? render : remembering(render, unit), {
    unit: Math.min(unit, quarter),
    timed: unit !== Infinity,
  });
}

function partText(part: string | Field, moment: Moment): string {
  return typeof part === 'string' ? part : String(part(moment));
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
