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
import type { AckBatch } from './ack-batch.js';
import type { ForwardSignal } from './message.js';

const CHUNK = Buffer.from('chunk');
const COMPRESSED = Buffer.from('compressed');
const SIGNAL = Buffer.from('fluent_signal');

// As large as an ack may be.
export const LONGEST_ID = 64 * 1024;

/** The options that the reader itself needs, found without decoding the others. */
export class MessageOption {
  /** Text of the chunk's id; of one that is not text, its MessagePack in hexadecimal. */
  chunk: string | undefined = undefined;
  /** The id is longer than any server would repeat it. */
  isIdTooLong = false;
  compressed: string | undefined = undefined;
  signal: ForwardSignal = 'logs';
  /** Where the id lies, if there is one. */
  private idStart = -1;
  private idEnd = -1;

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

  /** The id as it came: its MessagePack, a character for each byte (latin1). */
  get ackId(): string | undefined {
    if (this.idStart < 0) return undefined;
    return this.bytes.toString('latin1', this.idStart, this.idEnd);
  }

  /** Puts the ack of the id into a batch. @returns false where there is none to give */
  addAck(batch: AckBatch): boolean {
    if (this.idStart < 0) return false;
    batch.addBytes(this.bytes, this.idStart, this.idEnd);
    return true;
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
    const size = value - start;
    if (size === 5 && isText(bytes, start, CHUNK)) {
      this.takeChunk(value);
    } else if (size === 10 && isText(bytes, start, COMPRESSED)) {
      this.compressed = this.text(value);
    } else if (size === 13 && isText(bytes, start, SIGNAL)) {
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
    this.idStart = at;
    this.idEnd = end;
    const first = bytes[at];
    if (isString(first)) {
      const start = at + headSize(first);
      // The same characters where it is ASCII, as nearly all ids are.
      this.chunk = bytes.toString(isAscii(bytes, start, end) ? 'latin1' : 'utf8', start, end);
    } else if (isInteger(first)) this.chunk = (decodeAt(bytes, at) as number | bigint).toString();
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

/** Compares byte by byte: no string is made of each name of an option. */
function isText(bytes: Buffer, start: number, text: Buffer): boolean {
  for (let n = 0; n < text.length; n++) if (bytes[start + n] !== text[n]) return false;
  return true;
}

function isAscii(bytes: Buffer, start: number, end: number): boolean {
  for (let pos = start; pos < end; pos++) if (bytes[pos] >= 0x80) return false;
  return true;
}
