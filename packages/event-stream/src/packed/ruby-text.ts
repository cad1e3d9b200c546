import { isUtf8 } from 'node:buffer';
import { decodeScalar, ExtensionValue } from '../scalar.js';
import { EventTime } from '../event-time.js';
import { bodySize, childCount, headSize, isArray, isBinary, isMap, isString } from './msgpack.js';

/** JavaScript's encoders write whole numbers beyond 32 bits as floats: those stand for integers. */
const isWide = (size: number): boolean =>
  size >= 0x1_0000_0000 && size <= Number.MAX_SAFE_INTEGER && Number.isInteger(size);

/** 1.0, 1.0e+20 and 1.0e-05, as Ruby writes floating-point numbers. */
export function floatText(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value < 0 ? '-Infinity' : 'Infinity';
  if (Object.is(value, -0)) return '-0.0';
  const size = Math.abs(value);
  if (isWide(size)) return String(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e15)) {
    const [digits, exponent] = value.toExponential().split('e');
    const sign = exponent.startsWith('-') ? '-' : '+';
    const power = exponent.replace(/^[+-]/, '').padStart(2, '0');
    return `${digits.includes('.') ? digits : `${digits}.0`}e${sign}${power}`;
  }
  return Number.isInteger(value) ? `${value}.0` : String(value);
}

/**
 * One value as text, as Ruby's `to_s` writes it: nothing for nil, arrays and maps as `["a", 1]` and
 * `{"a"=>1}`. Nothing but the value is decoded.
 *
 * @param at - where the value begins; -1, for a field that was not found, gives an empty text
 */
export function textAt(bytes: Buffer, at: number): string {
  if (at < 0) return '';
  const first = bytes[at];
  if (isString(first) || isBinary(first)) {
    const start = at + headSize(first);
    return bytes.toString('utf8', start, start + bodySize(bytes, at));
  }
  return first === 0xc0 ? '' : inspectAt(bytes, at);
}

/** One value as Ruby's `inspect` writes it: texts are quoted, nil is `nil`. */
export function inspectAt(bytes: Buffer, at: number): string {
  position = at;
  return inspectNext(bytes);
}

let position = 0;

/** Recursive: what has been scanned is nested no deeper than the limit. */
function inspectNext(bytes: Buffer): string {
  const at = position;
  const first = bytes[at];
  const body = at + headSize(first);
  position = body + bodySize(bytes, at);
  if (isString(first)) return inspectText(bytes.subarray(body, position), false);
  if (isBinary(first)) return inspectText(bytes.subarray(body, position), true);
  if (isMap(first)) {
    const pairs: string[] = [];
    for (let left = childCount(bytes, at); left > 0; left -= 2) {
      const key = inspectNext(bytes);
      pairs.push(`${key}=>${inspectNext(bytes)}`);
    }
    return `{${pairs.join(', ')}}`;
  }
  if (isArray(first)) {
    const values: string[] = [];
    for (let left = childCount(bytes, at); left > 0; left--) values.push(inspectNext(bytes));
    return `[${values.join(', ')}]`;
  }
  if (first === 0xca) return floatText(bytes.readFloatBE(at + 1));
  if (first === 0xcb) return floatText(bytes.readDoubleBE(at + 1));
  const value = decodeScalar(bytes, at, body, position);
  if (value === null) return 'nil';
  if (value instanceof EventTime) return String(value.seconds);
  if (value instanceof ExtensionValue) return value.data.toString('base64');
  if (typeof value === 'bigint' || typeof value === 'number') return value.toString();
  return value ? 'true' : 'false';
}

const SHORT: Readonly<Partial<Record<number, string>>> = {
  0x07: '\\a',
  0x08: '\\b',
  0x09: '\\t',
  0x0a: '\\n',
  0x0b: '\\v',
  0x0c: '\\f',
  0x0d: '\\r',
  0x1b: '\\e',
  0x22: '\\"',
  0x5c: '\\\\',
};
// Quotes, backslashes, what would interpolate, and all that is not ASCII: Fluentd sets Ruby's outer
// encoding to ASCII-8BIT, in which nothing else can be printed.
const SPECIAL = /["\\]|#(?=[{$@])|[^ -~]/gu;

function escaped(character: string): string {
  if (character === '#') return '\\#';
  const code = character.codePointAt(0) ?? 0;
  const hex = code.toString(16).toUpperCase();
  return SHORT[code] ?? (hex.length > 4 ? `\\u{${hex}}` : `\\u${hex.padStart(4, '0')}`);
}

const hexByte = (byte: number): string => `\\x${byte.toString(16).toUpperCase().padStart(2, '0')}`;

function inspectText(bytes: Buffer, binary: boolean): string {
  if (!binary && isUtf8(bytes)) return `"${bytes.toString('utf8').replace(SPECIAL, escaped)}"`;
  let text = '';
  for (let at = 0; at < bytes.length;) {
    const size = binary ? 1 : characterSize(bytes, at);
    const character = bytes.toString('utf8', at, at + Math.max(size, 1));
    const byte = bytes[at];
    if (size === 0 || (byte >= 0x80 && binary)) text += hexByte(byte);
    else if (binary && SHORT[byte] === undefined && (byte < 0x20 || byte === 0x7f)) {
      text += hexByte(byte);
    } else if (character === '#') {
      text += '{$@'.includes(String.fromCharCode(bytes[at + 1] ?? 0)) ? '\\#' : '#';
    } else text += character.replace(SPECIAL, escaped);
    at += Math.max(size, 1);
  }
  return `"${text}"`;
}

/** Bytes of the valid character that begins here; 0 where none does. */
function characterSize(bytes: Buffer, at: number): number {
  const first = bytes[at];
  if (first < 0x80) return 1;
  const size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  const whole = at + size <= bytes.length && isUtf8(bytes.subarray(at, at + size));
  return whole ? size : 0;
}
