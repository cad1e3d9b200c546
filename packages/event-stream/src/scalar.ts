import { EventTime } from './event-time.js';
import { u32 } from './packed/msgpack.js';

/**
 * A float, also where it has no fraction: JavaScript's numbers do not tell 1.0 from 1. An EventPacker
 * takes it among the values of a record.
 */
export class FloatValue {
  constructor(
    /** The number that it is written as. */
    readonly value: number,
  ) {}

  /** The number itself. */
  valueOf(): number {
    return this.value;
  }

  /** In JSON it is a number like any other. */
  toJSON(): number {
    return this.value;
  }
}

/** A MessagePack extension value other than a time. */
export class ExtensionValue {
  constructor(
    /** -128 to 127. */
    readonly type: number,
    /** The bytes as they came, a view on the stream's. */
    readonly data: Buffer,
  ) {}

  /** Its type, and its bytes as base64. */
  toJSON(): {
    /** -128 to 127. */
    type: number;
    /** As base64. */
    data: string;
  } {
    return { type: this.type, data: this.data.toString('base64') };
  }
}

/** A value without others inside, texts aside, whose first byte is not a number of its own. */
export type Scalar = null | boolean | number | bigint | EventTime | ExtensionValue;

/** Decodes such a value, which begins at `at`, and whose body is from `body` to `end`. */
export function decodeScalar(bytes: Buffer, at: number, body: number, end: number): Scalar {
  const first = bytes[at];
  if (first < 0x80) return first;
  if (first >= 0xe0) return first - 0x100;
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
      return decodeExtension(bytes.readInt8(body - 1), bytes.subarray(body, end));
  }
}

// Up to here every integer has a double of its own; the bound that msgpackr uses.
const EXACT = 2n ** 53n;

function safeInteger(value: bigint): number | bigint {
  return value >= -EXACT && value <= EXACT ? Number(value) : value;
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
