import { floatText } from '@sluice/event-stream/packed';
import type { ZoneOffset } from '../time-zone.js';
import { RubyError } from './errors.js';

/** What an expression works on. Integers are bigints, so that numbers are floats, as in Ruby. */
export type Value =
  | null
  | boolean
  | bigint
  | number
  | string
  | RubySymbol
  | RubyTime
  | RubyRange
  | RegExp
  | Opaque
  | Value[]
  | RubyHash;

/** A hash: names of fields are strings. */
export type RubyHash = Map<Value, Value>;

/** Names of symbols may come from events, so their number is bounded. */
const MOST_SYMBOLS = 10_000;

/** `:name`; there is one of each name, but for what comes after the first 10,000. */
export class RubySymbol {
  static readonly #all = new Map<string, RubySymbol>();
  private constructor(
    /** Without the colon. */
    readonly name: string,
  ) {}

  /** The symbol of this name. */
  static of(name: string): RubySymbol {
    const known = this.#all.get(name);
    if (known !== undefined) return known;
    const symbol = new RubySymbol(name);
    if (this.#all.size < MOST_SYMBOLS) this.#all.set(name, symbol);
    return symbol;
  }
}

/** A moment in a zone. */
export class RubyTime {
  constructor(
    /** Since 1970, in UTC; below 0 before. */
    readonly seconds: number,
    /** Of the second, 0 to 999,999,999. */
    readonly nanoseconds: number,
    /** What it is shown in. */
    readonly zone: ZoneOffset,
  ) {}
}

/** `a..b`; nil at an end that is open. */
export class RubyRange {
  constructor(
    /** The lower end; nil where it is open. */
    readonly from: Value,
    /** The upper end; nil where it is open. */
    readonly to: Value,
    /** Written with three dots: `to` does not belong to it. */
    readonly open: boolean,
  ) {}
}

/** A value of a record that expressions only pass on: its MessagePack. */
export class Opaque {
  constructor(
    /** Its MessagePack, as the record has it. */
    readonly bytes: Buffer,
    /** What `to_s` makes of it. */
    readonly text: string,
  ) {}
}

/** The longest text and the largest list that an expression may make. */
export const mostCharacters = 4 * 1024 * 1024;
export const mostItems = 100_000;

/** So many steps may one evaluation take. */
const mostSteps = 300_000;
let stepsLeft = mostSteps;

/** To be called before an evaluation. */
export function beginSteps(): void {
  stepsLeft = mostSteps;
}

/** To be called for each step: what is small to write may be endless to do. @throws RubyError */
export function step(): void {
  if (--stepsLeft < 0) throw new RubyError('the expression takes too many steps');
}

/** @throws RubyError for a text that is too long */
export function bounded(text: string): string {
  if (text.length <= mostCharacters) return text;
  throw new RubyError(`the text would be longer than ${mostCharacters} characters`);
}

export function isTrue(value: Value | undefined): boolean {
  return value !== null && value !== undefined && value !== false;
}

/** The class as Ruby names it. */
export function className(value: Value | undefined): string {
  if (value === null || value === undefined) return 'NilClass';
  switch (typeof value) {
    case 'boolean':
      return value ? 'TrueClass' : 'FalseClass';
    case 'bigint':
      return 'Integer';
    case 'number':
      return 'Float';
    case 'string':
      return 'String';
  }
  if (Array.isArray(value)) return 'Array';
  if (value instanceof Map) return 'Hash';
  if (value instanceof RubySymbol) return 'Symbol';
  if (value instanceof RubyTime) return 'Time';
  if (value instanceof RegExp) return 'Regexp';
  return value instanceof RubyRange ? 'Range' : 'Object';
}

export function equal(a: Value | undefined, b: Value | undefined): boolean {
  step();
  if (a === b) return true;
  if (
    (typeof a === 'bigint' || typeof a === 'number') &&
    (typeof b === 'bigint' || typeof b === 'number')
  ) {
    return a == b;
  }
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, index) => equal(item, b[index]));
  }
  if (a instanceof Map && b instanceof Map) {
    return (
      a.size === b.size && [...a].every(([key, value]) => b.has(key) && equal(value, b.get(key)))
    );
  }
  if (a instanceof RubySymbol && b instanceof RubySymbol) return a.name === b.name;
  if (a instanceof RubyTime && b instanceof RubyTime) {
    return a.seconds === b.seconds && a.nanoseconds === b.nanoseconds;
  }
  return false;
}

const short: Readonly<Partial<Record<string, string>>> = {
  '\u0007': '\\a', '\b': '\\b', '\t': '\\t', '\n': '\\n', '\v': '\\v', '\f': '\\f', '\r': '\\r',
  '\u001b': '\\e', '"': '\\"', '\\': '\\\\', '#': '\\#',
}; // prettier-ignore

function inspectText(text: string): string {
  const inner = text.replace(/["\\]|#(?=[{$@])|[^ -~]/gu, (character) => {
    const hex = character.codePointAt(0)!.toString(16).toUpperCase();
    return short[character] ?? (hex.length > 4 ? `\\u{${hex}}` : `\\u${hex.padStart(4, '0')}`);
  });
  return `"${inner}"`;
}

/** `inspect` */
export function inspect(value: Value, time: (value: RubyTime) => string): string {
  step();
  if (value === null) return 'nil';
  if (typeof value === 'string') return inspectText(value);
  if (Array.isArray(value)) {
    return bounded(`[${value.map((item) => inspect(item, time)).join(', ')}]`);
  }
  if (value instanceof Map) {
    const pairs = [...value].map(([key, inner]) =>
      key instanceof RubySymbol
        ? `:${key.name}=>${inspect(inner, time)}`
        : `${inspect(key, time)}=>${inspect(inner, time)}`,
    );
    return bounded(`{${pairs.join(', ')}}`);
  }
  if (value instanceof RubySymbol) return `:${value.name}`;
  return textOf(value, time);
}

/** `to_s` */
export function textOf(value: Value, time: (value: RubyTime) => string): string {
  if (value === null) return '';
  switch (typeof value) {
    case 'string':
      return value;
    case 'bigint':
    case 'boolean':
      return String(value);
    case 'number':
      return exactFloat(value);
  }
  if (value instanceof RubySymbol) return value.name;
  if (value instanceof RubyTime) return time(value);
  if (value instanceof Opaque) return value.text;
  if (value instanceof RegExp) return value.source;
  if (value instanceof RubyRange) {
    return `${textOf(value.from, time)}${value.open ? '...' : '..'}${textOf(value.to, time)}`;
  }
  return inspect(value, time);
}

/** 1.0, also where the number is so large that a sender may have meant an integer. */
export function exactFloat(value: number): string {
  const text = floatText(value);
  if (!/^-?\d+$/.test(text)) return text;
  if (Math.abs(value) < 1e15) return `${text}.0`;
  const [digits, exponent] = value.toExponential().split('e+');
  return `${digits.includes('.') ? digits : `${digits}.0`}e+${exponent}`;
}
