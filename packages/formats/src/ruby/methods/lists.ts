import { RubyError } from '../errors.js';
import {
  bounded,
  equal,
  isTrue,
  mostItems,
  RubyRange,
  RubySymbol,
  step,
  type RubyHash,
  type Value,
} from '../values.js';
import type { Runtime } from '../runtime.js';
import { isMissing, type Args, type CallBlock, type Method, type Methods } from './method.js';
import { compare } from './objects.js';
import { sliceBounds } from './slices.js';

function need(block: CallBlock | undefined): CallBlock {
  if (block !== undefined) return block;
  throw new RubyError('the method needs a block: { |item| … }');
}

/** What a block says of an item; without a block the item itself. */
const says = (block: CallBlock | undefined, item: Value): boolean =>
  isTrue(block === undefined ? item : block(item));

function joined(list: readonly Value[], by: string, runtime: Runtime): string {
  step();
  return bounded(
    list
      .map((item) => (Array.isArray(item) ? joined(item, by, runtime) : runtime.text(item)))
      .join(by),
  );
}

function unique(list: readonly Value[]): Value[] {
  const found: Value[] = [];
  const seen = new Set<Value>();
  for (const item of list) {
    const simple = typeof item !== 'object' || item === null || item instanceof RubySymbol;
    if (simple ? seen.has(item) : found.some((other) => equal(other, item))) continue;
    if (simple) seen.add(item);
    found.push(item);
  }
  return found;
}

function sum(list: readonly Value[], start: Value, runtime: Runtime): Value {
  let whole = start;
  for (const item of list) {
    if (typeof whole === 'string') whole = bounded(whole + runtime.string(item));
    else if (typeof whole === 'bigint' && typeof item === 'bigint') whole += item;
    else whole = runtime.float(whole) + runtime.float(item);
  }
  return whole;
}

const toHash = (list: readonly Value[], block: CallBlock | undefined, runtime: Runtime): RubyHash =>
  new Map(
    list.map((item) => {
      const pair = runtime.array(block === undefined ? item : block(item));
      if (pair.length !== 2) throw new RubyError('wrong element type: it is not a pair');
      return [pair[0], pair[1]];
    }),
  );

const element = (list: Value[], [at, count]: Args, runtime: Runtime): Value => {
  if (isMissing(count) && !(at instanceof RubyRange)) return list.at(runtime.index(at)) ?? null;
  const bounds = sliceBounds(at, count, list.length, runtime);
  return bounds === undefined ? null : list.slice(...bounds);
};

/** Follows names and numbers into a value. */
export function dig(value: Value, path: readonly Value[], runtime: Runtime): Value {
  let found = value;
  for (const step of path) {
    if (found === null) return null;
    if (found instanceof Map) found = found.get(step) ?? null;
    else if (Array.isArray(found)) found = found.at(runtime.index(step)) ?? null;
    else throw new RubyError('dig goes into a Hash or an Array only');
  }
  return found;
}

const first: Method<Value[]> = (list, [count], runtime) =>
  isMissing(count) ? (list.at(0) ?? null) : list.slice(0, Math.max(0, runtime.index(count)));
const last: Method<Value[]> = (list, [count], runtime) => {
  if (isMissing(count)) return list.at(-1) ?? null;
  const size = runtime.index(count);
  return size <= 0 ? [] : list.slice(-size);
};
const size = (list: { length: number }): Value => BigInt(list.length);
const map: Method<Value[]> = (list, _args, _runtime, block) =>
  list.map((item) => need(block)(item));
const select: Method<Value[]> = (list, _args, _runtime, block) =>
  list.filter((item) => says(need(block), item));
function flattened(list: readonly Value[], depth: number, into: Value[] = []): Value[] {
  for (const item of list) {
    step();
    if (Array.isArray(item) && depth > 0) flattened(item, depth - 1, into);
    else into.push(item);
  }
  return into;
}

/** Adds to the list itself, as in Ruby. */
const added = (list: Value[], items: readonly Value[]): Value => {
  if (list.length + items.length > mostItems) throw new RubyError('the list would be too long');
  for (const item of items) list.push(item);
  return list;
};

export const arrayMethods: Methods<Value[]> = {
  '[]': element,
  slice: element,
  at: element,
  dig: (list, path, runtime) => dig(list, path, runtime),
  fetch: (list, [at, other], runtime) => {
    const found = list.at(runtime.index(at)) ?? other;
    if (isMissing(found)) throw new RubyError('index is outside of the array');
    return found;
  },
  first,
  last,
  take: (list, args, runtime) => first(list, args, runtime, undefined),
  drop: (list, [count], runtime) => list.slice(Math.max(0, runtime.index(count))),
  length: size,
  size,
  count: (list, [item], _runtime, block) =>
    BigInt(
      !isMissing(item)
        ? list.filter((other) => equal(other, item)).length
        : block === undefined
          ? list.length
          : list.filter((other) => isTrue(block(other))).length,
    ),
  'empty?': (list) => list.length === 0,
  'include?': (list, [item]) => list.some((other) => equal(other, item)),
  'member?': (list, [item]) => list.some((other) => equal(other, item)),
  index: (list, [item], _runtime, block) => {
    const at = list.findIndex((other) =>
      isMissing(item) ? says(block, other) : equal(other, item),
    );
    return at < 0 ? null : BigInt(at);
  },
  join: (list, [by], runtime) =>
    joined(list, isMissing(by) || by === null ? '' : runtime.string(by), runtime),
  map,
  collect: map,
  flat_map: (list, args, runtime, block) =>
    flattened(runtime.array(map(list, args, runtime, block)), 1),
  filter_map: (list, args, runtime, block) =>
    runtime.array(map(list, args, runtime, block)).filter(isTrue),
  each: (list, _args, _runtime, block) => {
    for (const item of list) need(block)(item);
    return list;
  },
  each_with_index: (list, _args, _runtime, block) => {
    if (block === undefined) return list.map((item, index) => [item, BigInt(index)]);
    for (const [index, item] of list.entries()) block(item, BigInt(index));
    return list;
  },
  select,
  filter: select,
  reject: (list, _args, _runtime, block) => list.filter((item) => !says(need(block), item)),
  find: (list, _args, _runtime, block) => list.find((item) => says(need(block), item)) ?? null,
  detect: (list, _args, _runtime, block) => list.find((item) => says(need(block), item)) ?? null,
  'any?': (list, _args, _runtime, block) => list.some((item) => says(block, item)),
  'all?': (list, _args, _runtime, block) => list.every((item) => says(block, item)),
  'none?': (list, _args, _runtime, block) => !list.some((item) => says(block, item)),
  inject: (list, [start], _runtime, block) => {
    const items = isMissing(start) ? list.slice(1) : list;
    return items.reduce((whole, item) => need(block)(whole, item), start ?? list.at(0) ?? null);
  },
  reduce: (list, args, runtime, block) => arrayMethods.inject!(list, args, runtime, block),
  each_with_object: (list, [object], _runtime, block) => {
    for (const item of list) need(block)(item, object);
    return object;
  },
  sum: (list, [start = 0n], runtime, block) =>
    sum(block === undefined ? list : list.map((item) => block(item)), start, runtime),
  min: (list) => list.reduce((a, b) => (compare(b, a) < 0 ? b : a), list.at(0) ?? null),
  max: (list) => list.reduce((a, b) => (compare(b, a) > 0 ? b : a), list.at(0) ?? null),
  min_by: (list, args, runtime, block) =>
    runtime.array(arrayMethods.sort_by!(list, args, runtime, block)).at(0) ?? null,
  max_by: (list, args, runtime, block) =>
    runtime.array(arrayMethods.sort_by!(list, args, runtime, block)).at(-1) ?? null,
  sort: (list) => [...list].sort(compare),
  sort_by: (list, _args, _runtime, block) =>
    list
      .map((item) => ({ item, by: need(block)(item) }))
      .sort((a, b) => compare(a.by, b.by))
      .map(({ item }) => item),
  reverse: (list) => [...list].reverse(),
  compact: (list) => list.filter((item) => item !== null),
  uniq: (list) => unique(list),
  flatten: (list, [depth], runtime) =>
    flattened(list, isMissing(depth) ? Infinity : runtime.index(depth)),
  '+': (list, [other], runtime) => {
    const whole = [...list, ...runtime.array(other)];
    if (whole.length > mostItems) throw new RubyError('the list would be too long');
    return whole;
  },
  '-': (list, [other], runtime) => {
    const gone = runtime.array(other);
    return list.filter((item) => !gone.some((one) => equal(one, item)));
  },
  '&': (list, [other], runtime) => {
    const kept = runtime.array(other);
    return unique(list.filter((item) => kept.some((one) => equal(one, item))));
  },
  '|': (list, [other], runtime) => unique([...list, ...runtime.array(other)]),
  '*': (list, [by], runtime) => joined(list, runtime.string(by), runtime),
  '<<': (list, [item]) => added(list, [item]),
  push: added,
  append: added,
  each_slice: (list, [count], runtime) => {
    const width = runtime.index(count);
    if (width < 1) throw new RubyError('invalid slice size');
    const parts: Value[] = [];
    for (let at = 0; at < list.length; at += width) parts.push(list.slice(at, at + width));
    return parts;
  },
  concat: (list, [other], runtime) => [...list, ...runtime.array(other)],
  zip: (list, [other], runtime) =>
    list.map((item, at) => [item, runtime.array(other).at(at) ?? null]),
  partition: (list, _args, _runtime, block) => [
    list.filter((item) => says(need(block), item)),
    list.filter((item) => !says(need(block), item)),
  ],
  group_by: (list, _args, _runtime, block) => {
    const groups: RubyHash = new Map();
    for (const item of list) {
      const key = need(block)(item);
      const group = groups.get(key);
      if (Array.isArray(group)) group.push(item);
      else groups.set(key, [item]);
    }
    return groups;
  },
  to_a: (list) => list,
  to_ary: (list) => list,
  to_h: (list, _args, runtime, block) => toHash(list, block, runtime),
  values_at: (list, places, runtime) => places.map((at) => list.at(runtime.index(at)) ?? null),
};

const pairs = (hash: RubyHash): [Value, Value][] => [...hash];
const chosen = (right: boolean): Method<RubyHash> => {
  return (hash, _args, _runtime, block) =>
    new Map(pairs(hash).filter(([key, value]) => isTrue(need(block)(key, value)) === right));
};
const has: Method<RubyHash> = (hash, [key]) => hash.has(key);
const eachPair: Method<RubyHash> = (hash, _args, _runtime, block) => {
  for (const [key, value] of hash) need(block)(key, value);
  return hash;
};
const without: Method<RubyHash> = (hash, keys) =>
  new Map(pairs(hash).filter(([key]) => !keys.some((other) => equal(other, key))));

export const hashMethods: Methods<RubyHash> = {
  '[]': (hash, [key]) => hash.get(key) ?? null,
  fetch: (hash, [key, other], runtime, block) => {
    const found = hash.get(key) ?? other;
    if (!isMissing(found)) return found;
    if (block !== undefined) return block(key);
    throw new RubyError(`key not found: ${runtime.inspect(key)}`);
  },
  dig: (hash, path, runtime) => dig(hash, path, runtime),
  'key?': has,
  'has_key?': has,
  'include?': has,
  'member?': has,
  'value?': (hash, [value]) => [...hash.values()].some((other) => equal(other, value)),
  'has_value?': (hash, [value]) => [...hash.values()].some((other) => equal(other, value)),
  key: (hash, [value]) => pairs(hash).find(([, other]) => equal(other, value))?.[0] ?? null,
  keys: (hash) => [...hash.keys()],
  values: (hash) => [...hash.values()],
  values_at: (hash, keys) => keys.map((key) => hash.get(key) ?? null),
  length: (hash) => BigInt(hash.size),
  size: (hash) => BigInt(hash.size),
  count: (hash, _args, _runtime, block) =>
    BigInt(
      block === undefined
        ? hash.size
        : pairs(hash).filter(([key, value]) => isTrue(block(key, value))).length,
    ),
  'empty?': (hash) => hash.size === 0,
  merge: (hash, others, runtime) => {
    const whole: RubyHash = new Map(hash);
    for (const other of others) {
      if (!(other instanceof Map))
        throw new RubyError(`no implicit conversion of ${runtime.inspect(other)} into Hash`);
      for (const [key, value] of other) whole.set(key, value);
    }
    return whole;
  },
  select: chosen(true),
  filter: chosen(true),
  reject: chosen(false),
  delete_if: chosen(false),
  except: without,
  slice: (hash, keys) =>
    new Map(pairs(hash).filter(([key]) => keys.some((other) => equal(other, key)))),
  compact: (hash) => new Map(pairs(hash).filter(([, value]) => value !== null)),
  map: (hash, _args, _runtime, block) => pairs(hash).map(([key, value]) => need(block)(key, value)),
  collect: (hash, _args, _runtime, block) =>
    pairs(hash).map(([key, value]) => need(block)(key, value)),
  each: eachPair,
  each_pair: eachPair,
  find: (hash, _args, _runtime, block) =>
    pairs(hash).find(([key, value]) => isTrue(need(block)(key, value))) ?? null,
  'any?': (hash, _args, _runtime, block) =>
    block === undefined
      ? hash.size > 0
      : pairs(hash).some(([key, value]) => isTrue(block(key, value))),
  'all?': (hash, _args, _runtime, block) =>
    pairs(hash).every(([key, value]) => isTrue(need(block)(key, value))),
  transform_values: (hash, _args, _runtime, block) =>
    new Map(pairs(hash).map(([key, value]) => [key, need(block)(value)])),
  transform_keys: (hash, _args, _runtime, block) =>
    new Map(pairs(hash).map(([key, value]) => [need(block)(key), value])),
  invert: (hash) => new Map(pairs(hash).map(([key, value]) => [value, key])),
  sort_by: (hash, args, runtime, block) =>
    arrayMethods.sort_by!(pairs(hash), args, runtime, (pair: Value) => {
      const [key, value] = runtime.array(pair);
      return need(block)(key, value);
    }),
  sort: (hash) => pairs(hash).sort(([a], [b]) => compare(a, b)),
  min_by: (hash, args, runtime, block) =>
    runtime.array(hashMethods.sort_by!(hash, args, runtime, block)).at(0) ?? null,
  max_by: (hash, args, runtime, block) =>
    runtime.array(hashMethods.sort_by!(hash, args, runtime, block)).at(-1) ?? null,
  to_a: (hash) => pairs(hash),
  to_h: (hash, _args, runtime, block) =>
    block === undefined
      ? hash
      : toHash(
          pairs(hash).map(([key, value]) => block(key, value)),
          undefined,
          runtime,
        ),
  first: (hash) => pairs(hash).at(0) ?? null,
  sum: (hash, [start = 0n], runtime, block) =>
    sum(
      pairs(hash).map(([key, value]) => need(block)(key, value)),
      start,
      runtime,
    ),
};
