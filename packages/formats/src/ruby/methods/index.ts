import { RubyError } from '../errors.js';
import type { Runtime } from '../runtime.js';
import {
  className,
  isTrue,
  mostItems,
  RubyRange,
  RubySymbol,
  RubyTime,
  type Value,
} from '../values.js';
import { arrayMethods, hashMethods } from './lists.js';
import type { CallBlock, Method, Methods } from './method.js';
import { numberMethods } from './numbers.js';
import { matches, objectMethods, setResponds } from './objects.js';
import { stringMethods } from './strings.js';
import { timeMethods } from './times.js';

const nilMethods: Methods<null> = {
  to_a: () => [],
  to_h: () => new Map(),
  to_i: () => 0n,
  to_f: () => 0,
  '&': () => false,
  '|': (_nil, [other]) => isTrue(other),
};
const booleanMethods: Methods<boolean> = {
  '&': (value, [other]) => value && isTrue(other),
  '|': (value, [other]) => value || isTrue(other),
  '^': (value, [other]) => value !== isTrue(other),
};
const symbolMethods: Methods<RubySymbol> = {
  to_sym: (symbol) => symbol,
  length: ({ name }) => BigInt(name.length),
  size: ({ name }) => BigInt(name.length),
};
/** @throws RubyError for a range that is not of a few integers */
function integers({ from, to, open }: RubyRange): Value[] {
  if (typeof from !== 'bigint' || typeof to !== 'bigint') throw new RubyError("can't iterate");
  const count = to - from + (open ? 0n : 1n);
  if (count > BigInt(mostItems)) throw new RubyError('the list would be too long');
  return Array.from({ length: Number(count < 0n ? 0n : count) }, (_, at) => from + BigInt(at));
}

const rangeMethods: Methods<RubyRange> = {
  'include?': (range, [value]) => matches(range, value),
  'cover?': (range, [value]) => matches(range, value),
  'member?': (range, [value]) => matches(range, value),
  to_a: (range) => integers(range),
  map: (range, args, runtime, block) => arrayMethods.map!(integers(range), args, runtime, block),
  each: (range, args, runtime, block) => arrayMethods.each!(integers(range), args, runtime, block),
  first: ({ from }) => from,
  last: ({ to }) => to,
};
const regexpMethods: Methods<RegExp> = {
  'match?': (regexp, [text]) => matches(regexp, text),
  '=~': (regexp, [text], runtime) =>
    text === null ? null : stringMethods['=~']!(runtime.string(text), [regexp], runtime, undefined),
  match: (regexp, [text], runtime) =>
    text === null ? null : stringMethods.match!(runtime.string(text), [regexp], runtime, undefined),
};

/** The names that any value has a method for. */
const tables = [
  objectMethods, stringMethods, numberMethods, arrayMethods, hashMethods, timeMethods, nilMethods,
  booleanMethods, symbolMethods, rangeMethods, regexpMethods,
] as const; // prettier-ignore
const names = new Set(tables.flatMap((table) => Object.keys(table)));

/** Whether a method of this name exists for any value. */
export function isMethod(name: string): boolean {
  return names.has(name);
}

/** All names, for suggestions. */
export function methodNames(): string[] {
  return [...names].filter((name) => /^[a-z]/.test(name));
}

function tableOf(value: Value): Methods<never> {
  if (value === null) return nilMethods;
  switch (typeof value) {
    case 'string':
      return stringMethods;
    case 'bigint':
    case 'number':
      return numberMethods;
    case 'boolean':
      return booleanMethods;
  }
  if (Array.isArray(value)) return arrayMethods;
  if (value instanceof Map) return hashMethods;
  if (value instanceof RubyTime) return timeMethods;
  if (value instanceof RubySymbol) return symbolMethods;
  if (value instanceof RubyRange) return rangeMethods;
  return value instanceof RegExp ? regexpMethods : objectMethods;
}

function methodOf(value: Value, name: string): Method<never> | undefined {
  const table = tableOf(value);
  // Tables are plain objects: what they inherit is not a method of Ruby.
  if (Object.hasOwn(table, name)) return table[name];
  return Object.hasOwn(objectMethods, name) ? objectMethods[name] : undefined;
}

setResponds((value, name) => methodOf(value, name) !== undefined);

/** @throws RubyError for a method that the value does not have */
export function callMethod(
  receiver: Value,
  name: string,
  args: readonly Value[],
  runtime: Runtime,
  block: CallBlock | undefined,
): Value {
  runtime.count();
  const method = methodOf(receiver, name);
  if (method === undefined) {
    throw new RubyError(
      `undefined method '${name}' for ${receiver === null ? 'nil' : `an instance of ${className(receiver)}`}`,
    );
  }
  // A method that takes an argument which is not there finds undefined: no value is that.
  return (method as Method)(receiver, args, runtime, block) ?? null;
}
