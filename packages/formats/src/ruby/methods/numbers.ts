import { RubyError } from '../errors.js';
import { mostItems, type Value } from '../values.js';
import { isMissing, type Method, type Methods } from './method.js';
import { compare } from './objects.js';

/** Integers with more digits are of no use in a log. */
const mostBits = 4096;

function small(value: bigint): bigint {
  if (BigInt.asIntN(mostBits, value) === value) return value;
  throw new RubyError('the number is too large');
}

function floor(a: bigint, b: bigint): bigint {
  if (b === 0n) throw new RubyError('divided by 0');
  const whole = a / b;
  return a % b !== 0n && a < 0n !== b < 0n ? whole - 1n : whole;
}

const modulo = (a: number, b: number): number => ((a % b) + b) % b;

type Number = bigint | number;

function arithmetic(
  ofIntegers: (a: bigint, b: bigint) => bigint,
  ofFloats: (a: number, b: number) => number,
): Method<Number> {
  return (a, [b], runtime) => {
    if (typeof a === 'bigint' && typeof b === 'bigint') return small(ofIntegers(a, b));
    return ofFloats(globalThis.Number(a), runtime.float(b));
  };
}

const order = (right: (order: number) => boolean): Method<Number> => {
  return (a, [b]) => right(compare(a, b));
};

/** To so many decimal places, half away from zero. */
function round(value: number, places: number): number {
  if (!globalThis.Number.isFinite(value)) throw new RubyError('the number is not finite');
  if (Math.abs(places) > 300) return places > 0 ? value : 0;
  const [digits, exponent = '0'] = String(Math.abs(value)).split('e');
  const shifted = Math.round(
    globalThis.Number(`${digits}e${globalThis.Number(exponent) + places}`),
  );
  const [most, power = '0'] = String(shifted).split('e');
  return Math.sign(value) * globalThis.Number(`${most}e${globalThis.Number(power) - places}`);
}

function rounded(how: (value: number) => number): Method<Number> {
  return (value, [places], runtime): Value => {
    const to = isMissing(places) ? 0 : runtime.index(places);
    if (typeof value === 'bigint') {
      if (to >= 0) return value;
      const unit = 10n ** BigInt(Math.min(-to, 400));
      return (
        floor(value + (how === Math.floor ? 0n : how === Math.ceil ? unit - 1n : unit / 2n), unit) *
        unit
      );
    }
    const scale = 10 ** to;
    const exact = how === Math.round ? round(value, to) : how(value * scale) / scale;
    return to > 0 ? exact : runtime.integer(exact);
  };
}

const nonnegative = (value: Value | undefined, most: bigint): bigint => {
  if (typeof value === 'bigint' && value >= 0n && value <= most) return value;
  throw new RubyError('the number is too large or not an Integer');
};

export const numberMethods: Methods<Number> = {
  '+': arithmetic(
    (a, b) => a + b,
    (a, b) => a + b,
  ),
  '-': arithmetic(
    (a, b) => a - b,
    (a, b) => a - b,
  ),
  '*': arithmetic(
    (a, b) => a * b,
    (a, b) => a * b,
  ),
  '/': arithmetic(floor, (a, b) => a / b),
  '%': arithmetic((a, b) => a - floor(a, b) * b, modulo),
  modulo: arithmetic((a, b) => a - floor(a, b) * b, modulo),
  div: (a, [b], runtime) => runtime.integer(Math.floor(globalThis.Number(a) / runtime.float(b))),
  fdiv: (a, [b], runtime) => globalThis.Number(a) / runtime.float(b),
  divmod: (a, [b], runtime) => {
    if (typeof a === 'bigint' && typeof b === 'bigint') return [floor(a, b), a - floor(a, b) * b];
    const by = runtime.float(b);
    return [
      runtime.integer(Math.floor(globalThis.Number(a) / by)),
      modulo(globalThis.Number(a), by),
    ];
  },
  '**': (a, [b], runtime) => {
    if (typeof a === 'bigint' && typeof b === 'bigint' && b >= 0n)
      return small(a ** nonnegative(b, 1024n));
    return globalThis.Number(a) ** runtime.float(b);
  },
  pow: (a, [b], runtime) => numberMethods['**']!(a, [b], runtime, undefined),
  '-@': (a) => -a,
  '&': (a, [b], runtime) => runtime.integer(a) & runtime.integer(b),
  '|': (a, [b], runtime) => runtime.integer(a) | runtime.integer(b),
  '^': (a, [b], runtime) => runtime.integer(a) ^ runtime.integer(b),
  '<<': (a, [b], runtime) => small(runtime.integer(a) << nonnegative(b, 1024n)),
  '>>': (a, [b], runtime) => runtime.integer(a) >> nonnegative(b, 4096n),
  '<': order((sign) => sign < 0),
  '>': order((sign) => sign > 0),
  '<=': order((sign) => sign <= 0),
  '>=': order((sign) => sign >= 0),
  '<=>': (a, [b]) => {
    try {
      return BigInt(compare(a, b));
    } catch {
      return null;
    }
  },
  'between?': (a, [low, high]) => compare(a, low) >= 0 && compare(a, high) <= 0,
  clamp: (a, [low, high]) => (compare(a, low) < 0 ? low : compare(a, high) > 0 ? high : a),
  to_i: (a, _args, runtime) => runtime.integer(a),
  to_int: (a, _args, runtime) => runtime.integer(a),
  truncate: rounded(Math.trunc),
  to_f: (a) => globalThis.Number(a),
  to_r: (a) => a,
  to_s: (a, [base], runtime) => {
    if (isMissing(base)) return runtime.text(a);
    const radix = runtime.index(base);
    if (radix < 2 || radix > 36) throw new RubyError(`invalid radix ${radix}`);
    return runtime.integer(a).toString(radix);
  },
  round: rounded(Math.round),
  floor: rounded(Math.floor),
  ceil: rounded(Math.ceil),
  abs: (a) => (a < 0 ? -a : a),
  'zero?': (a) => a === 0n || a === 0,
  'positive?': (a) => a > 0,
  'negative?': (a) => a < 0,
  'nonzero?': (a) => (a === 0n || a === 0 ? null : a),
  'even?': (a, _args, runtime) => runtime.integer(a) % 2n === 0n,
  'odd?': (a, _args, runtime) => runtime.integer(a) % 2n !== 0n,
  'integer?': (a) => typeof a === 'bigint',
  'finite?': (a) => typeof a === 'bigint' || globalThis.Number.isFinite(a),
  'nan?': (a) => typeof a === 'number' && globalThis.Number.isNaN(a),
  'infinite?': (a) =>
    typeof a === 'number' && Math.abs(a) === Infinity ? BigInt(Math.sign(a)) : null,
  succ: (a, _args, runtime) => runtime.integer(a) + 1n,
  pred: (a, _args, runtime) => runtime.integer(a) - 1n,
  chr: (a, _args, runtime) => {
    const code = runtime.index(a);
    if (code < 0 || code > 0x10ffff) throw new RubyError(`${code} out of char range`);
    return String.fromCodePoint(code);
  },
  digits: (a) =>
    Array.from(String(a < 0 ? -a : a))
      .reverse()
      .map(BigInt),
  times: (a, _args, runtime, block) => {
    const count = runtime.index(a);
    if (block === undefined || count > mostItems)
      throw new RubyError('times needs a block, and few turns');
    for (let at = 0; at < count; at++) block(BigInt(at));
    return a;
  },
};
