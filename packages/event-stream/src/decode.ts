import { Unpackr } from 'msgpackr';
import { EventTime } from './event-time.js';
import {
  bodySize,
  childCount,
  headSize,
  isArray,
  isBinary,
  isMap,
  isString,
  u32,
} from './packed/msgpack.js';
import { isUtf8 } from 'node:buffer';

/** A MessagePack extension value other than a time. */
export class ExtensionValue {
  constructor(
    /** -128 to 127. */
    readonly type: number,
    readonly data: Buffer,
  ) {}

  /** Its type, and its bytes as base64. */
  toJSON(): { type: number; data: string } {
    return { type: this.type, data: this.data.toString('base64') };
  }
}

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

const unpackr = new Unpackr({
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
  return unpackr.unpack(bytes.subarray(start, end)) as Value;
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
  switch (first) {
    case 0xc0:
      return null;
    case 0xc2:
      return false;
    case 0xc3:
      return true;
    case 0xca:
      return bytes.readFloatBE(at + 1);
    case 0xcb:
      return bytes.readDoubleBE(at + 1);
    case 0xcc:
      return bytes[at + 1];
    case 0xcd:
      return bytes.readUInt16BE(at + 1);
    case 0xce:
      return u32(bytes, at + 1);
    case 0xcf:
      return safeInteger(bytes.readBigUInt64BE(at + 1));
    case 0xd0:
      return bytes.readInt8(at + 1);
    case 0xd1:
      return bytes.readInt16BE(at + 1);
    case 0xd2:
      return bytes.readInt32BE(at + 1);
    case 0xd3:
      return safeInteger(bytes.readBigInt64BE(at + 1));
    default:
      return decodeExtension(bytes.readInt8(body - 1), bytes.subarray(body, position));
  }
}

// Up to here every integer has a double of its own; the bound that msgpackr uses.
const EXACT = 2n ** 53n;

function safeInteger(value: bigint): number | bigint {
  return value >= -EXACT && value <= EXACT ? Number(value) : value;
}

function decodeMap(bytes: Buffer, pairs: number): EventRecord {
  const record: EventRecord = {};
  for (; pairs > 0; pairs--) {
    const key = keyToString(decodeNext(bytes));
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

/** The name that a key of any type gets in JSON and in records. */
export function keyToString(key: Value): string {
  if (typeof key === 'string') return key;
  if (key === null || typeof key !== 'object') return String(key);
  if (Buffer.isBuffer(key)) return bufferToText(key);
  if (key instanceof EventTime) return key.toString();
  return JSON.stringify(key, (_, value: unknown) =>
    typeof value === 'bigint' ? value.toString() : value,
  );
}

/** Bin as text: UTF-8 where it is valid, else base64. */
export function bufferToText(bytes: Buffer): string {
  return isUtf8(bytes) ? bytes.toString('utf8') : bytes.toString('base64');
}

export function decodeExtension(type: number, data: Buffer): EventTime | ExtensionValue {
  if (type === 0 && data.length === 8) return new EventTime(u32(data, 0), u32(data, 4));
  if (type === -1) {
    if (data.length === 4) return new EventTime(u32(data, 0), 0);
    if (data.length === 8) {
      const nanos = u32(data, 0);
      return new EventTime((nanos & 3) * 0x1_0000_0000 + u32(data, 4), nanos >>> 2);
    }
    if (data.length === 12) {
      return new EventTime(Number(data.readBigInt64BE(4)), u32(data, 0));
    }
  }
  return new ExtensionValue(type, data);
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
