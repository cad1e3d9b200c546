import { compileStrftime, StrftimeError, type TimeFormat } from '../strftime.js';
import { localOffset, utcOffset, type ZoneOffset } from '../time-zone.js';
import { RubyError } from './errors.js';
import { jsonText } from './json.js';
import {
  beginSteps,
  className,
  inspect,
  step,
  RubySymbol,
  RubyTime,
  textOf,
  type Value,
} from './values.js';

/** So many formats of strftime are kept. */
const keptFormats = 64;

const formats = new Map<ZoneOffset, Map<string, TimeFormat>>();

function formatted({ seconds, nanoseconds, zone }: RubyTime, format: string): string {
  let known = formats.get(zone);
  if (known === undefined || known.size >= keptFormats) {
    if (formats.size >= keptFormats) formats.clear();
    known = new Map<string, TimeFormat>();
    formats.set(zone, known);
  }
  let write = known.get(format);
  if (write === undefined) {
    try {
      write = compileStrftime(format, zone);
    } catch (error) {
      if (!(error instanceof StrftimeError)) throw error;
      throw new RubyError(error.message);
    }
    known.set(format, write);
  }
  return write(seconds, nanoseconds);
}

/** A time as `to_s` writes it: `2026-11-24 08:33:00 +0100`, and `… UTC` in that zone. */
export function timeText(time: RubyTime): string {
  return formatted(time, `%Y-%m-%d %H:%M:%S ${time.zone === utcOffset ? 'UTC' : '%z'}`);
}

/** What methods share: conversions, times, and a bound on the work of one evaluation. */
export class Runtime {
  /** @param clock milliseconds since 1970 */
  constructor(private readonly clock: () => number = Date.now) {}

  /** To be called before an evaluation. */
  begin(): void {
    beginSteps();
  }

  /** @throws RubyError where an expression does too much */
  count(): void {
    step();
  }

  symbol(name: string): RubySymbol {
    return RubySymbol.of(name);
  }

  now(): RubyTime {
    const now = this.clock();
    const seconds = Math.floor(now / 1000);
    return new RubyTime(seconds, Math.floor((now - seconds * 1000) * 1e6), localOffset);
  }

  timeAt(value: Value): RubyTime {
    if (value instanceof RubyTime) return value;
    const number = this.float(value);
    const seconds = Math.floor(number);
    if (!Number.isSafeInteger(seconds)) throw new RubyError('the time is out of range');
    return new RubyTime(seconds, Math.floor((number - seconds) * 1e9), localOffset);
  }

  strftime(time: RubyTime, format: string): string {
    return formatted(time, format);
  }

  text(value: Value): string {
    return textOf(value, timeText);
  }

  inspect(value: Value): string {
    return inspect(value, timeText);
  }

  json(value: Value): string {
    return jsonText(value, timeText);
  }

  /** @throws RubyError for what is not a String */
  string(value: Value | undefined): string {
    if (typeof value === 'string') return value;
    if (value instanceof RubySymbol) return value.name;
    throw this.#not('String', value);
  }

  /** @throws RubyError for what is not a number */
  integer(value: Value | undefined): bigint {
    if (typeof value === 'bigint') return value;
    if (typeof value === 'number' && Number.isFinite(value)) return BigInt(Math.trunc(value));
    throw this.#not('Integer', value);
  }

  /** A number that counts or points at something, of a size that makes sense. */
  index(value: Value | undefined): number {
    const number = Number(this.integer(value));
    if (Math.abs(number) < 2 ** 31) return number;
    throw new RubyError(`the number ${number} is too large`);
  }

  /** @throws RubyError for what is not a number */
  float(value: Value | undefined): number {
    if (typeof value === 'bigint' || typeof value === 'number') return Number(value);
    throw this.#not('Float', value);
  }

  /** @throws RubyError for what is not an Array */
  array(value: Value | undefined): Value[] {
    if (Array.isArray(value)) return value;
    throw this.#not('Array', value);
  }

  #not(wanted: string, value: Value | undefined): RubyError {
    if (value === undefined) return new RubyError('wrong number of arguments');
    const name = value === null ? 'nil' : className(value);
    return new RubyError(`no implicit conversion of ${name} into ${wanted}`);
  }
}
