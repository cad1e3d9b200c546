import { isUtf8 } from 'node:buffer';
import type { Unpackr } from 'msgpackr';
import { EventTime } from './event-time.js';
import { msgpackr } from './msgpackr-library.js';
import {
  bodySize,
  childCount,
  headSize,
  isArray,
  isBinary,
  isMap,
  isString,
  skipValue,
  u32,
} from './packed/msgpack.js';
import { inspectAt } from './packed/ruby-text.js';
import { decodeScalar, type ExtensionValue } from './scalar.js';

/**
 * What a record may hold: 64-bit integers beyond 2^53 come as bigint, bin as Buffer, extension
 * types 0 (EventTime) and -1 (timestamp) as {@link EventTime}, all others as
 * {@link ExtensionValue}.
 */
export type Value =
  | null
  | boolean
  | number
  | bigint
  | string
  | Buffer
  | EventTime
  | ExtensionValue
  | Value[]
  | { [key: string]: Value };

/** The record of an event. */
export type EventRecord = Record<string, Value>;

let unpackr: Unpackr | undefined;
const makeUnpackr = (): Unpackr =>
  new (msgpackr().Unpackr)({
    useRecords: false,
    mapsAsObjects: true,
    int64AsType: 'auto' as 'bigint',
  });

/**
 * Decodes one value that has been validated, without extension values inside: the caller knows
 * that. msgpackr may decode extensions its own way (its private types for classes, sets and regular
 * expressions included), so only values without any are given to it.
 */
export function decodePlain(bytes: Buffer, start: number, end: number): Value {
  try {
    return (unpackr ??= makeUnpackr()).unpack(bytes.subarray(start, end)) as Value;
  } catch {
    // It knows no maps and arrays as keys.
    return decodeAt(bytes, start);
  }
}

/** Decodes the value that begins at `start`; it has been validated. */
export function decodeAt(bytes: Buffer, start: number): Value {
  position = start;
  return decodeNext(bytes);
}

let position = 0;

/** Recursive: the scan before has refused whatever is nested deeper than the limit. */
function decodeNext(bytes: Buffer): Value {
  const at = position;
  const first = bytes[at];
  const head = headSize(first);
  const body = at + head;
  position = body + bodySize(bytes, at);
  if (first < 0x80) return first;
  if (first >= 0xe0) return first - 0x100;
  if (isString(first)) return bytes.toString('utf8', body, position);
  if (isMap(first)) return decodeMap(bytes, childCount(bytes, at) / 2);
  if (isArray(first)) {
    const values: Value[] = [];
    for (let left = childCount(bytes, at); left > 0; left--) values.push(decodeNext(bytes));
    return values;
  }
  if (isBinary(first)) return bytes.subarray(body, position);
  return decodeScalar(bytes, at, body, position);
}

function decodeMap(bytes: Buffer, pairs: number): EventRecord {
  const record: EventRecord = {};
  for (; pairs > 0; pairs--) {
    const at = position;
    const next = skipValue(bytes, at, bytes.length);
    const key = keyTextAt(bytes, at);
    position = next;
    const value = decodeNext(bytes);
    if (key === '__proto__') {
      // An assignment would set the prototype.
      Object.defineProperty(record, key, {
        value,
        enumerable: true,
        configurable: true,
        writable: true,
      });
    } else {
      record[key] = value;
    }
  }
  return record;
}

/** The name that the key at a place gets in JSON and in records, whatever its type. */
export function keyTextAt(bytes: Buffer, at: number): string {
  const first = bytes[at];
  // Not as JSON: a key in a key in a key would double the backslashes of the one before each time.
  if (isMap(first) || isArray(first)) return inspectAt(bytes, at);
  return keyToString(decodeAt(bytes, at));
}

function keyToString(key: Value): string {
  if (typeof key === 'string') return key;
  if (key === null || typeof key !== 'object') return String(key);
  if (Buffer.isBuffer(key)) return bufferToText(key);
  return key instanceof EventTime ? key.toString() : JSON.stringify(key);
}

/** Bin as text: UTF-8 where it is valid, else base64. */
export function bufferToText(bytes: Buffer): string {
  return isUtf8(bytes) ? bytes.toString('utf8') : bytes.toString('base64');
}

/** Decodes the time of a valid entry, whatever its form. */
export function decodeTime(bytes: Buffer, at: number): EventTime {
  const first = bytes[at];
  if (first === 0xd7) return new EventTime(u32(bytes, at + 2), u32(bytes, at + 6));
  if (first === 0xce) return new EventTime(u32(bytes, at + 1), 0);
  if (first === 0xc7) return new EventTime(u32(bytes, at + 3), u32(bytes, at + 7));
  if (first === 0xc0) return new EventTime(0, 0);
  if (first === 0xca) return EventTime.fromSeconds(bytes.readFloatBE(at + 1));
  if (first === 0xcb) return EventTime.fromSeconds(bytes.readDoubleBE(at + 1));
  return new EventTime(Number(decodeAt(bytes, at)), 0);
}
