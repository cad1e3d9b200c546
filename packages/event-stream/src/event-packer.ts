import { ExtensionValue, FloatValue } from './scalar.js';
import { toEventTime, writeEventTime, type EventInput } from './encode.js';
import { EventStreamError } from './errors.js';
import { EventStream } from './event-stream.js';
import { EventTime } from './event-time.js';
import type { Value } from './decode.js';
import { JsonPacker, NO_ROOM, NOT_PACKED } from './packed/pack-json.js';
import { writeInteger } from './packed/write-parts.js';
import { MAX_DEPTH } from './packed/msgpack.js';

/** Strings up to this length are written by a loop, which beats a call into C++. */
const shortString = 48;
const mostUnsigned = 2n ** 64n - 1n;
const json = new JsonPacker();
const leastSigned = -(2n ** 63n);

/** How {@link EventPacker.addJson} finds the time of an event. */
export interface JsonTimes {
  /** The field that has it, as UTF-8; undefined where none has. */
  readonly timeField: Buffer | undefined;
  /** Whether the record has that field, too. */
  readonly keepTimeField: boolean;
  /**
   * @param value of the field; undefined where the record has none
   * @returns undefined for an event without a time, null for a value that is not a time
   */
  timeOf(value: Value | undefined): EventTime | undefined | null;
}

/**
 * Collects events one by one and gives them as one {@link EventStream}: for an input that reads
 * several lines at a time. It may be used again after each {@link EventPacker.take}.
 *
 * It takes records as peers make them: names such as `constructor`, `toJSON` and `__proto__` are
 * fields like all others. Integers beyond 64 bits are written as floats.
 */
export class EventPacker {
  #bytes: Buffer;
  #at = 0;
  #count = 0;

  /** @param size bytes to begin with; it grows by itself */
  constructor(size = 4096) {
    this.#bytes = Buffer.allocUnsafe(size);
  }

  /** How many events wait to be taken. */
  get count(): number {
    return this.#count;
  }

  /** How many bytes they have. */
  get byteLength(): number {
    return this.#at;
  }

  /**
   * Adds an event.
   *
   * @param time default: now
   * @throws {@link EventStreamError} for a record that is nested more than 128 deep; it is then not
   *   added
   */
  add(time: EventInput['time'], record: Readonly<Record<string, unknown>>): void {
    const start = this.#at;
    this.#room(11);
    this.#bytes[this.#at++] = 0x92;
    this.#at = writeEventTime(this.#bytes, this.#at, toEventTime(time));
    try {
      this.#map(record, 1);
    } catch (error) {
      this.#at = start;
      throw error;
    }
    this.#count++;
  }

  /**
   * Adds what one JSON text says, an object or an array of objects, without making objects of
   * JavaScript of it.
   *
   * @param time of events that have none (default: now)
   * @returns false where nothing is added: for a text with mistakes, and for what is rare in logs
   *   (duplicate names, integers beyond 15 digits, lone surrogates), the caller needs a reader of its
   *   own
   */
  addJson(text: Buffer, times: JsonTimes, time?: EventTime): boolean {
    const start = this.#at;
    const added = this.#addJson(text, times, time);
    json.forget();
    if (added > 0) this.#count += added;
    else this.#at = start;
    return added > 0;
  }

  /** All events added since the last time, in bytes that nobody else has. */
  take(): EventStream {
    const stream = EventStream.fromScanned(
      Buffer.from(this.#bytes.subarray(0, this.#at)),
      this.#count,
    );
    this.#at = 0;
    this.#count = 0;
    return stream;
  }

  /** @returns how many events; 0 where nothing is to be added */
  #addJson(text: Buffer, times: JsonTimes, time: EventTime | undefined): number {
    let at = afterBlanks(text, 0);
    const list = text[at] === 0x5b;
    for (let added = 1; ; added++) {
      if (list) at = afterBlanks(text, at + 1);
      if (!this.#addObject(text, at, times, time)) return 0;
      at = afterBlanks(text, json.next);
      if (list && text[at] === 0x2c) continue;
      if (list && text[at++] !== 0x5d) return 0;
      return afterBlanks(text, at) === text.length ? added : 0;
    }
  }

  #addObject(text: Buffer, at: number, times: JsonTimes, usual: EventTime | undefined): boolean {
    const { timeField, keepTimeField } = times;
    this.#room(text.length - at + 32);
    let end: number;
    for (;;) {
      const record = this.#at + 11;
      end = json.pack(text, at, text.length, this.#bytes, record, timeField, keepTimeField);
      if (end !== NO_ROOM) break;
      this.#room(2 * (this.#bytes.length - this.#at));
    }
    if (end === NOT_PACKED) return false;
    const time = times.timeOf(json.value);
    if (time === null) return false;
    this.#bytes[this.#at] = 0x92;
    writeEventTime(this.#bytes, this.#at + 1, time ?? usual ?? EventTime.now());
    this.#at = end;
    return true;
  }

  #room(bytes: number): void {
    const needed = this.#at + bytes;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(larger, 0, 0, this.#at);
    this.#bytes = larger;
  }

  #value(value: unknown, depth: number): void {
    switch (typeof value) {
      case 'string':
        this.#string(value);
        return;
      case 'number':
        this.#number(value);
        return;
      case 'boolean':
        this.#byte(value ? 0xc3 : 0xc2);
        return;
      case 'bigint':
        this.#bigint(value);
        return;
      case 'object':
        if (value !== null) {
          this.#object(value, depth);
          return;
        }
    }
    this.#byte(0xc0);
  }

  #object(value: object, depth: number): void {
    if (Array.isArray(value)) this.#array(value, depth);
    else if (value instanceof FloatValue) this.#float(value.value);
    else if (value instanceof Uint8Array) this.#binary(value);
    else if (value instanceof EventTime || value instanceof Date) {
      this.#room(10);
      this.#at = writeEventTime(this.#bytes, this.#at, toEventTime(value));
    } else if (value instanceof ExtensionValue) this.#extension(value);
    else this.#map(value as Record<string, unknown>, depth);
  }

  #byte(byte: number): void {
    this.#room(1);
    this.#bytes[this.#at++] = byte;
  }

  /** A head with a length in 16 or 32 bits, or in 8 where the type has that. */
  #head(length: number, head8: number, head16: number, head32: number): void {
    this.#room(5);
    const bytes = this.#bytes;
    if (length < 0x100 && head8 !== 0) {
      bytes[this.#at++] = head8;
      bytes[this.#at++] = length;
    } else if (length < 0x1_00_00) {
      bytes[this.#at++] = head16;
      this.#at = bytes.writeUInt16BE(length, this.#at);
    } else {
      bytes[this.#at++] = head32;
      this.#at = bytes.writeUInt32BE(length, this.#at);
    }
  }

  #map(record: Readonly<Record<string, unknown>>, depth: number): void {
    checkDepth(depth);
    const keys = Object.keys(record);
    if (keys.length < 16) this.#byte(0x80 | keys.length);
    else this.#head(keys.length, 0, 0xde, 0xdf);
    for (const key of keys) {
      this.#string(key);
      this.#value(record[key], depth + 1);
    }
  }

  #array(list: readonly unknown[], depth: number): void {
    checkDepth(depth);
    if (list.length < 16) this.#byte(0x90 | list.length);
    else this.#head(list.length, 0, 0xdc, 0xdd);
    for (const value of list) this.#value(value, depth + 1);
  }

  #string(text: string): void {
    const { length } = text;
    if (length <= shortString && this.#ascii(text, length)) return;
    const size = Buffer.byteLength(text);
    if (size < 32) this.#byte(0xa0 | size);
    else this.#head(size, 0xd9, 0xda, 0xdb);
    this.#room(size);
    this.#at += this.#bytes.write(text, this.#at, size, 'utf8');
  }

  #ascii(text: string, length: number): boolean {
    this.#room(length + 2);
    const bytes = this.#bytes;
    let at = this.#at;
    if (length < 32) bytes[at++] = 0xa0 | length;
    else {
      bytes[at++] = 0xd9;
      bytes[at++] = length;
    }
    for (let index = 0; index < length; index++) {
      const code = text.charCodeAt(index);
      if (code > 0x7f) return false;
      bytes[at++] = code;
    }
    this.#at = at;
    return true;
  }

  #binary(data: Uint8Array): void {
    this.#head(data.length, 0xc4, 0xc5, 0xc6);
    this.#copy(data);
  }

  #extension({ type, data }: ExtensionValue): void {
    this.#head(data.length, 0xc7, 0xc8, 0xc9);
    this.#byte(type & 0xff);
    this.#copy(data);
  }

  #copy(data: Uint8Array): void {
    this.#room(data.length);
    this.#bytes.set(data, this.#at);
    this.#at += data.length;
  }

  #float(value: number): void {
    this.#room(9);
    this.#bytes[this.#at++] = 0xcb;
    this.#at = this.#bytes.writeDoubleBE(value, this.#at);
  }

  #number(value: number): void {
    if (!Number.isSafeInteger(value) || Object.is(value, -0)) {
      this.#float(value);
      return;
    }
    this.#room(9);
    this.#at = writeInteger(this.#bytes, this.#at, value);
  }

  #bigint(value: bigint): void {
    if (value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER) {
      this.#number(Number(value));
      return;
    }
    this.#room(9);
    const bytes = this.#bytes;
    if (value > mostUnsigned || value < leastSigned) {
      bytes[this.#at++] = 0xcb;
      this.#at = bytes.writeDoubleBE(Number(value), this.#at);
    } else if (value >= 0n) {
      bytes[this.#at++] = 0xcf;
      this.#at = bytes.writeBigUInt64BE(value, this.#at);
    } else {
      bytes[this.#at++] = 0xd3;
      this.#at = bytes.writeBigInt64BE(value, this.#at);
    }
  }
}

/** @returns where something else than a blank of JSON is, or the end */
function afterBlanks(text: Buffer, from: number): number {
  let at = from;
  for (; at < text.length; at++) {
    const byte = text[at];
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) break;
  }
  return at;
}

function checkDepth(depth: number): void {
  if (depth <= MAX_DEPTH - 1) return;
  throw new EventStreamError(
    'ERR_SLUICE_EVENT_INVALID',
    `the record is nested more than ${MAX_DEPTH} deep`,
  );
}
