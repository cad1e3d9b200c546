import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import { EventStream } from '@sluice/event-stream';
import {
  ChunkFormatError,
  decodeHeader,
  recordHeadAt,
  recordHeadSize,
  scanSteps,
  seedOf,
  type ChunkHeader,
  type FoundRecord,
  type ScannedRecords,
} from '../chunk-format.js';
import { decompress } from '../compression.js';

const windowSize = 64 * 1024;
/** Mostly the header and the head of the first record, which may be all of it. */
const firstRead = 4096;

/** Milliseconds for which the check of a chunk holds the event loop at a time. */
const longestTurn = 8;

/** What is known of a chunk's file without reading all of it; nothing is checked but the header. */
export interface ChunkOutline {
  readonly header: ChunkHeader;
  /** Bytes of packed events. */
  readonly bytes: number;
  readonly events: number;
  /** Bytes of the file. */
  readonly size: number;
  /** Where the records end, as their heads say. */
  readonly end: number;
}

/** What a file is read into, one part after the other: nothing of it is kept. */
const buffer = Buffer.allocUnsafeSlow(windowSize);

/**
 * Reads the header of a chunk, and the heads of its records. It is done synchronously: a start has
 * thousands of files to look at, and each call of a thread costs more than the read.
 *
 * @throws ChunkFormatError
 */
export function outlineOf(file: string): ChunkOutline {
  const fd = openSync(file, 'r');
  try {
    const { size } = fstatSync(fd);
    let window = readAt(fd, 0, Math.min(size, firstRead));
    let decoded = decodeHeader(window);
    if (decoded.header === undefined && decoded.size <= size) {
      window = readAt(fd, 0, decoded.size);
      decoded = decodeHeader(window);
    }
    if (decoded.header === undefined) throw new ChunkFormatError('the file ends in its header');
    let [bytes, events] = [0, 0];
    let start = 0; // of the window
    let end = decoded.size;
    while (end + recordHeadSize <= size) {
      if (end + recordHeadSize > start + window.length) {
        start = end;
        window = readAt(fd, end, Math.min(size - end, windowSize));
      }
      const head = recordHeadAt(window, end - start);
      const next = end + recordHeadSize + (head?.length ?? size);
      if (head === undefined || next > size) break;
      bytes += head.rawLength;
      events += head.events;
      end = next;
    }
    return { header: decoded.header, bytes, events, size, end };
  } finally {
    closeSync(fd);
  }
}

function readAt(fd: number, at: number, length: number): Buffer {
  const bytes = length > windowSize ? Buffer.allocUnsafe(length) : buffer;
  return bytes.subarray(0, readSync(fd, bytes, 0, length, at));
}

/** A chunk as it was read. */
export interface ReadChunk {
  readonly header: ChunkHeader;
  readonly stream: EventStream;
  /** Bytes that are not what was written. */
  readonly damagedBytes: number;
  /** Bytes of a last write that was cut short: it was not acknowledged. */
  readonly tornBytes: number;
}

/** Reads a chunk's file, as far as it is whole. @throws ChunkFormatError */
export async function readChunk(file: string): Promise<ReadChunk> {
  const bytes = await readFile(file);
  const { header, size } = decodeHeader(bytes);
  if (header === undefined) throw new ChunkFormatError('the file ends in its header');
  const found = await scanned(bytes, size, seedOf(header.id));
  const { packed, events } = await joined(bytes, found.records);
  return {
    header,
    stream: EventStream.fromScanned(packed, events),
    damagedBytes: found.damagedBytes,
    tornBytes: found.tornBytes,
  };
}

/** Finds and checks the records, and lets others work in between: a chunk has up to 256 MiB. */
async function scanned(bytes: Buffer, from: number, seed: number): Promise<ScannedRecords> {
  const steps = scanSteps(bytes, from, seed);
  for (let begun = performance.now(); ;) {
    const { done, value } = steps.next();
    if (done === true) return value;
    if (performance.now() - begun < longestTurn) continue;
    await setImmediate();
    begun = performance.now();
  }
}

/**
 * The events of all records behind each other. Payloads that are not compressed are moved together
 * within the file's bytes: a chunk may be as large as memory allows once, but not twice.
 */
async function joined(
  bytes: Buffer,
  records: readonly FoundRecord[],
): Promise<{ packed: Buffer; events: number }> {
  const events = records.reduce((sum, record) => sum + record.events, 0);
  if (records.some(({ length, rawLength }) => length !== rawLength)) {
    const payloads: Buffer[] = [];
    for (const { payload, length, rawLength } of records) {
      payloads.push(length === rawLength ? payload : await decompress(payload, rawLength));
    }
    return { packed: payloads.length === 1 ? payloads[0] : Buffer.concat(payloads), events };
  }
  if (records.length === 1) return { packed: records[0].payload, events };
  let end = 0;
  for (const { payload } of records) {
    bytes.set(payload, end); // never over one that is still to come: each has its head before it
    end += payload.length;
  }
  return { packed: bytes.subarray(0, end), events };
}
