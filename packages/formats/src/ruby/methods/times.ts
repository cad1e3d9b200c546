import { localOffset, utcOffset, zoneOffset } from '../../time-zone.js';
import { RubyTime, type Value } from '../values.js';
import { isMissing, type Method, type Methods } from './method.js';
import { compare } from './objects.js';

const field = (format: string): Method<RubyTime> => {
  return (time, _args, runtime) => BigInt(runtime.strftime(time, format));
};
const order = (right: (order: number) => boolean): Method<RubyTime> => {
  return (a, [b]) => right(compare(a, b));
};

function moved(time: RubyTime, by: number): RubyTime {
  const nanoseconds = time.nanoseconds + Math.round((by - Math.floor(by)) * 1e9);
  const carry = nanoseconds >= 1e9 ? 1 : 0;
  return new RubyTime(time.seconds + Math.floor(by) + carry, nanoseconds - carry * 1e9, time.zone);
}

const toFloat = ({ seconds, nanoseconds }: RubyTime): number => seconds + nanoseconds / 1e9;
const utc: Method<RubyTime> = ({ seconds, nanoseconds }) =>
  new RubyTime(seconds, nanoseconds, utcOffset);
const local: Method<RubyTime> = ({ seconds, nanoseconds }, [zone], runtime) =>
  new RubyTime(
    seconds,
    nanoseconds,
    isMissing(zone) ? localOffset : zoneOffset(runtime.string(zone)),
  );
const iso: Method<RubyTime> = (time, [digits], runtime) => {
  const count = isMissing(digits) ? 0 : runtime.index(digits);
  const fraction = count > 0 ? `.%${Math.min(count, 9)}N` : '';
  const zone = time.zone === utcOffset ? 'Z' : '%:z';
  return runtime.strftime(time, `%Y-%m-%dT%H:%M:%S${fraction}${zone}`);
};
const weekday = (day: string): Method<RubyTime> => {
  return (time, _args, runtime) => runtime.strftime(time, '%w') === day;
};

export const timeMethods: Methods<RubyTime> = {
  strftime: (time, [format], runtime) => runtime.strftime(time, runtime.string(format)),
  to_i: ({ seconds }) => BigInt(seconds),
  tv_sec: ({ seconds }) => BigInt(seconds),
  to_f: toFloat,
  to_r: toFloat,
  nsec: ({ nanoseconds }) => BigInt(nanoseconds),
  tv_nsec: ({ nanoseconds }) => BigInt(nanoseconds),
  usec: ({ nanoseconds }) => BigInt(Math.floor(nanoseconds / 1000)),
  tv_usec: ({ nanoseconds }) => BigInt(Math.floor(nanoseconds / 1000)),
  iso8601: iso,
  xmlschema: iso,
  utc,
  getutc: utc,
  gmtime: utc,
  getgm: utc,
  'utc?': ({ zone }) => zone === utcOffset,
  localtime: local,
  getlocal: local,
  utc_offset: ({ zone, seconds }) => BigInt(zone(seconds)),
  gmt_offset: ({ zone, seconds }) => BigInt(zone(seconds)),
  zone: (time, _args, runtime) => runtime.strftime(time, '%Z') || null,
  year: field('%Y'),
  month: field('%-m'),
  mon: field('%-m'),
  day: field('%-d'),
  mday: field('%-d'),
  hour: field('%-H'),
  min: field('%-M'),
  sec: field('%-S'),
  wday: field('%w'),
  yday: field('%-j'),
  'sunday?': weekday('0'),
  'monday?': weekday('1'),
  'tuesday?': weekday('2'),
  'wednesday?': weekday('3'),
  'thursday?': weekday('4'),
  'friday?': weekday('5'),
  'saturday?': weekday('6'),
  '+': (time, [by], runtime) => moved(time, runtime.float(by)),
  '-': (time, [other], runtime): Value =>
    other instanceof RubyTime ? toFloat(time) - toFloat(other) : moved(time, -runtime.float(other)),
  '<': order((sign) => sign < 0),
  '>': order((sign) => sign > 0),
  '<=': order((sign) => sign <= 0),
  '>=': order((sign) => sign >= 0),
  '<=>': (a, [b]) => (b instanceof RubyTime ? BigInt(compare(a, b)) : null),
  to_time: (time) => time,
};
