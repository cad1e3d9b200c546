import { RubyError } from '../errors.js';
import { className, equal, isTrue, RubyRange, RubySymbol, step, type Value } from '../values.js';
import type { Methods } from './method.js';

/** What every value has. */
export const objectMethods: Methods<Value> = {
  to_s: (value, _args, runtime) => runtime.text(value),
  inspect: (value, _args, runtime) => runtime.inspect(value),
  to_json: (value, _args, runtime) => runtime.json(value),
  'nil?': (value) => value === null,
  '==': (value, [other]) => equal(value, other),
  'eql?': (value, [other]) => className(value) === className(other) && equal(value, other),
  'equal?': (value, [other]) => value === other,
  '===': (value, [other]) => matches(value, other),
  '!': (value) => !isTrue(value),
  '=~': () => null,
  '<=>': (value, [other]) => (equal(value, other) ? 0n : null),
  'is_a?': (value, [name], runtime) => isA(value, runtime.text(name)),
  'kind_of?': (value, [name], runtime) => isA(value, runtime.text(name)),
  'instance_of?': (value, [name], runtime) => className(value) === runtime.text(name),
  'respond_to?': (value, [name], runtime) => responds(value, runtime.string(name)),
  class: (value) => className(value),
  dup: (value) => value,
  clone: (value) => value,
  freeze: (value) => value,
  itself: (value) => value,
  then: (value, _args, _runtime, block) => (block === undefined ? value : block(value)),
  tap: (value, _args, _runtime, block) => {
    block?.(value);
    return value;
  },
  'in?': (value, [list], runtime) => runtime.array(list).some((item) => equal(item, value)),
  'blank?': (value) => !isTrue(value) || value === '',
  'present?': (value) => isTrue(value) && value !== '',
};

/** `===`: what `case` asks. */
export function matches(test: Value, value: Value | undefined): boolean {
  if (test instanceof RegExp) {
    return (
      typeof value === 'string' && new RegExp(test.source, test.flags.replace('g', '')).test(value)
    );
  }
  if (test instanceof RubyRange) {
    const below = test.from === null || compare(test.from, value) <= 0;
    const end = test.to === null ? -1 : compare(value, test.to);
    return below && (test.open ? end < 0 : end <= 0);
  }
  // A class is its name here.
  if (typeof test === 'string' && classes.has(test) && isA(value ?? null, test)) return true;
  return equal(test, value);
}

const classes = new Set([
  ...['String', 'Integer', 'Float', 'Numeric', 'Array', 'Hash', 'NilClass', 'TrueClass'],
  ...['FalseClass', 'Symbol'],
]);

const ancestors: Readonly<Partial<Record<string, readonly string[]>>> = {
  Integer: ['Numeric', 'Comparable'],
  Float: ['Numeric', 'Comparable'],
  String: ['Comparable'],
  Time: ['Comparable'],
  Array: ['Enumerable'],
  Hash: ['Enumerable'],
};

function isA(value: Value, name: string): boolean {
  const own = className(value);
  return own === name || name === 'Object' || (ancestors[own]?.includes(name) ?? false);
}

let responds: (value: Value, name: string) => boolean = () => false;

/** The table of all methods stands on this one: it tells afterwards who has what. */
export function setResponds(call: typeof responds): void {
  responds = call;
}

/** What `<=>` says. @throws RubyError for values that are not compared with each other */
export function compare(a: Value | undefined, b: Value | undefined): number {
  step();
  const numbers =
    (typeof a === 'bigint' || typeof a === 'number') &&
    (typeof b === 'bigint' || typeof b === 'number');
  if (numbers || (typeof a === 'string' && typeof b === 'string'))
    return a < b ? -1 : a > b ? 1 : 0;
  if (Array.isArray(a) && Array.isArray(b)) {
    for (let at = 0; at < Math.min(a.length, b.length); at++) {
      const order = compare(a[at], b[at]);
      if (order !== 0) return order;
    }
    return Math.sign(a.length - b.length);
  }
  if (a instanceof RubySymbol && b instanceof RubySymbol) return compare(a.name, b.name);
  if (
    typeof a === 'object' &&
    typeof b === 'object' &&
    a !== null &&
    b !== null &&
    'nanoseconds' in a &&
    'nanoseconds' in b
  ) {
    return Math.sign(a.seconds - b.seconds || a.nanoseconds - b.nanoseconds);
  }
  throw new RubyError(
    `comparison of ${className(a)} with ${b === null ? 'nil' : className(b)} failed`,
  );
}
