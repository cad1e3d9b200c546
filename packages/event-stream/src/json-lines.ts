import { Line, type JsonLinesOptions } from './json-line.js';
import * as writer from './json-writer.js';
import { EntryCursor } from './packed/entry-cursor.js';
import type { PackedFields } from './packed/set-fields.js';
import { writeWithEngine } from './wasm/write-lines.js';

/** Streams of fewer bytes are written faster without WebAssembly. */
const FEW = 512;

/** What is transcoded. */
export interface Entries {
  readonly bytes: Buffer;
  /** Fields that are set in each record meanwhile. */
  readonly set: PackedFields | undefined;
}

/** Transcodes packed entries that have been validated. */
export function toJsonLines(entries: Entries, options: JsonLinesOptions): Buffer {
  writer.writeToScratch();
  try {
    writeLines(entries, options);
    return Buffer.from(writer.written());
  } finally {
    writer.keepScratch();
    writer.letGo();
  }
}

/** Transcodes into the caller's buffer: see {@link EventStream.writeJsonLines}. */
export function writeJsonLines(
  entries: Entries,
  target: Buffer,
  offset: number,
  options: JsonLinesOptions,
): number {
  if (!(offset >= 0 && offset <= target.length)) {
    throw new RangeError(`the offset ${offset} lies outside of the ${target.length} bytes`);
  }
  writer.writeTo(target, offset);
  try {
    writeLines(entries, options);
    const end = writer.position();
    if (end > target.length) return -end;
    // A writer makes room for the worst case, so it may have gone on elsewhere without need.
    const lines = writer.written(offset);
    if (lines.buffer !== target.buffer) lines.copy(target, offset);
    return end;
  } finally {
    writer.letGo();
  }
}

function writeLines({ bytes, set }: Entries, options: JsonLinesOptions): void {
  const line = new Line(options, set);
  if (bytes.length >= FEW && writeWithEngine(bytes, line)) return;
  const entry = new EntryCursor(bytes);
  let pos = 0;
  writer.readFrom(bytes);
  while (entry.moveTo(pos)) pos = line.write(entry);
}
