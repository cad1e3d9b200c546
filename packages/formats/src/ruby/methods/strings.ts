import { RubyError } from '../errors.js';
import { rubyFormat } from '../sprintf.js';
import {
  bounded,
  mostCharacters,
  mostItems,
  RubyRange,
  RubySymbol,
  type Value,
} from '../values.js';
import { isMissing, type Args, type CallBlock, type Method, type Methods } from './method.js';
import { compare } from './objects.js';
import { sliceBounds } from './slices.js';
import type { Runtime } from '../runtime.js';
import { rubySplit } from '../../parsers/ruby-split.js';

/** Characters, as Ruby counts them; plain texts need no list. */
const characters = (text: string): string[] => Array.from(text);

const isPlain = (text: string): boolean => /^[\0-\x7f]*$/.test(text);
const lengthOf = (text: string): number => (isPlain(text) ? text.length : characters(text).length);

function cut(text: string, from: number, to: number): string {
  return isPlain(text) ? text.slice(from, to) : characters(text).slice(from, to).join('');
}

/** The same expression, at the beginning of whatever it looks through. */
const fresh = (regexp: RegExp, flags = ''): RegExp =>
  new RegExp(regexp.source, regexp.flags.replace(/[gy]/g, '') + flags);

function slice(text: string, [at, count]: Args, runtime: Runtime): Value {
  if (typeof at === 'string') return text.includes(at) ? at : null;
  if (at instanceof RegExp) {
    const match = fresh(at).exec(text) as (string | undefined)[] | null;
    if (match === null) return null;
    if (isMissing(count)) return match[0]!;
    if (typeof count === 'bigint') return match.at(Number(count)) ?? null;
    const groups = (match as unknown as RegExpExecArray).groups as Record<
      string,
      string | undefined
    >;
    return groups[runtime.string(count)] ?? null;
  }
  const length = lengthOf(text);
  const bounds = sliceBounds(at, count, length, runtime);
  if (bounds === undefined) return null;
  if (isMissing(count) && !(at instanceof RubyRange) && bounds[0] >= length) return null;
  return cut(text, ...bounds);
}

/** `\1`, `\k<name>`, `\0` of a replacement. */
function filled(
  replacement: string,
  match: readonly (string | undefined)[],
  groups: Record<string, string | undefined> | undefined,
): string {
  return replacement.replace(
    /\\(?:(\d)|k<(\w+)>|(\\)|&)/g,
    (_whole, number?: string, name?: string, slash?: string) => {
      if (slash !== undefined) return '\\';
      if (name !== undefined) return groups?.[name] ?? '';
      return match[Number(number ?? 0)] ?? '';
    },
  );
}

function substitute(global: boolean): Method<string> {
  return (text, [pattern, replacement], runtime, block) => {
    const regexp =
      pattern instanceof RegExp
        ? fresh(pattern, global ? 'g' : '')
        : new RegExp(
            runtime.string(pattern).replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'),
            global ? 'g' : '',
          );
    let size = 0;
    const result = text.replace(regexp, (...found: unknown[]) => {
      const groups =
        typeof found.at(-1) === 'object' ? (found.at(-1) as Record<string, string>) : undefined;
      const match = found.slice(0, groups === undefined ? -2 : -3) as (string | undefined)[];
      let made: string;
      if (replacement instanceof Map) made = runtime.text(replacement.get(match[0]!) ?? null);
      else if (!isMissing(replacement)) made = filled(runtime.string(replacement), match, groups);
      else if (block !== undefined) made = runtime.text(block(match[0]!));
      else throw new RubyError('wrong number of arguments (given 1, expected 2)');
      size += made.length;
      if (size > mostCharacters) bounded(' '.repeat(mostCharacters + 1));
      return made;
    });
    return bounded(result);
  };
}

function split(text: string, [by, limit]: Args, runtime: Runtime): Value {
  const most = isMissing(limit) ? undefined : runtime.index(limit);
  if (by instanceof RegExp) {
    const parts = (text.split(fresh(by)) as (string | undefined)[]).map((part) => part ?? '');
    if (most !== undefined && most > 0 && parts.length > most) {
      const matcher = fresh(by, 'g');
      let at = 0;
      for (let n = 1; n < most; n++) at = matcher.exec(text) === null ? at : matcher.lastIndex;
      return [...parts.slice(0, most - 1), text.slice(at)];
    }
    while (most === undefined && parts.length > 0 && parts.at(-1) === '') parts.pop();
    return parts;
  }
  const separator = isMissing(by) || by === null ? ' ' : runtime.string(by);
  if (separator === '') return characters(text);
  // A negative limit keeps empty parts at the end.
  if (most !== undefined && most < 0) return text === '' ? [] : text.split(separator);
  return rubySplit(text, separator, most !== undefined && most > 0 ? most : undefined);
}

const strips: Method<string> = (text) => text.replace(/^[\s\0]+|[\s\0]+$/g, '');
const capital = (text: string): string => {
  const [first = '', ...rest] = characters(text);
  return first.toUpperCase() + rest.join('').toLowerCase();
};
const anyOf = (test: (text: string, part: string) => boolean): Method<string> => {
  return (text, parts, runtime) =>
    parts.some((part) =>
      part instanceof RegExp
        ? new RegExp(`^(?:${part.source})`, part.flags.replace('m', '')).test(text)
        : test(text, runtime.string(part)),
    );
};
const filledTo = (side: 'padStart' | 'padEnd'): Method<string> => {
  return (text, [width, by = ' '], runtime) => {
    const size = runtime.index(width);
    if (size > mostCharacters) throw new RubyError('the text would be too long');
    return text[side](size, runtime.string(by));
  };
};
const order = (right: (order: number) => boolean): Method<string> => {
  return (a, [b]) => right(compare(a, b));
};

/** The characters of `tr` and `delete`: `a-z`, `^a`. */
function characterSet(spec: string): { list: string[]; not: boolean } {
  const not = spec.length > 1 && spec.startsWith('^');
  const list: string[] = [];
  for (const match of (not ? spec.slice(1) : spec).matchAll(/\\(.)|(.)-(.)|(.)/gsu)) {
    const [, escaped, from, to, one] = match as (string | undefined)[];
    if (from === undefined || to === undefined) list.push((escaped ?? one)!);
    else {
      const end = to.codePointAt(0)!;
      for (let code = from.codePointAt(0)!; code <= end && list.length < mostItems; code++) {
        list.push(String.fromCodePoint(code));
      }
    }
  }
  return { list, not };
}

function translate(text: string, from: string, to: string): string {
  const { list, not } = characterSet(from);
  const { list: targets } = characterSet(to);
  return characters(text)
    .map((character) => {
      const at = not ? (list.includes(character) ? -1 : targets.length) : list.indexOf(character);
      if (at < 0) return character;
      return targets.at(Math.min(at, targets.length - 1)) ?? '';
    })
    .join('');
}

/** The integer that a text begins with. */
function leadingInteger(text: string, base: number): bigint {
  const digits = '0123456789abcdefghijklmnopqrstuvwxyz'.slice(0, base);
  const match = new RegExp(`^\\s*([+-]?)((?:[${digits}]_?)+)`, 'i').exec(
    base === 16 ? text.replace(/^(\s*[+-]?)0x/i, '$1') : text,
  );
  if (match === null) return 0n;
  let value = 0n;
  for (const digit of match[2].replaceAll('_', '').toLowerCase().slice(0, 1000)) {
    value = value * BigInt(base) + BigInt(digits.indexOf(digit));
  }
  return match[1] === '-' ? -value : value;
}

const each = (list: Value[], block: CallBlock | undefined): Value[] => {
  if (block !== undefined) for (const item of list) block(item);
  return list;
};

export const stringMethods: Methods<string> = {
  '+': (text, [other], runtime) => bounded(text + runtime.string(other)),
  '*': (text, [count], runtime) => {
    const times = runtime.index(count);
    if (times < 0 || text.length * times > mostCharacters) throw new RubyError('argument too big');
    return text.repeat(times);
  },
  '%': (text, [args], runtime) => rubyFormat(runtime, text, Array.isArray(args) ? args : [args]),
  '<<': (text, [other], runtime) => bounded(text + runtime.string(other)),
  concat: (text, others, runtime) =>
    bounded(text + others.map((other) => runtime.string(other)).join('')),
  '[]': (text, args, runtime) => slice(text, args, runtime),
  slice: (text, args, runtime) => slice(text, args, runtime),
  '=~': (text, [pattern]) => {
    if (!(pattern instanceof RegExp)) throw new RubyError('=~ needs a regular expression');
    const at = text.search(fresh(pattern));
    return at < 0 ? null : BigInt(lengthOf(text.slice(0, at)));
  },
  'match?': (text, [pattern], runtime) =>
    pattern instanceof RegExp ? fresh(pattern).test(text) : text.includes(runtime.string(pattern)),
  match: (text, [pattern]) => {
    if (!(pattern instanceof RegExp)) throw new RubyError('match needs a regular expression');
    const match = fresh(pattern).exec(text) as (string | undefined)[] | null;
    if (match === null) return null;
    const found = new Map<Value, Value>(match.map((part, index) => [BigInt(index), part ?? null]));
    const groups = (match as unknown as RegExpExecArray).groups as
      Record<string, string | undefined> | undefined;
    for (const [name, part] of Object.entries(groups ?? {})) {
      found.set(name, part ?? null).set(RubySymbol.of(name), part ?? null);
    }
    return found;
  },
  scan: (text, [pattern], runtime, block) => {
    const regexp =
      pattern instanceof RegExp
        ? fresh(pattern, 'g')
        : new RegExp(runtime.string(pattern).replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'), 'g');
    const found: Value[] = [];
    for (const match of text.matchAll(regexp)) {
      found.push(
        match.length > 1
          ? (match.slice(1) as (string | undefined)[]).map((part) => part ?? null)
          : match[0],
      );
      if (found.length > mostItems) throw new RubyError('the list would be too long');
    }
    return each(found, block);
  },
  downcase: (text) => text.toLowerCase(),
  upcase: (text) => text.toUpperCase(),
  capitalize: capital,
  swapcase: (text) =>
    text.replace(/\p{L}/gu, (letter) =>
      letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase(),
    ),
  strip: strips,
  lstrip: (text) => text.replace(/^[\s\0]+/, ''),
  rstrip: (text) => text.replace(/[\s\0]+$/, ''),
  chomp: (text, [end], runtime) => {
    if (isMissing(end)) return text.replace(/(?:\r\n|\n|\r)$/, '');
    const suffix = runtime.string(end);
    return text.endsWith(suffix) ? text.slice(0, text.length - suffix.length) : text;
  },
  chop: (text) =>
    text.endsWith('\r\n') ? text.slice(0, -2) : cut(text, 0, Math.max(0, lengthOf(text) - 1)),
  chr: (text) => characters(text).at(0) ?? '',
  chars: (text, _args, _runtime, block) => each(characters(text), block),
  each_char: (text, _args, _runtime, block) => each(characters(text), block),
  lines: (text) => text.match(/[^\n]*\n|[^\n]+/g) ?? [],
  bytes: (text) => [...Buffer.from(text)].map(BigInt),
  gsub: substitute(true),
  sub: substitute(false),
  'gsub!': substitute(true),
  'sub!': substitute(false),
  tr: (text, [from, to], runtime) => translate(text, runtime.string(from), runtime.string(to)),
  delete: (text, [what], runtime) => translate(text, runtime.string(what), ''),
  squeeze: (text) => text.replace(/(.)\1+/gsu, '$1'),
  count: (text, [what], runtime) => {
    const { list, not } = characterSet(runtime.string(what));
    return BigInt(characters(text).filter((character) => list.includes(character) !== not).length);
  },
  split: (text, args, runtime) => split(text, args, runtime),
  partition: (text, [by], runtime) => {
    const match = by instanceof RegExp ? fresh(by).exec(text) : undefined;
    const at = match === undefined ? text.indexOf(runtime.string(by)) : (match?.index ?? -1);
    if (at < 0) return [text, '', ''];
    const middle = match?.[0] ?? runtime.string(by);
    return [text.slice(0, at), middle, text.slice(at + middle.length)];
  },
  rpartition: (text, [by], runtime) => {
    const middle = runtime.string(by);
    const at = text.lastIndexOf(middle);
    return at < 0 ? ['', '', text] : [text.slice(0, at), middle, text.slice(at + middle.length)];
  },
  to_s: (text) => text,
  to_str: (text) => text,
  to_sym: (text) => RubySymbol.of(text.slice(0, 200)),
  to_i: (text, [base], runtime) => {
    const radix = isMissing(base) ? 10 : runtime.index(base);
    if (radix < 2 || radix > 36) throw new RubyError(`invalid radix ${radix}`);
    return leadingInteger(text, radix);
  },
  hex: (text) => leadingInteger(text, 16),
  oct: (text) => leadingInteger(text, 8),
  to_f: (text) => {
    const match = /^\s*[+-]?(?:\d[\d_]*)?(?:\.\d[\d_]*)?(?:[eE][+-]?\d+)?/.exec(text)?.[0] ?? '';
    const number = Number(match.replaceAll('_', ''));
    return Number.isNaN(number) ? Number.parseFloat(match) || 0 : number;
  },
  to_r: (text, _args, runtime) => stringMethods.to_f!(text, [], runtime, undefined),
  length: (text) => BigInt(lengthOf(text)),
  size: (text) => BigInt(lengthOf(text)),
  bytesize: (text) => BigInt(Buffer.byteLength(text)),
  'empty?': (text) => text === '',
  'include?': (text, [part], runtime) => text.includes(runtime.string(part)),
  'start_with?': anyOf((text, part) => text.startsWith(part)),
  'end_with?': anyOf((text, part) => text.endsWith(part)),
  delete_prefix: (text, [part], runtime) =>
    text.startsWith(runtime.string(part)) ? text.slice(runtime.string(part).length) : text,
  delete_suffix: (text, [part], runtime) =>
    text.endsWith(runtime.string(part))
      ? text.slice(0, text.length - runtime.string(part).length)
      : text,
  index: (text, [part, from], runtime) => {
    const start = isMissing(from) ? 0 : runtime.index(from);
    const at =
      part instanceof RegExp
        ? text.slice(start).search(fresh(part)) + (start > 0 ? start : 0)
        : text.indexOf(runtime.string(part), start);
    return at < start ? null : BigInt(lengthOf(text.slice(0, at)));
  },
  rindex: (text, [part], runtime) => {
    const at = text.lastIndexOf(runtime.string(part));
    return at < 0 ? null : BigInt(lengthOf(text.slice(0, at)));
  },
  insert: (text, [at, part], runtime) => {
    const position = runtime.index(at);
    const from = position < 0 ? lengthOf(text) + position + 1 : position;
    return bounded(cut(text, 0, from) + runtime.string(part) + cut(text, from, Infinity));
  },
  ljust: filledTo('padEnd'),
  rjust: filledTo('padStart'),
  center: (text, [width, by = ' '], runtime) => {
    const size = runtime.index(width);
    if (size > mostCharacters) throw new RubyError('the text would be too long');
    const left = text.length + Math.floor(Math.max(0, size - text.length) / 2);
    return text.padStart(left, runtime.string(by)).padEnd(size, runtime.string(by));
  },
  reverse: (text) => characters(text).reverse().join(''),
  ord: (text) => BigInt(text.codePointAt(0) ?? 0),
  scrub: (text) => text,
  encode: (text) => text,
  force_encoding: (text) => text,
  unicode_normalize: (text) => text.normalize(),
  'valid_encoding?': () => true,
  'casecmp?': (text, [other], runtime) =>
    text.toLowerCase() === runtime.string(other).toLowerCase(),
  casecmp: (text, [other], runtime) =>
    BigInt(compare(text.toLowerCase(), runtime.string(other).toLowerCase())),
  '<': order((sign) => sign < 0),
  '>': order((sign) => sign > 0),
  '<=': order((sign) => sign <= 0),
  '>=': order((sign) => sign >= 0),
  '<=>': (a, [b]) => (typeof b === 'string' ? BigInt(compare(a, b)) : null),
  'between?': (a, [low, high]) => compare(a, low) >= 0 && compare(a, high) <= 0,
};
