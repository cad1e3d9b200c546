import { encodeValue, EventTime } from '@sluice/event-stream';
import {
  bodySize,
  childCount,
  decodeAt,
  headSize,
  isArray,
  isBinary,
  isMap,
  isString,
  skipValue,
  textAt,
} from '@sluice/event-stream/packed';
import { localOffset } from '../time-zone.js';
import { RubyError } from './errors.js';
import { timeText } from './runtime.js';
import {
  beginSteps,
  step,
  textOf,
  Opaque,
  RubySymbol,
  RubyTime,
  type RubyHash,
  type Value,
} from './values.js';

/** MessagePack of a record as a value for expressions: it has been validated. */
export function fromPacked(bytes: Buffer, at: number): Value {
  const first = bytes[at];
  const body = at + headSize(first);
  if (isString(first) || isBinary(first))
    return bytes.toString('utf8', body, body + bodySize(bytes, at));
  if (isMap(first)) {
    const hash: RubyHash = new Map();
    let pos = body;
    for (let left = childCount(bytes, at); left > 0; left -= 2) {
      const key = fromPacked(bytes, pos);
      const value = skipValue(bytes, pos, bytes.length);
      hash.set(key, fromPacked(bytes, value));
      pos = skipValue(bytes, value, bytes.length);
    }
    return hash;
  }
  if (isArray(first)) {
    const list: Value[] = [];
    let pos = body;
    for (let left = childCount(bytes, at); left > 0; left--) {
      list.push(fromPacked(bytes, pos));
      pos = skipValue(bytes, pos, bytes.length);
    }
    return list;
  }
  if (first === 0xca) return bytes.readFloatBE(at + 1);
  if (first === 0xcb) return bytes.readDoubleBE(at + 1);
  const end = skipValue(bytes, at, bytes.length);
  const value = decodeAt(bytes, at);
  if (typeof value === 'number' || typeof value === 'bigint') return BigInt(value);
  if (value === null || typeof value === 'boolean') return value;
  if (value instanceof EventTime) {
    return new RubyTime(value.seconds, value.nanoseconds, localOffset);
  }
  return new Opaque(Buffer.from(bytes.subarray(at, end)), textAt(bytes, at));
}

const deepest = 100;

/**
 * A value of an expression as MessagePack.
 *
 * @throws RubyError for a value that no record can hold
 */
export function packValue(value: Value, depth = 0): Buffer {
  if (depth === 0) beginSteps();
  step();
  if (depth > deepest) throw new RubyError('the value is nested too deep');
  if (typeof value === 'bigint') {
    if (BigInt.asUintN(64, value) !== value && BigInt.asIntN(64, value) !== value) {
      throw new RubyError(`${value} is too large for a record`);
    }
    const number = Number(value);
    return encodeValue(Number.isSafeInteger(number) && Math.abs(number) < 2 ** 31 ? number : value);
  }
  if (typeof value === 'number') {
    const bytes = Buffer.allocUnsafe(9);
    bytes[0] = 0xcb;
    bytes.writeDoubleBE(value, 1);
    return bytes;
  }
  if (value === null || typeof value === 'boolean' || typeof value === 'string') {
    return encodeValue(value);
  }
  if (value instanceof Opaque) return value.bytes;
  if (value instanceof RubySymbol) return encodeValue(value.name);
  if (Array.isArray(value)) {
    const parts = [head(value.length, 0x90, 0xdc)];
    for (const item of value) parts.push(packValue(item, depth + 1));
    return Buffer.concat(parts);
  }
  if (value instanceof Map) {
    const parts = [head(value.size, 0x80, 0xde)];
    for (const [key, inner] of value)
      parts.push(packValue(key, depth + 1), packValue(inner, depth + 1));
    return Buffer.concat(parts);
  }
  return encodeValue(textOf(value, timeText));
}

/** The head of a list or a map: one byte, or one with 16 or 32 bits. */
function head(count: number, small: number, large: number): Buffer {
  if (count < 16) return Buffer.from([small + count]);
  if (count < 0x1_00_00) return Buffer.from([large, count >> 8, count & 0xff]);
  const bytes = Buffer.alloc(5, large + 1);
  bytes.writeUInt32BE(count, 1);
  return bytes;
}
