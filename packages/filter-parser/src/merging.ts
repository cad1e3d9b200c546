import { encodeValue } from '@sluice/event-stream';
import { childCount, EntryCursor, headSize, isText, skipValue } from '@sluice/event-stream/packed';
import { fromPacked, packValue } from '@sluice/formats/ruby';
import type { FieldPath } from '@sluice/plugin';
import { without } from './fields.js';
import { textBytes } from './texts.js';

/** What becomes of the fields that a parser found. */
export interface MergingRules {
  readonly reserveData: boolean;
  readonly reserveTime: boolean;
  /** What is taken out of the record, where it is kept. */
  readonly removed: FieldPath | undefined;
  readonly injectKeyPrefix: string | undefined;
  readonly hashValueField: string | undefined;
}

/** The head of a map with one field. */
const hashHead = Buffer.from([0x81]);
const largestHead = 5;
const smallest = 4096;

/**
 * Events made of the fields that were found and of the record that they were found in, byte by byte:
 * nothing is decoded, so that 1.0 remains a float.
 */
export class MergedEvents {
  readonly #rules: MergingRules;
  readonly #hashKey: Buffer | undefined;
  readonly #prefix: Buffer | undefined;
  #bytes = Buffer.allocUnsafe(smallest);
  #length = 0;
  #count = 0;

  constructor(rules: MergingRules) {
    this.#rules = rules;
    const { hashValueField, injectKeyPrefix } = rules;
    if (hashValueField !== undefined) this.#hashKey = encodeValue(hashValueField);
    if (injectKeyPrefix !== undefined) this.#prefix = Buffer.from(injectKeyPrefix);
  }

  /**
   * @param source the event whose field was parsed
   * @param found packed events: what was found in it
   */
  add(source: EntryCursor, found: Buffer): void {
    const each = new EntryCursor(found);
    while (each.next()) {
      const prefixed =
        this.#prefix === undefined
          ? found.subarray(each.record, each.end)
          : withPrefix(found, each.record, this.#prefix);
      const fields =
        this.#hashKey === undefined ? prefixed : Buffer.concat([hashHead, this.#hashKey, prefixed]);
      const timed = this.#rules.reserveTime ? source : each;
      this.#room(timed.record - timed.start + source.end - source.start + fields.length);
      this.#copy(timed.bytes, timed.start, timed.record);
      this.#addRecord(source, fields);
      this.#count++;
    }
  }

  /** An event whose field does not parse: nothing is found, and nothing is taken out. */
  addUnparsed(source: EntryCursor): void {
    const none = Buffer.from([0x80]);
    const fields =
      this.#hashKey === undefined ? none : Buffer.concat([hashHead, this.#hashKey, none]);
    this.#room(2 * (source.end - source.start) + fields.length);
    this.#copy(source.bytes, source.start, source.record);
    this.#merge(source.bytes, source.record, undefined, fields);
    this.#count++;
  }

  /** All since the last time, in bytes that nobody else has. */
  take(): { bytes: Buffer; count: number } {
    const taken = { bytes: Buffer.from(this.#bytes.subarray(0, this.#length)), count: this.#count };
    this.#length = 0;
    this.#count = 0;
    return taken;
  }

  #addRecord(source: EntryCursor, fields: Buffer): void {
    const { reserveData, removed } = this.#rules;
    if (!reserveData) {
      this.#copy(fields, 0, fields.length);
      return;
    }
    if (removed !== undefined && removed.length > 1) {
      const rest = packValue(without(fromPacked(source.bytes, source.record), removed));
      this.#room(rest.length + fields.length);
      this.#merge(rest, 0, undefined, fields);
    } else {
      const name = removed === undefined ? undefined : Buffer.from(String(removed[0]));
      this.#merge(source.bytes, source.record, name, fields);
    }
  }

  /** As `merge` of Ruby: a field that both have keeps its place and gets the new value. */
  #merge(bytes: Buffer, record: number, removed: Buffer | undefined, fields: Buffer): void {
    const added = pairsOf(fields, 0);
    const used = new Set<Pair>();
    const head = this.#length;
    let count = 0;
    this.#length += largestHead;
    let at = record + headSize(bytes[record]);
    for (let left = childCount(bytes, record); left > 0; left -= 2) {
      const value = skipValue(bytes, at, bytes.length);
      const end = skipValue(bytes, value, bytes.length);
      const same = added.find(({ name }) => name !== undefined && isText(bytes, at, name));
      if (same !== undefined && used.has(same)) {
        // Of equal names the first keeps the place.
      } else if (same !== undefined && !isRemoved(bytes, at, removed)) {
        this.#copy(fields, same.start, same.end);
        used.add(same);
        count++;
      } else if (!isRemoved(bytes, at, removed)) {
        this.#copy(bytes, at, end);
        count++;
      }
      at = end;
    }
    for (const pair of added) {
      if (used.has(pair)) continue;
      this.#copy(fields, pair.start, pair.end);
      count++;
    }
    this.#closeMap(head, count);
  }

  #closeMap(head: number, count: number): void {
    const size = count < 16 ? 1 : count < 0x1_00_00 ? 3 : largestHead;
    const bytes = this.#bytes;
    if (size === 1) bytes[head] = 0x80 | count;
    else if (size === 3) {
      bytes[head] = 0xde;
      bytes.writeUInt16BE(count, head + 1);
    } else {
      bytes[head] = 0xdf;
      bytes.writeUInt32BE(count, head + 1);
    }
    bytes.copyWithin(head + size, head + largestHead, this.#length);
    this.#length -= largestHead - size;
  }

  #copy(from: Buffer, start: number, end: number): void {
    this.#length += from.copy(this.#bytes, this.#length, start, end);
  }

  #room(bytes: number): void {
    const needed = this.#length + bytes + 2 * largestHead;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, 2 * this.#bytes.length));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}

interface Pair {
  /** UTF-8; undefined for a name that is not text. */
  readonly name: Buffer | undefined;
  readonly start: number;
  readonly end: number;
}

function pairsOf(bytes: Buffer, record: number): Pair[] {
  const pairs: Pair[] = [];
  let start = record + headSize(bytes[record]);
  for (let left = childCount(bytes, record); left > 0; left -= 2) {
    const end = skipValue(bytes, skipValue(bytes, start, bytes.length), bytes.length);
    pairs.push({ name: textBytes(bytes, start), start, end });
    start = end;
  }
  return pairs;
}

function isRemoved(bytes: Buffer, at: number, name: Buffer | undefined): boolean {
  return name !== undefined && isText(bytes, at, name);
}

/** The record with a prefix before each name. */
function withPrefix(bytes: Buffer, record: number, prefix: Buffer): Buffer {
  const head = bytes.subarray(record, record + headSize(bytes[record]));
  const parts: Buffer[] = [head];
  for (const { name, start, end } of pairsOf(bytes, record)) {
    const value = skipValue(bytes, start, end);
    const named =
      name === undefined
        ? bytes.subarray(start, value)
        : encodeValue(Buffer.concat([prefix, name]).toString('utf8'));
    parts.push(named, bytes.subarray(value, end));
  }
  return Buffer.concat(parts);
}
