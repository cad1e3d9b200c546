import type { Packr } from 'msgpackr';
import { EventTime } from './event-time.js';
import { msgpackr } from './msgpackr-library.js';

let packr: Packr | undefined;
const makePackr = (): Packr =>
  new (msgpackr().Packr)({ useRecords: false, variableMapSize: true, encodeUndefinedAsNil: true });

/** An event to be encoded. */
export interface EventInput {
  /** Default: now. A Date, an {@link EventTime}, or seconds since 1970 (a fraction is kept). */
  time?: EventTime | Date | number | null;
  /** Field names and values; MessagePack has to have a form of each. */
  record: Record<string, unknown>;
  /** Fluent Bit's metadata; the entry is then written as `[[time, metadata], record]`. */
  metadata?: Record<string, unknown>;
}

export function toEventTime(time: EventInput['time']): EventTime {
  if (time instanceof EventTime) return time;
  if (time === undefined || time === null) return EventTime.now();
  if (typeof time === 'number') return EventTime.fromSeconds(time);
  if ('getTime' in time) return EventTime.fromDate(time);
  // Made by another copy of this package, which a plugin may have brought along.
  const { seconds, nanoseconds } = time as EventTime;
  return new EventTime(seconds, nanoseconds);
}

/** Writes an EventTime as fixext 8 of type 0: ten bytes. */
export function writeEventTime(target: Buffer, at: number, time: EventTime): number {
  target[at] = 0xd7;
  target[at + 1] = 0;
  target.writeUInt32BE(time.seconds >>> 0, at + 2);
  target.writeUInt32BE(time.nanoseconds, at + 6);
  return at + 10;
}

/** Encodes any value as MessagePack. */
export function encodeValue(value: unknown): Buffer {
  return (packr ??= makePackr()).pack(value);
}

/** Encodes one entry. */
export function encodeEntry(event: EventInput): Buffer {
  const { metadata } = event;
  const head = Buffer.allocUnsafe(12);
  let length = 0;
  head[length++] = 0x92;
  if (metadata !== undefined) head[length++] = 0x92;
  length = writeEventTime(head, length, toEventTime(event.time));
  const parts: Uint8Array[] = [head.subarray(0, length)];
  if (metadata !== undefined) parts.push(encodeValue(metadata));
  parts.push(encodeValue(event.record));
  return Buffer.concat(parts);
}
