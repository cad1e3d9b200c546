import { RubyError } from './errors.js';
import {
  exactFloat,
  Opaque,
  step,
  textOf,
  RubySymbol,
  type RubyHash,
  type RubyTime,
  type Value,
} from './values.js';

const numbers = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** `JSON.parse`: 1 is an Integer and 1.0 a Float. @throws RubyError */
export function parseJson(text: string): Value {
  // What is a number is told by its text, which JSON.parse does not show.
  const found: string[] = [];
  const marked = text.replace(numbers, (token) =>
    token.startsWith('"') ? token : `{"":${found.push(token) - 1}}`,
  );
  let value: unknown;
  try {
    JSON.parse(text);
    value = JSON.parse(marked);
  } catch {
    throw new RubyError('unexpected token: the text is not JSON');
  }
  return converted(value, found);
}

function converted(value: unknown, numbers: readonly string[]): Value {
  if (typeof value !== 'object' || value === null) return value as null | boolean | string;
  if (Array.isArray(value)) return value.map((item) => converted(item, numbers));
  const keys = Object.keys(value);
  const fields = value as Record<string, unknown>;
  if (keys.length === 1 && keys[0] === '' && typeof fields[''] === 'number') {
    const number = numbers[fields['']];
    return /^-?\d+$/.test(number) ? BigInt(number) : Number(number);
  }
  const hash: RubyHash = new Map();
  for (const key of keys) hash.set(key, converted(fields[key], numbers));
  return hash;
}

/** `to_json` */
export function jsonText(value: Value, time: (value: RubyTime) => string): string {
  step();
  if (value === null || typeof value === 'boolean' || typeof value === 'bigint')
    return String(value);
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new RubyError(`${value} is not allowed in JSON`);
    return exactFloat(value);
  }
  if (Array.isArray(value)) return `[${value.map((item) => jsonText(item, time)).join(',')}]`;
  if (value instanceof Map) {
    const pairs = [...value].map(([key, inner]) => {
      const name = key instanceof RubySymbol ? key.name : textOf(key, time);
      return `${JSON.stringify(name)}:${jsonText(inner, time)}`;
    });
    return `{${pairs.join(',')}}`;
  }
  if (value instanceof RubySymbol) return JSON.stringify(value.name);
  if (value instanceof Opaque) return JSON.stringify(value.text);
  return JSON.stringify(time(value as RubyTime));
}
