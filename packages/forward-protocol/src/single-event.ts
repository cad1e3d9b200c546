import { scanEntries, skipValue } from '@sluice/event-stream/packed';
import { LONGEST_ID, MessageOption } from './option.js';
import type { ReaderSettings } from './reader-options.js';
import { MOST_VALUES } from './scan-steps.js';
import { readTag } from './tag-cache.js';

/** The shortest time and record that are looked for here: a uint 32 and an empty map. */
const LEAST = 6;

/**
 * The usual message of Message mode, `[tag, time, record]` or `[tag, time, record, option]`, in one
 * pass and without a copy. Its time and its record are a packed entry but for the head of the entry's
 * array: that is put over the last byte of the tag, which has been read by then. Everything that is
 * unusual, cut, too large or wrong is left to the parser, and the bytes are as they were.
 */
export class SingleEvent {
  start = 0;
  /** After the message. */
  end = 0;
  tag = '';
  option: MessageOption | undefined;
  entryStart = 0;
  entryEnd = 0;
  // As a scan counts.
  entries = 1;
  invalid = 0;
  zeroTimes = 0;
  extensions = false;

  constructor(private readonly settings: ReaderSettings) {}

  /** @returns whether there is one at this place */
  find(bytes: Buffer, start: number, end: number): boolean {
    const first = bytes[start];
    if ((first !== 0x94 && first !== 0x93) || start + 2 > end) return false;
    const tagSize = bytes[start + 1] - 0xa0;
    const time = start + 2 + tagSize;
    if (tagSize < 1 || tagSize > 0x1f || time + LEAST > end) return false;
    const kind = bytes[time];
    if (kind !== 0xd7 && kind !== 0xce) return false;
    const tag = readTag(bytes, start + 2, time);
    const entry = time - 1;
    const before = bytes[entry];
    bytes[entry] = 0x92;
    if (this.check(bytes, start, entry, end)) {
      this.tag = tag;
      return true;
    }
    bytes[entry] = before;
    return false;
  }

  private check(bytes: Buffer, start: number, entry: number, end: number): boolean {
    const { settings } = this;
    const found = scanEntries(bytes, entry, end, 1);
    const size = found.end - entry;
    if (found.entries !== 1 || size > settings.eventSizeLimit || size > MOST_VALUES) return false;
    let next = found.end;
    let option: MessageOption | undefined;
    if (bytes[start] === 0x94) {
      next = skipValue(bytes, next, end);
      if (next < 0 || next - found.end > LONGEST_ID) return false;
      option = new MessageOption(bytes, found.end, next);
      if (option.signal !== 'logs') return false;
    }
    if (next - start > settings.chunkSizeLimit) return false;
    if (entry - 1 - start > settings.tagSizeLimit) return false;
    this.start = start;
    this.end = next;
    this.option = option;
    this.entryStart = entry;
    this.entryEnd = found.end;
    this.invalid = found.invalid;
    this.zeroTimes = found.zeroTimes;
    this.extensions = found.extensions;
    return true;
  }
}
