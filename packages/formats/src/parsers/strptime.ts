import { EventTime } from '@sluice/event-stream';
import { compounds } from '../strftime.js';
import { localOffset, type ZoneOffset } from '../time-zone.js';
import { StrptimeError, type TimeFields } from './time-fields.js';
import { namedZone, monthNumber, timeOf } from './time-fields.js';

/** Reads at a position and says where it ended; -1 where the text does not match. */
type Step = (text: string, at: number, fields: TimeFields) => number;

/** How many digits at most, and where the number goes. */
function number(
  key: keyof TimeFields,
  digits: number,
  least: number,
  most: number,
  change: (value: number) => number = (value) => value,
): Step {
  return (text, at, fields) => {
    let end = at;
    let value = 0;
    while (end < text.length && end - at < digits) {
      const code = text.charCodeAt(end) - 48;
      if (code < 0 || code > 9) break;
      value = value * 10 + code;
      end++;
    }
    if (end === at || value < least || value > most) return -1;
    fields[key] = change(value);
    return end;
  };
}

/** A number that may have blanks in front of it: ` 8` of `%e`. */
const padded =
  (step: Step): Step =>
  (text, at, fields) => {
    while (text.charCodeAt(at) === 32) at++;
    return step(text, at, fields);
  };

const letters = /[A-Za-z]+/y;

function word(text: string, at: number): string {
  letters.lastIndex = at;
  return letters.exec(text)?.[0] ?? '';
}

const month: Step = (text, at, fields) => {
  const name = word(text, at);
  const found = monthNumber(name);
  if (found === undefined) return -1;
  fields.month = found;
  return at + name.length;
};

const weekday: Step = (text, at) => {
  const name = word(text, at);
  return /^(?:sun|mon|tue|wed|thu|fri|sat)/i.test(name) ? at + name.length : -1;
};

const meridian: Step = (text, at, fields) => {
  const name = text.slice(at, at + 2).toLowerCase();
  if (name !== 'am' && name !== 'pm') return -1;
  fields.afternoon = name === 'pm' ? 1 : 0;
  return at + 2;
};

const fraction: Step = (text, at, fields) => {
  let end = at;
  let value = 0;
  let digits = 0;
  for (; end < text.length; end++) {
    const code = text.charCodeAt(end) - 48;
    if (code < 0 || code > 9) break;
    if (digits < 9) {
      value = value * 10 + code;
      digits++;
    }
  }
  if (end === at) return -1;
  fields.nanoseconds = value * 10 ** (9 - digits);
  return end;
};

const unixTime: Step = (text, at, fields) => {
  const match = /^-?\d{1,12}/.exec(text.slice(at, at + 13));
  if (match === null) return -1;
  fields.unix = Number(match[0]);
  return at + match[0].length;
};

const zoneText = /[Zz]\b|([+-])(\d\d):?(\d\d)(?::?(\d\d))?|[A-Za-z]+/y;

const zone: Step = (text, at, fields) => {
  zoneText.lastIndex = at;
  const match = zoneText.exec(text) as (string | undefined)[] | null;
  if (match === null) return -1;
  const [whole = '', sign, hours, minutes, seconds = '0'] = match;
  const offset =
    sign === undefined
      ? namedZone(whole)
      : (sign === '-' ? -1 : 1) * (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds));
  if (offset === undefined) return -1;
  fields.offset = offset;
  return at + whole.length;
};

const blanks: Step = (text, at) => {
  while (at < text.length && /\s/.test(text.charAt(at))) at++;
  return at;
};

const literal =
  (wanted: string): Step =>
  (text, at) =>
    text.startsWith(wanted, at) ? at + wanted.length : -1;

const year: Step = number('year', 4, 0, 9999);
const twoDigitYear = number('year', 2, 0, 99, (value) => value + (value < 69 ? 2000 : 1900));

const directives: Readonly<Partial<Record<string, Step>>> = {
  Y: year,
  y: twoDigitYear,
  m: number('month', 2, 1, 12),
  d: padded(number('day', 2, 1, 31)),
  e: padded(number('day', 2, 1, 31)),
  j: number('dayOfYear', 3, 1, 366),
  H: padded(number('hour', 2, 0, 24)),
  k: padded(number('hour', 2, 0, 24)),
  I: padded(number('hour12', 2, 1, 12)),
  l: padded(number('hour12', 2, 1, 12)),
  M: number('minute', 2, 0, 59),
  S: number('second', 2, 0, 60),
  L: fraction,
  N: fraction,
  s: unixTime,
  B: month,
  b: month,
  h: month,
  A: weekday,
  a: weekday,
  P: meridian,
  p: meridian,
  z: zone,
  Z: zone,
  n: blanks,
  t: blanks,
  '%': literal('%'),
};

const compound: typeof compounds = { ...compounds, '+': '%a %b %e %H:%M:%S %Z %Y' };

function stepsOf(format: string, whole: string): Step[] {
  return [...format.matchAll(/%[-0^#:]*\d*([A-Za-z%+])|\s+|[^%\s]+|%/g)].flatMap((match) => {
    const [text, name] = match as unknown as [string, string | undefined];
    if (name === undefined) {
      if (text === '%') throw new StrptimeError(whole, text);
      return [/^\s/.test(text) ? blanks : literal(text)];
    }
    const longer = compound[name];
    if (longer !== undefined) return stepsOf(longer, whole);
    const step = directives[name];
    if (step === undefined) throw new StrptimeError(whole, text);
    return [step];
  });
}

/** Reads a time from all of a text. */
export type TimeReader = (text: string) => EventTime;

/**
 * Reads a format of strptime, as Ruby's `Time.strptime` takes it. What the text does not say is
 * that of today, where it stands before what it says (a year before a month), else the least.
 *
 * @param zone the zone of times that do not name one. Default: the process's
 * @param now for what a text leaves out
 * @throws StrptimeError for an unknown directive. The reader throws a RangeError where the text is
 *   not of this format
 */
export function compileStrptime(
  format: string,
  zone: ZoneOffset = localOffset,
  now: () => number = Date.now,
): TimeReader {
  const steps = stepsOf(format, format);
  return (text) => {
    const fields: TimeFields = {};
    let at = 0;
    for (const step of steps) {
      at = step(text, at, fields);
      if (at < 0) break;
    }
    // Ruby ignores what follows; but a text that goes on is mostly one of another format.
    if (at !== text.length) throw new RangeError(`the time is not of the format ${format}`);
    return timeOf(fields, zone, now);
  };
}
