import { EventStream, encodeValue, type EventInput } from '@sluice/event-stream';

/** Options of a message; others than these are sent as they are. */
export interface ForwardOption {
  /** Asks for an ack with this id. */
  chunk?: string;
  /** Number of entries, a hint for the receiver. */
  size?: number;
  /** How the entries are compressed; `text` and absent: not at all. */
  compressed?: 'text' | 'gzip' | 'zstd';
  [name: string]: unknown;
}

/** A stream, or events that one is made of. */
export type Events = EventStream | Iterable<EventInput>;

const NO_OPTION: Buffer = Buffer.alloc(0);

function toStream(events: Events): EventStream {
  return events instanceof EventStream ? events : EventStream.fromEvents(events);
}

function head(count: number, tag: string): Buffer {
  const name = encodeValue(tag);
  return Buffer.concat([Buffer.of(0x90 + count), name]);
}

function encodeOption(option: ForwardOption | undefined): Buffer {
  return option === undefined ? NO_OPTION : encodeValue(option);
}

function join(parts: readonly Uint8Array[]): Buffer {
  return Buffer.concat(parts);
}

/** A 16 or 32-bit length after a type byte. */
function sized(type16: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length < 0x10000 ? 3 : 5);
  if (length < 0x10000) {
    bytes[0] = type16;
    bytes.writeUInt16BE(length, 1);
  } else {
    bytes[0] = type16 + 1;
    bytes.writeUInt32BE(length, 1);
  }
  return bytes;
}

/** One event as `[tag, time, record, option?]`. */
export function encodeMessage(tag: string, event: EventInput, option?: ForwardOption): Buffer {
  const entry = EventStream.fromEvents([{ time: event.time ?? null, record: event.record }]).bytes;
  const count = option === undefined ? 3 : 4;
  return join([head(count, tag), entry.subarray(1), encodeOption(option)]);
}

/** Events as `[tag, [[time, record], ...], option?]`; the entries are not encoded again. */
export function encodeForward(tag: string, events: Events, option?: ForwardOption): Buffer {
  const stream = toStream(events);
  const count = option === undefined ? 2 : 3;
  const array = stream.count < 16 ? Buffer.of(0x90 + stream.count) : sized(0xdc, stream.count);
  return join([head(count, tag), array, stream.bytes, encodeOption(option)]);
}

/**
 * Events as `[tag, bin, option?]`. A payload that is already packed, or compressed, can be given
 * as a Buffer.
 */
export function encodePackedForward(
  tag: string,
  events: Events | Buffer,
  option?: ForwardOption,
): Buffer {
  const payload = Buffer.isBuffer(events) ? events : toStream(events).bytes;
  const count = option === undefined ? 2 : 3;
  const bin =
    payload.length < 0x100 ? Buffer.of(0xc4, payload.length) : sized(0xc5, payload.length);
  return join([head(count, tag), bin, payload, encodeOption(option)]);
}

/**
 * As {@link encodePackedForward}, as several buffers to be written one after the other: the payload,
 * which may come in parts, is not copied.
 */
export function encodePackedForwardParts(
  tag: string,
  payload: readonly Buffer[],
  option: ForwardOption,
): Buffer[] {
  let length = 0;
  for (const part of payload) length += part.length;
  const bin = length < 0x100 ? Buffer.of(0xc4, length) : sized(0xc5, length);
  return [join([head(3, tag), bin]), ...payload, encodeOption(option)];
}
