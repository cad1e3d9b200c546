import { EventTime } from '@sluice/event-stream';
import { localOffset, utcOffset, zoneOffset, type ZoneOffset } from '../time-zone.js';
import { parseLooseTime } from './loose-time.js';
import { compileStrptime, type TimeReader } from './strptime.js';

/** The types that a time in a record may have. Fluentd: `time_type`. */
export const timeTypes = ['string', 'unixtime', 'float', 'mixed'] as const;
/** One of {@link timeTypes}. */
export type TimeType = (typeof timeTypes)[number];

/** How times are written in what is parsed. */
export interface TimeReading {
  readonly timeType: TimeType;
  readonly timeFormat?: string | undefined;
  readonly timeFormatFallbacks?: readonly string[];
  readonly localtime: boolean;
  readonly utc: boolean;
  readonly timezone?: string | undefined;
}

/** Reads the time that a field holds; throws a RangeError where it holds none. */
export type ReadTime = (value: unknown) => EventTime;

/** The zone of times that do not say theirs. */
export function readingZone({ utc, localtime, timezone }: TimeReading): ZoneOffset {
  if (timezone !== undefined) return zoneOffset(timezone);
  return utc || !localtime ? utcOffset : localOffset;
}

/** @throws StrptimeError, TimeZoneError */
export function timeReader(reading: TimeReading): ReadTime {
  switch (reading.timeType) {
    case 'unixtime':
      return (value) => new EventTime(wholeNumber(numberText(value)));
    case 'float':
      return readFloat;
    case 'string':
      return stringReader(reading.timeFormat, readingZone(reading));
    case 'mixed':
      return mixedReader(reading);
  }
}

function mixedReader(reading: TimeReading): ReadTime {
  const zone = readingZone(reading);
  const formats = [reading.timeFormat, ...(reading.timeFormatFallbacks ?? [])];
  const readers = formats
    .filter((format) => format !== undefined)
    .map((format): ReadTime => {
      if (format !== 'unixtime' && format !== 'float') return stringReader(format, zone);
      // Fluentd reads fractions for both names.
      const read = readFloat;
      return (value) => {
        if (Number.isNaN(Number(value))) throw new RangeError('the time is not a number');
        return read(value);
      };
    });
  return (value) => {
    for (const read of readers) {
      try {
        return read(value);
      } catch {
        // The next one may fit.
      }
    }
    throw new RangeError('the time is of none of the formats');
  };
}

function stringReader(format: string | undefined, zone: ZoneOffset): ReadTime {
  const read: TimeReader =
    format === undefined
      ? (text) => parseLooseTime(text, zone)
      : format === '%iso8601'
        ? (text) => readIso(text, zone)
        : compileStrptime(format, zone);
  // Lines of the same second have the same text.
  let lastText: string | undefined;
  let lastTime: EventTime | undefined;
  return (value) => {
    if (typeof value !== 'string') throw new RangeError('the time is not a string');
    if (value === lastText) return lastTime!;
    const time = read(value);
    lastText = value;
    lastTime = time;
    return time;
  };
}

function readIso(text: string, zone: ZoneOffset): EventTime {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?$/i.test(text)) {
    throw new RangeError('the time is not of ISO 8601');
  }
  return parseLooseTime(text, zone);
}

/** Seconds with a fraction, digit by digit, so that no nanosecond is lost. */
function readFloat(value: unknown): EventTime {
  const text = numberText(value);
  const [seconds, fraction = '0'] = text.split('.', 2);
  return new EventTime(wholeNumber(seconds), wholeNumber(fraction.slice(0, 9).padEnd(9, '0')));
}

function numberText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' && Number.isFinite(value)) {
    // 1e21 has no digits after the point; 1e-7 is none of our seconds.
    return Math.abs(value) >= 1e21 || (value !== 0 && Math.abs(value) < 1e-6)
      ? String(Math.trunc(value))
      : String(value);
  }
  if (typeof value === 'bigint') return String(value);
  throw new RangeError('the time is neither a string nor a number');
}

const most = 2 ** 32 - 1;

/** `to_i` of Ruby, in the range that an event's time has. */
function wholeNumber(text: string): number {
  const value = Number(/^\s*([+-]?\d+)/.exec(text.replace(/(?<=\d)_(?=\d)/g, ''))?.[1] ?? 0);
  if (value < 0 || value > most) throw new RangeError('the time is out of range');
  return value;
}
