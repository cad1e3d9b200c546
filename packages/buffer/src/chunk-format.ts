import { crc32 } from 'node:zlib';
import type { ChunkMetadata } from '@sluice/plugin';

/*
 * A chunk as a file:
 *
 *   file   = magic, header, record*
 *   header = length u32, CRC-32 u32, JSON { id, tag, timekey?, variables?, createdAt }
 *   record = mark u32, stored length u32, raw length u32, events u32, CRC-32 u32, payload
 *
 * Numbers are big-endian. A payload is packed events; where the raw length is another than the
 * stored one, compressed by gzip. A record's CRC begins with that of the chunk's id and goes over
 * the three numbers before it and the payload: bytes of an event that look like a record do not
 * pass as one, for whoever sent them does not know the id.
 */

const magic = Buffer.from('SLUICE\x01\n', 'latin1');
/** No MessagePack value begins with c1. */
const mark = 0xc15e6d00;
const markBytes = Buffer.from([0xc1, 0x5e, 0x6d, 0x00]);
/** Bytes in front of a payload. */
export const recordHeadSize = 20;
/** Bytes in front of the JSON. */
const headerHeadSize = magic.length + 8;
/** Tags and keys are text of at most some KiB. */
const largestHeader = 16 * 1024 * 1024;

/** What the header of a chunk's file tells. */
export interface ChunkHeader {
  readonly id: string;
  readonly metadata: ChunkMetadata;
  /** Unix time in milliseconds. */
  readonly createdAt: number;
}

/** Thrown for a file that is not a chunk, or whose header is damaged. */
export class ChunkFormatError extends Error {
  /** For programs: it stays where the text of the message changes. */
  readonly code = 'ERR_SLUICE_CHUNK_FORMAT';
  /** What a stack trace begins with. */
  override readonly name = 'ChunkFormatError';
}

/** What the CRCs of a chunk's records begin with. */
export function seedOf(id: string): number {
  return crc32(id);
}

/** The beginning of a chunk's file. */
export function encodeHeader({ id, metadata, createdAt }: ChunkHeader): Buffer {
  const json = Buffer.from(JSON.stringify({ id, ...metadata, createdAt }));
  const head = Buffer.alloc(8);
  head.writeUInt32BE(json.length, 0);
  head.writeUInt32BE(crc32(json), 4);
  return Buffer.concat([magic, head, json]);
}

/**
 * Reads the beginning of a chunk's file.
 *
 * @param bytes at least the header; or less, and then `size` tells how much is needed
 * @throws ChunkFormatError
 */
export function decodeHeader(bytes: Buffer): { header?: ChunkHeader; size: number } {
  if (bytes.length < headerHeadSize) return { size: headerHeadSize };
  if (!bytes.subarray(0, magic.length).equals(magic)) {
    throw new ChunkFormatError('the file is not a chunk');
  }
  const length = bytes.readUInt32BE(magic.length);
  const size = headerHeadSize + length;
  if (length > largestHeader) throw new ChunkFormatError('the header is damaged');
  if (bytes.length < size) return { size };
  const json = bytes.subarray(headerHeadSize, size);
  // Of no bytes the CRC is 0: a disk that has lost the page gives both.
  if (length === 0 || crc32(json) !== bytes.readUInt32BE(magic.length + 4)) {
    throw new ChunkFormatError('the header is damaged');
  }
  return { header: headerOf(json.toString()), size };
}

/** @throws ChunkFormatError for a header that somebody else has written */
function headerOf(json: string): ChunkHeader {
  try {
    const { id, createdAt, ...metadata } = JSON.parse(json) as ChunkMetadata & {
      id: string;
      createdAt: number;
    };
    const texts = [id, metadata.tag];
    if (texts.every((text) => typeof text === 'string') && Number.isFinite(createdAt)) {
      return { id, metadata, createdAt };
    }
  } catch {
    // Not JSON.
  }
  throw new ChunkFormatError('the header is not one of a chunk');
}

/** The bytes in front of a payload, which may come in parts. */
export function encodeRecordHead(
  parts: readonly Buffer[],
  rawLength: number,
  events: number,
  seed: number,
): Buffer {
  const head = Buffer.allocUnsafe(recordHeadSize);
  head.writeUInt32BE(mark, 0);
  head.writeUInt32BE(
    parts.reduce((sum, { length }) => sum + length, 0),
    4,
  );
  head.writeUInt32BE(rawLength, 8);
  head.writeUInt32BE(events, 12);
  let crc = crc32(head.subarray(4, 16), seed);
  for (const part of parts) crc = crc32(part, crc);
  head.writeUInt32BE(crc, 16);
  return head;
}

/** One record, as its head tells. */
export interface RecordHead {
  readonly length: number;
  readonly rawLength: number;
  readonly events: number;
}

/** The head of the record at `at`, unchecked; undefined where there is none. */
export function recordHeadAt(bytes: Buffer, at: number): RecordHead | undefined {
  if (at + recordHeadSize > bytes.length || bytes.readUInt32BE(at) !== mark) return undefined;
  return {
    length: bytes.readUInt32BE(at + 4),
    rawLength: bytes.readUInt32BE(at + 8),
    events: bytes.readUInt32BE(at + 12),
  };
}

/** A record whose CRC is right. */
export interface FoundRecord extends RecordHead {
  readonly payload: Buffer;
}

/** What the records of a file are. */
export interface ScannedRecords {
  readonly records: readonly FoundRecord[];
  /** Where the last whole record ends. */
  readonly end: number;
  /** Bytes between whole records, or after the last one where they are not the start of one. */
  readonly damagedBytes: number;
  /** Bytes after the last whole record that are the beginning of one: its write was cut short. */
  readonly tornBytes: number;
}

/**
 * Finds the whole records of a chunk, beyond damaged ones too.
 *
 * @param from where the first record begins
 */
export function scanRecords(bytes: Buffer, from: number, seed: number): ScannedRecords {
  const steps = scanSteps(bytes, from, seed);
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}

/** As `scanRecords`, a step for each record: the one who asks can let others work between them. */
export function* scanSteps(
  bytes: Buffer,
  from: number,
  seed: number,
): Generator<undefined, ScannedRecords, undefined> {
  const records: FoundRecord[] = [];
  let end = from;
  let damagedBytes = 0;
  let at = from;
  while (at < bytes.length) {
    const found = recordAt(bytes, at, seed);
    if (found !== undefined) {
      records.push(found);
      at += recordHeadSize + found.length;
      end = at;
      yield undefined;
      continue;
    }
    const next = nextRecord(bytes, at + 1, seed);
    if (next < 0) break;
    damagedBytes += next - at;
    at = next;
  }
  const rest = bytes.length - end;
  const torn = rest > 0 && isCutShort(bytes, end);
  return {
    records,
    end,
    damagedBytes: damagedBytes + (torn ? 0 : rest),
    tornBytes: torn ? rest : 0,
  };
}

function recordAt(bytes: Buffer, at: number, seed: number): FoundRecord | undefined {
  const head = recordHeadAt(bytes, at);
  if (head === undefined) return undefined;
  const start = at + recordHeadSize;
  if (start + head.length > bytes.length) return undefined;
  const payload = bytes.subarray(start, start + head.length);
  const crc = crc32(payload, crc32(bytes.subarray(at + 4, at + 16), seed));
  return crc === bytes.readUInt32BE(at + 16) ? { ...head, payload } : undefined;
}

function nextRecord(bytes: Buffer, from: number, seed: number): number {
  let at = bytes.indexOf(markBytes, from);
  while (at >= 0 && recordAt(bytes, at, seed) === undefined) at = bytes.indexOf(markBytes, at + 1);
  return at;
}

/** Whether what begins here is a record whose bytes end too early. */
function isCutShort(bytes: Buffer, at: number): boolean {
  const start = bytes.subarray(at, at + markBytes.length);
  if (!start.equals(markBytes.subarray(0, start.length))) return false;
  const head = recordHeadAt(bytes, at);
  return head === undefined || at + recordHeadSize + head.length > bytes.length;
}
