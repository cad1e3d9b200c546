import { decodeAt, decodePlain, type EventRecord } from './decode.js';
import { encodeEntry, type EventInput } from './encode.js';
import { EventStreamError } from './errors.js';
import { EventTime } from './event-time.js';
import type { JsonLinesOptions } from './json-line.js';
import { toJsonLines, writeJsonLines } from './json-lines.js';
import { EntryCursor } from './packed/entry-cursor.js';
import { INCOMPLETE } from './packed/msgpack.js';
import { repairEntries } from './packed/repair.js';
import { scanEntries } from './packed/scan.js';
import { packFields, setFields, type PackedFields } from './packed/set-fields.js';

/** One decoded event. */
export interface Event {
  /** With nanoseconds; entries in whole seconds have 0 of them. */
  time: EventTime;
  /** Its Buffers (of MessagePack's bin) are views on the stream's bytes. */
  record: EventRecord;
  /** Fluent Bit's metadata, where the entry has any. */
  metadata?: EventRecord;
}

const EMPTY = Buffer.alloc(0);

/**
 * Events as they came over the wire: a view on concatenated MessagePack entries `[time, record]`
 * (or Fluent Bit's `[[time, metadata], record]`), decoded only on demand. It never changes the
 * bytes.
 *
 * **The bytes have an owner.** A stream that an input emits is a view on memory that the input
 * uses again: it is valid until the promise of that `emit` has settled, and so are the Buffers in
 * its decoded records, and streams that `filter` and the like make of it. Whoever wants the events
 * for longer copies them: {@link EventStream.copy}, or the bytes into a buffer of their own.
 * Strings, times and numbers of decoded records are always safe to keep.
 */
export class EventStream implements Iterable<Event> {
  private constructor(
    private stored: Buffer,
    /** How many events. */
    readonly count: number,
    private readonly extensions: boolean,
    /**
     * The id that the peer gave to the chunk in which these events came; undefined where it gave
     * none. A peer that gets no ack sends the chunk again under the same id, so an output whose
     * destination can deduplicate passes it on, together with the tag. Streams that are made of
     * this one keep it.
     */
    readonly chunkId: string | undefined,
    private late?: PackedFields,
  ) {}

  /** The packed entries, a payload of PackedForward. Not to be changed. */
  get bytes(): Buffer {
    if (this.late !== undefined) {
      this.stored = setFields(this.stored, this.count, this.late);
      this.late = undefined;
    }
    return this.stored;
  }

  /** A stream without events, which everybody may share. */
  static readonly empty = new EventStream(EMPTY, 0, false, undefined);

  /**
   * A view on bytes that are known to be `count` valid entries. No copy, no check: for bytes from
   * elsewhere use {@link EventStream.fromPacked}.
   *
   * @param extensions - whether records may hold extension values (default: true, always safe)
   * @param chunkId - see {@link EventStream.chunkId}
   */
  static fromScanned(
    bytes: Buffer,
    count: number,
    extensions = true,
    chunkId?: string,
  ): EventStream {
    return new EventStream(bytes, count, extensions, chunkId);
  }

  /**
   * A view on packed entries from anywhere; they are validated here.
   *
   * @throws {@link EventStreamError} where the bytes are not whole MessagePack values, or an entry
   *   is not an event
   */
  static fromPacked(bytes: Uint8Array): EventStream {
    const stream = EventStream.scan(bytes);
    if (stream.invalid > 0) {
      throw new EventStreamError(
        'ERR_SLUICE_EVENT_INVALID',
        `${stream.invalid} of ${stream.entries} entries are not [time, record]`,
      );
    }
    return stream.stream;
  }

  /**
   * As {@link EventStream.fromPacked}, but leaves invalid entries out, as Fluentd's
   * skip_invalid_event does, and gives entries with time 0 or nil the time `now`.
   *
   * @returns the stream of valid entries, how many entries there were, and how many of them were
   *   invalid
   * @throws {@link EventStreamError} where the bytes are not whole MessagePack values
   */
  static scan(
    bytes: Uint8Array,
    now?: EventTime,
  ): {
    /** The valid entries. */
    stream: EventStream;
    /** How many there were, the invalid ones included. */
    entries: number;
    /** How many were left out. */
    invalid: number;
  } {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const found = scanEntries(buffer, 0, buffer.length);
    if (found.status !== 0) {
      throw found.status === INCOMPLETE
        ? new EventStreamError(
            'ERR_SLUICE_MSGPACK_TRUNCATED',
            'the last entry is cut short',
            found.end,
          )
        : new EventStreamError('ERR_SLUICE_MSGPACK_MALFORMED', 'not MessagePack', found.end);
    }
    const { entries, invalid, zeroTimes, extensions } = found;
    const repaired =
      invalid + zeroTimes > 0 ? repairEntries(buffer, zeroTimes, now ?? EventTime.now()) : buffer;
    return {
      stream: new EventStream(repaired, entries - invalid, extensions, undefined),
      entries,
      invalid,
    };
  }

  /**
   * Leaves the entries out that are not events, and gives those with time 0 or nil the time `now`:
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
    return new EventStream(Buffer.concat(parts), parts.length, true, undefined);
  }

  /** The same events under another {@link EventStream.chunkId}. */
  withChunkId(chunkId: string | undefined): EventStream {
    if (chunkId === this.chunkId) return this;
    return new EventStream(this.stored, this.count, this.extensions, chunkId, this.late);
  }

  /**
   * A stream of other entries, for a filter that has made them of this stream's: what travels with
   * this one (the {@link EventStream.chunkId}) travels with it.
   *
   * @param bytes - `count` valid entries; they are not checked
   * @param extensions - whether records may hold extension values (default: true, always safe)
   */
  withEntries(bytes: Buffer, count: number, extensions = true): EventStream {
    return new EventStream(bytes, count, extensions, this.chunkId);
  }

  /** The same events in bytes of their own, which stay valid for as long as anybody has them. */
  copy(): EventStream {
    return this.withEntries(Buffer.from(this.bytes), this.count, this.extensions);
  }

  /**
   * The same events as several streams, views on this one's bytes: whoever does something with many
   * events does it in parts, so that neither the event loop nor the memory is held for all of them.
   * The same stream is cut at the same places each time, and each part has a
   * {@link EventStream.chunkId} of its own, made of this one's.
   *
   * @param most - `bytes` of a part (one event may be larger, but then it is alone), and its `events`
   */
  *parts(most: { bytes: number; events: number }): Generator<EventStream, void, undefined> {
    const { bytes, chunkId } = this;
    const entry = new EntryCursor(bytes);
    let start = 0;
    let count = 0;
    let number = 0;
    const part = (end: number): EventStream => {
      const id = chunkId === undefined ? undefined : `${chunkId}/${number}`;
      number += 1;
      return new EventStream(bytes.subarray(start, end), count, this.extensions, id);
    };
    while (entry.next()) {
      if (count > 0 && (count >= most.events || entry.end - start > most.bytes)) {
        yield part(entry.start);
        ({ start } = entry);
        count = 0;
      }
      count += 1;
    }
    if (count === this.count) yield this;
    else if (count > 0) yield part(bytes.length);
  }

  /** Decodes one event after the other. */
  *[Symbol.iterator](): Generator<Event, void, undefined> {
    const plain = this.isPlain();
    const entry = new EntryCursor(this.bytes);
    while (entry.next()) yield decodeEntry(entry, plain);
  }

  /**
   * The same events with fields set in every record, in place of fields of the same names. The
   * records are not decoded.
   */
  withFields(fields: Record<string, unknown>): EventStream {
    if (this.count === 0 || Object.keys(fields).length === 0) return this;
    return this.withEntries(setFields(this.bytes, this.count, packFields(fields)), this.count);
  }

  /**
   * As {@link EventStream.withFields}, with fields that are packed already. The new bytes are made when
   * somebody asks for them: JSON lines are written without.
   */
  withPackedFields(fields: PackedFields): EventStream {
    if (this.count === 0 || fields.names.length === 0) return this;
    return new EventStream(this.bytes, this.count, true, this.chunkId, fields);
  }

  /**
   * The events for which `keep` is true; their bytes are copied, not encoded again.
   *
   * @returns this stream where all are kept
   */
  filter(keep: (event: Event) => boolean): EventStream {
    const { bytes } = this;
    const plain = this.isPlain();
    const parts: Buffer[] = [];
    let count = 0;
    const entry = new EntryCursor(bytes);
    while (entry.next()) {
      if (!keep(decodeEntry(entry, plain))) continue;
      parts.push(bytes.subarray(entry.start, entry.end));
      count++;
    }
    if (count === this.count) return this;
    return this.withEntries(Buffer.concat(parts), count, this.extensions);
  }

  /**
   * Each record as one line of JSON, written straight from the MessagePack bytes.
   *
   * @returns bytes of their own
   */
  toJsonLines(options: JsonLinesOptions = {}): Buffer {
    return toJsonLines({ bytes: this.stored, set: this.late }, options);
  }

  /**
   * As {@link EventStream.toJsonLines}, into a buffer of the caller: an output that collects the
   * lines of many streams before it writes them saves one copy of each.
   *
   * @param target - gets the lines; what lies behind them in it may be overwritten, too
   * @param offset - where the first line begins
   * @returns the position after the last line; or, where the lines do not fit, a negative number:
   *   minus the size that `target` would have to have
   * @throws RangeError where `offset` lies outside of `target`
   */
  writeJsonLines(target: Buffer, offset: number, options: JsonLinesOptions = {}): number {
    const entries = { bytes: this.stored, set: this.late };
    return writeJsonLines(entries, target, offset, options);
  }

  /** Whether msgpackr may decode the records: it renames `__proto__`, and has extensions of its own. */
  private isPlain(): boolean {
    return !this.extensions && !this.bytes.includes('__proto__');
  }
}

function decodeEntry(entry: EntryCursor, plain: boolean): Event {
  const { bytes } = entry;
  const time = entry.eventTime();
  const record = (
    plain ? decodePlain(bytes, entry.record, entry.end) : decodeAt(bytes, entry.record)
  ) as EventRecord;
  return entry.metadata < 0
    ? { time, record }
    : { time, record, metadata: decodeAt(bytes, entry.metadata) as EventRecord };
}
