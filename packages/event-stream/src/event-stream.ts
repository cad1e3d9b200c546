import { addFields } from './add-fields.js';
import { decodeTime, decodeValue, type EventRecord } from './decode.js';
import { encodeEntry, type EventInput } from './encode.js';
import { EventStreamError } from './errors.js';
import { EventTime } from './event-time.js';
import { toJsonLines, type JsonLinesOptions } from './json-lines.js';
import { INCOMPLETE, headSize, isArray, skipValue } from './msgpack.js';
import { repairEntries } from './rewrite.js';
import { resetScan, scanEntries } from './scan.js';

/** One decoded event. */
export interface Event {
  time: EventTime;
  record: EventRecord;
  /** Fluent Bit's metadata, where the entry has any. */
  metadata?: EventRecord;
}

const EMPTY = Buffer.alloc(0);

/**
 * Events as they came over the wire: a view on concatenated MessagePack entries `[time, record]`
 * (or Fluent Bit's `[[time, metadata], record]`), decoded only on demand. Immutable, and free to
 * be kept for any time.
 */
export class EventStream implements Iterable<Event> {
  private constructor(
    /** The packed entries, a payload of PackedForward. Not to be changed. */
    readonly bytes: Buffer,
    /** How many events. */
    readonly count: number,
    private readonly extensions: boolean,
  ) {}

  static readonly empty = new EventStream(EMPTY, 0, false);

  /**
   * A view on bytes that a scan has already found to be `count` valid entries. No copy, no check.
   *
   * @param extensions - whether records may hold extension values; true is always safe
   */
  static fromScanned(bytes: Buffer, count: number, extensions = true): EventStream {
    return new EventStream(bytes, count, extensions);
  }

  /**
   * A view on packed entries from anywhere; they are validated here.
   *
   * @throws {@link EventStreamError} where the bytes are not whole MessagePack values, or an entry
   *   is no event
   */
  static fromPacked(bytes: Uint8Array): EventStream {
    const stream = EventStream.scan(bytes);
    if (stream.invalid > 0) {
      throw new EventStreamError(
        'ERR_SLUICE_EVENT_INVALID',
        `${stream.invalid} of ${stream.entries} entries are no [time, record]`,
      );
    }
    return stream.stream;
  }

  /**
   * As {@link EventStream.fromPacked}, but leaves invalid entries out, as Fluentd's
   * skip_invalid_event does, and gives entries with time 0 or nil the time `now`.
   *
   * @returns the stream of valid entries, and how many entries there were and were invalid
   */
  static scan(
    bytes: Uint8Array,
    now?: EventTime,
  ): { stream: EventStream; entries: number; invalid: number } {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const found = resetScan();
    const end = scanEntries(buffer, 0, buffer.length, Infinity);
    if (found.status !== 0) {
      throw found.status === INCOMPLETE
        ? new EventStreamError('ERR_SLUICE_MSGPACK_TRUNCATED', 'the last entry is cut short', end)
        : new EventStreamError('ERR_SLUICE_MSGPACK_MALFORMED', 'not MessagePack', end);
    }
    const { entries, invalid, zeroTimes, extensions } = found;
    const repaired =
      invalid + zeroTimes > 0
        ? repairEntries(buffer, 0, buffer.length, now ?? EventTime.now())
        : buffer;
    return { stream: new EventStream(repaired, entries - invalid, extensions), entries, invalid };
  }

  /**
   * Leaves the entries out that are no event, and gives those with time 0 or nil the time `now`:
   * {@link EventStream.scan} where only the stream is wanted. Fluentd's skip_invalid_event.
   *
   * @throws {@link EventStreamError} where the bytes are not whole MessagePack values
   */
  static filterInvalid(bytes: Uint8Array, now?: EventTime): EventStream {
    return EventStream.scan(bytes, now).stream;
  }

  /** Encodes events. */
  static fromEvents(events: Iterable<EventInput>): EventStream {
    const parts: Buffer[] = [];
    for (const event of events) parts.push(encodeEntry(event));
    return new EventStream(Buffer.concat(parts), parts.length, true);
  }

  /** Decodes one event after the other. */
  *[Symbol.iterator](): Generator<Event, void, undefined> {
    const { bytes } = this;
    const end = bytes.length;
    // msgpackr renames this key, so that it cannot set a prototype.
    const plain = !this.extensions && !bytes.includes('__proto__');
    let pos = 0;
    while (pos < end) {
      pos += headSize(bytes[pos]);
      let metadata: EventRecord | undefined;
      let time: EventTime;
      if (isArray(bytes[pos])) {
        pos += headSize(bytes[pos]);
        time = decodeTime(bytes, pos);
        pos = skipValue(bytes, pos, end);
        const next = skipValue(bytes, pos, end);
        metadata = decodeValue(bytes, pos, next) as EventRecord;
        pos = next;
      } else {
        time = decodeTime(bytes, pos);
        pos = skipValue(bytes, pos, end);
      }
      const next = skipValue(bytes, pos, end);
      const record = decodeValue(bytes, pos, next, plain) as EventRecord;
      pos = next;
      yield metadata === undefined ? { time, record } : { time, record, metadata };
    }
  }

  /**
   * The same events with fields set in every record, in place of fields of the same names. The
   * records are not decoded.
   */
  withFields(fields: Record<string, unknown>): EventStream {
    if (this.count === 0 || Object.keys(fields).length === 0) return this;
    return new EventStream(addFields(this.bytes, this.count, fields), this.count, true);
  }

  /**
   * The events for which `keep` is true; their bytes are copied, not encoded again.
   *
   * @returns this stream where all are kept
   */
  filter(keep: (event: Event) => boolean): EventStream {
    const { bytes } = this;
    const parts: Buffer[] = [];
    let count = 0;
    let pos = 0;
    for (const event of this) {
      const next = skipValue(bytes, pos, bytes.length);
      if (keep(event)) {
        parts.push(bytes.subarray(pos, next));
        count++;
      }
      pos = next;
    }
    if (count === this.count) return this;
    return new EventStream(Buffer.concat(parts), count, this.extensions);
  }

  /** Each record as one line of JSON, written straight from the MessagePack bytes. */
  toJsonLines(options: JsonLinesOptions = {}): Buffer {
    return toJsonLines(this.bytes, options);
  }
}
