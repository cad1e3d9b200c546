import { isUtf8 } from 'node:buffer';
import { decodeValue, type EventRecord } from '@sluice/event-stream';
import {
  bodySize,
  childCount,
  decodeAt,
  headSize,
  isBinary,
  isMap,
  isString,
  skipValue,
} from '@sluice/event-stream/packed';
import type { ForwardSignal } from './message.js';

// As large as an ack may be.
export const LONGEST_ID = 64 * 1024;

/** The options that the reader itself needs, found without decoding the others. */
export class MessageOption {
  /** Text of the chunk's id; of one that is no text, its MessagePack in hexadecimal. */
  chunk: string | undefined = undefined;
  /** The id as it came: its MessagePack, a character for each byte (latin1). */
  ackId: string | undefined = undefined;
  /** The id is longer than any server would repeat it. */
  isIdTooLong = false;
  compressed: string | undefined = undefined;
  signal: ForwardSignal = 'logs';

  constructor(
    private readonly bytes: Buffer,
    private readonly start: number,
    private readonly end: number,
  ) {
    if (!isMap(bytes[start])) return;
    let pos = start + headSize(bytes[start]);
    for (let pairs = childCount(bytes, start) / 2; pairs > 0; pairs--) {
      const value = skipValue(bytes, pos, end);
      this.take(pos, value);
      pos = skipValue(bytes, value, end);
    }
  }

  decode(): EventRecord | undefined {
    const value = decodeValue(this.bytes.subarray(this.start, this.end));
    return typeof value === 'object' ? (value as EventRecord) : undefined;
  }

  private take(key: number, value: number): void {
    const { bytes } = this;
    const first = bytes[key];
    if (!isString(first)) return;
    const start = key + headSize(first);
    // "chunk", "size", "compressed", "fluent_signal": length and first letter tell them apart
    // from nearly everything, the whole text from the rest.
    const size = value - start;
    if (size === 5 && bytes[start] === 0x63 && bytes.toString('latin1', start, value) === 'chunk') {
      this.takeChunk(value);
    } else if (
      size === 10 &&
      bytes[start] === 0x63 &&
      bytes.toString('latin1', start, value) === 'compressed'
    ) {
      this.compressed = this.text(value);
    } else if (
      size === 13 &&
      bytes[start] === 0x66 &&
      bytes.toString('latin1', start, value) === 'fluent_signal'
    ) {
      if (bytes[value] === 1) this.signal = 'metrics';
      else if (bytes[value] === 2) this.signal = 'traces';
    }
  }

  /** An id may be of any type; nil and false stand for none, as in Fluentd. */
  private takeChunk(at: number): void {
    const { bytes } = this;
    if (bytes[at] === 0xc0 || bytes[at] === 0xc2) return;
    const end = skipValue(bytes, at, this.end);
    if (end - at > LONGEST_ID) {
      this.isIdTooLong = true;
      return;
    }
    this.ackId = bytes.toString('latin1', at, end);
    const first = bytes[at];
    if (isString(first)) this.chunk = this.text(at);
    else if (isInteger(first)) this.chunk = (decodeAt(bytes, at) as number | bigint).toString();
    else {
      const start = at + headSize(first);
      const id = bytes.subarray(start, end);
      this.chunk = isBinary(first) && isUtf8(id) ? id.toString() : bytes.toString('hex', at, end);
    }
  }

  private text(at: number): string | undefined {
    const { bytes } = this;
    const first = bytes[at];
    if (!isString(first) && !isBinary(first)) return undefined;
    const start = at + headSize(first);
    return bytes.toString('utf8', start, start + bodySize(bytes, at));
  }
}

function isInteger(first: number): boolean {
  return first < 0x80 || first >= 0xe0 || (first >= 0xcc && first <= 0xd3);
}
