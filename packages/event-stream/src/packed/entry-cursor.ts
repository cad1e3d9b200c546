import { decodeTime } from '../decode.js';
import type { EventTime } from '../event-time.js';
import { headSize, isArray, skipValue, u32 } from './msgpack.js';

/**
 * Walks over packed entries that have been validated, and tells where the parts of each lie:
 * `[time, record]`, or Fluent Bit's `[[time, metadata], record]`. It decodes nothing and allocates
 * nothing; all positions are indexes into the bytes.
 *
 * ```ts
 * const entry = new EntryCursor(stream.bytes);
 * while (entry.next()) parts.push(stream.bytes.subarray(entry.record, entry.end));
 * ```
 */
export class EntryCursor {
  /** Where the entry begins. */
  start: number;
  /** Where its time begins. */
  time = 0;
  /** Where its metadata begins; -1 where it has none. */
  metadata = -1;
  /** Where its record begins. */
  record = 0;
  // Where the entry ends; -1 until somebody asks.
  private stop: number;

  /**
   * Stands before the first entry: {@link EntryCursor.next} goes to it.
   *
   * @param bytes - validated entries, as an EventStream has them
   * @param from - where the first entry begins (default: 0)
   * @param to - where the last entry ends (default: the end of the bytes)
   */
  constructor(
    readonly bytes: Buffer,
    from = 0,
    private readonly to = bytes.length,
  ) {
    this.start = from;
    this.stop = from;
  }

  /** Where the entry ends, and with it its record. Found by walking over the record, once. */
  get end(): number {
    if (this.stop < 0) this.stop = skipValue(this.bytes, this.record, this.to);
    return this.stop;
  }

  /** The time's whole seconds since 1970. */
  get seconds(): number {
    const { bytes, time } = this;
    return bytes[time] === 0xd7 ? u32(bytes, time + 2) : decodeTime(bytes, time).seconds;
  }

  /** The time's nanoseconds, 0 to 999,999,999. */
  get nanoseconds(): number {
    const { bytes, time } = this;
    return bytes[time] === 0xd7 ? u32(bytes, time + 6) : decodeTime(bytes, time).nanoseconds;
  }

  /** The time as an object. */
  eventTime(): EventTime {
    return decodeTime(this.bytes, this.time);
  }

  /** Goes to the next entry. @returns false where there is none */
  next(): boolean {
    return this.moveTo(this.end);
  }

  /**
   * Goes to the entry that begins at `at`. Whoever has walked over a record and thus knows its end
   * goes on from there, so that the record is not walked over a second time.
   *
   * @returns false where `at` is the end of the bytes
   */
  moveTo(at: number): boolean {
    const { bytes, to } = this;
    if (at >= to) return false;
    this.start = at;
    let pos = at + headSize(bytes[at]);
    this.metadata = -1;
    if (isArray(bytes[pos])) {
      pos += headSize(bytes[pos]);
      this.time = pos;
      pos = afterTime(bytes, pos, to);
      this.metadata = pos;
      pos = skipValue(bytes, pos, to);
    } else {
      this.time = pos;
      pos = afterTime(bytes, pos, to);
    }
    this.record = pos;
    this.stop = -1;
    return true;
  }
}

function afterTime(bytes: Buffer, time: number, to: number): number {
  return bytes[time] === 0xd7 ? time + 10 : skipValue(bytes, time, to);
}
