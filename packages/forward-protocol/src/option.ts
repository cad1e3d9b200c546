import { decodeValue, type EventRecord } from '@sluice/event-stream';
import {
  bodySize,
  childCount,
  headSize,
  isBinary,
  isMap,
  isString,
  skipValue,
} from '@sluice/event-stream/packed';
import type { ForwardSignal } from './message.js';

/** The options that the reader itself needs, found without decoding the others. */
export class MessageOption {
  chunk: string | undefined = undefined;
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
      this.chunk = this.text(value);
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

  private text(at: number): string | undefined {
    const { bytes } = this;
    const first = bytes[at];
    if (!isString(first) && !isBinary(first)) return undefined;
    const start = at + headSize(first);
    return bytes.toString('utf8', start, start + bodySize(bytes, at));
  }
}
