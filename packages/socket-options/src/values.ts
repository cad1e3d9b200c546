import type { KernelOption, KernelOptionName } from './constants.js';
import { SocketOptionError } from './errors.js';

/** SO_LINGER's value. */
export interface Linger {
  /** Whether closing waits for unsent data, or with 0 seconds throws it away (RST). */
  on: boolean;
  /** Whole seconds; without meaning where `on` is false. */
  seconds: number;
}

/** Options that are on or off. */
export type BooleanName =
  | 'SO_REUSEADDR'
  | 'SO_BROADCAST'
  | 'SO_KEEPALIVE'
  | 'SO_OOBINLINE'
  | 'SO_REUSEPORT'
  | 'SO_ACCEPTCONN'
  | 'TCP_NODELAY'
  | 'TCP_CORK'
  | 'TCP_NOPUSH'
  | 'TCP_QUICKACK'
  | 'IPV6_V6ONLY';

/**
 * The JavaScript value of a kernel option: a boolean for switches, seconds for SO_RCVTIMEO and
 * SO_SNDTIMEO, a string for TCP_CONGESTION and SO_BINDTODEVICE, else the kernel's integer in the
 * kernel's unit (TCP_USER_TIMEOUT: milliseconds).
 */
export type KernelOptionValue<N extends KernelOptionName> = N extends 'SO_LINGER'
  ? Linger
  : N extends BooleanName
    ? boolean
    : N extends 'TCP_CONGESTION' | 'SO_BINDTODEVICE'
      ? string
      : number;

/** The bytes that setsockopt takes. @internal */
export function encodeValue(option: KernelOption, value: unknown): Buffer {
  switch (option.kind) {
    case 'boolean':
      if (typeof value !== 'boolean') throw wrong(option, value, 'true or false');
      return int(value ? 1 : 0);
    case 'int':
      if (typeof value !== 'number' || value !== (value | 0)) {
        throw wrong(option, value, 'a 32-bit integer');
      }
      return int(value);
    case 'linger': {
      const { on, seconds } = (value ?? {}) as Partial<Linger>;
      if (
        typeof on !== 'boolean' ||
        typeof seconds !== 'number' ||
        seconds !== (seconds | 0) ||
        seconds < 0
      ) {
        throw wrong(option, value, '{ on, seconds } with whole seconds');
      }
      const bytes = Buffer.alloc(8);
      bytes.writeInt32LE(on ? 1 : 0, 0);
      bytes.writeInt32LE(seconds, 4);
      return bytes;
    }
    case 'timeval': {
      if (typeof value !== 'number' || !(value >= 0 && value <= 0xffff_ffff)) {
        throw wrong(option, value, 'a number of seconds');
      }
      const seconds = Math.floor(value);
      // Rounded up, because 0 would mean: never.
      const microseconds = Math.ceil(Number(((value - seconds) * 1e6).toFixed(3)));
      const carry = microseconds >= 1e6 ? 1 : 0;
      const bytes = Buffer.alloc(16);
      bytes.writeBigInt64LE(BigInt(seconds + carry), 0);
      bytes.writeInt32LE(carry === 1 ? 0 : microseconds, 8);
      return bytes; // little-endian: right for a tv_usec of 4 bytes and of 8
    }
    case 'string':
      if (typeof value !== 'string' || value.includes('\0')) throw wrong(option, value, 'a string');
      return Buffer.from(`${value}\0`);
  }
}

/** How many bytes getsockopt may need. @internal */
export function sizeOf(option: KernelOption): number {
  return option.kind === 'int' || option.kind === 'boolean' ? 4 : option.kind === 'linger' ? 8 : 16;
}

/** What getsockopt has given. @internal */
export function decodeValue(option: KernelOption, bytes: Buffer): unknown {
  switch (option.kind) {
    case 'boolean':
      return bytes.readInt32LE(0) !== 0;
    case 'int':
      return bytes.readInt32LE(0);
    case 'linger':
      return { on: bytes.readInt32LE(0) !== 0, seconds: bytes.readInt32LE(4) };
    case 'timeval':
      return Number(bytes.readBigInt64LE(0)) + bytes.readInt32LE(8) / 1e6;
    case 'string': {
      const end = bytes.indexOf(0);
      return bytes.toString('latin1', 0, end === -1 ? bytes.length : end);
    }
  }
}

function int(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}

function wrong(option: KernelOption, value: unknown, wanted: string): SocketOptionError {
  return new SocketOptionError(`must be ${wanted}`, option.name, value);
}
