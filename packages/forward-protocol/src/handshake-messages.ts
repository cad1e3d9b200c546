import { createHash, timingSafeEqual } from 'node:crypto';
import {
  INCOMPLETE,
  MALFORMED,
  ValueSkipper,
  bodySize,
  childCount,
  headSize,
  isArray,
  isBinary,
  isString,
  skipValue,
} from '@sluice/event-stream/packed';
import { ForwardProtocolError } from './errors.js';

/** The largest handshake message that is read, in bytes. */
export const LARGEST_HANDSHAKE = 64 * 1024;

/** SHA-512 in hexadecimal over the parts, as every digest of the handshake is made. */
export function digest(...parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha512');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
}

/** Compares a digest from a peer in constant time. */
export function sameDigest(expected: string, given: Uint8Array): boolean {
  const own = Buffer.from(expected, 'latin1');
  // The length of a digest is not secret.
  return own.length === given.length && timingSafeEqual(own, given);
}

/** An element of a handshake message: str and bin as raw bytes, everything else undefined. */
export type Field = Buffer | boolean | undefined;

/** Cuts one handshake message out of bytes that come in pieces, refusing more than 64 KiB. */
export class HandshakeFramer {
  private pending: Buffer = Buffer.alloc(0);
  private readonly skipper = new ValueSkipper();

  constructor() {
    this.restart();
  }

  /** Makes ready for another message. */
  restart(): void {
    this.skipper.start(0);
  }

  /** @returns undefined while the message is incomplete */
  push(data: Buffer): { message: Buffer; rest: Buffer } | undefined {
    const bytes = this.pending.length === 0 ? data : Buffer.concat([this.pending, data]);
    if (bytes.length > 0 && !isArray(bytes[0])) throw refused('the peer sent no handshake message');
    const next = this.skipper.advance(bytes, bytes.length);
    if (next === MALFORMED) throw refused('the handshake message is not MessagePack');
    // What is announced counts as well as what has come.
    const size = next === INCOMPLETE ? Math.max(this.skipper.pos, bytes.length) : next;
    if (size > LARGEST_HANDSHAKE) {
      throw refused(`a handshake message is larger than ${LARGEST_HANDSHAKE} bytes`);
    }
    if (next === INCOMPLETE) {
      // What was pushed is its owner's again.
      this.pending = bytes === data ? Buffer.from(data) : bytes;
      return undefined;
    }
    this.pending = Buffer.alloc(0);
    return { message: bytes.subarray(0, next), rest: bytes.subarray(next) };
  }
}

/** The elements of a complete array. */
export function readFields(message: Buffer): Field[] {
  const fields: Field[] = [];
  let pos = headSize(message[0]);
  for (let left = childCount(message, 0); left > 0; left--) {
    fields.push(readField(message, pos));
    pos = skipValue(message, pos, message.length);
  }
  return fields;
}

/** One value as a {@link Field}. */
export function readField(bytes: Buffer, at: number): Field {
  const first = bytes[at];
  if (isString(first) || isBinary(first)) {
    const start = at + headSize(first);
    return bytes.subarray(start, start + bodySize(bytes, at));
  }
  if (first === 0xc2) return false;
  return first === 0xc3 ? true : undefined;
}

export function refused(message: string): ForwardProtocolError {
  return new ForwardProtocolError('ERR_SLUICE_FORWARD_HANDSHAKE', message);
}
