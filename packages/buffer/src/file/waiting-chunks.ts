import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import type { EventStream } from '@sluice/event-stream';
import type { ChunkMetadata } from '@sluice/plugin';
import { ChunkFormatError } from '../chunk-format.js';
import { outlineOf, readChunk } from './chunk-reader.js';

/** A chunk that waits in the files of a buffer, or was set aside. */
export interface WaitingChunk {
  /** Its file. */
  readonly file: string;
  /** The folder that it is in: `worker0`, `backup`. */
  readonly folder: string;
  /** The chunk's id, 32 hexadecimal digits; its destinations know it by this. */
  readonly id: string;
  /** Its tag, and the values of the other chunk keys. */
  readonly metadata: ChunkMetadata;
  /** Unix time in milliseconds when it was begun. */
  readonly createdAt: number;
  /** As the heads of its records say, which is checked only when it is read. */
  readonly events: number;
  /** Bytes of packed events. */
  readonly bytes: number;
  /** Bytes of the file. */
  readonly size: number;
}

/** A file that looks like a chunk, and cannot be read as one. */
export interface UnreadableChunk {
  /** Its path. */
  readonly file: string;
  /** Why it cannot be read, for people. */
  readonly reason: string;
}

/** What {@link waitingChunks} finds, oldest first. */
export interface WaitingChunks {
  /** Those that a buffer would write. */
  readonly chunks: readonly WaitingChunk[];
  /** Those that are damaged, or were cut short. */
  readonly unreadable: readonly UnreadableChunk[];
}

/** The names that files of chunks have: `buffer.ID.log`, `ID.chunk`, and `.damaged` behind either. */
const chunkName = /^(?:buffer\.)?[0-9a-f]{32}\./;
const inner = /^(?:worker\d+(?:\.\d+)?|backup)$/;

/**
 * Looks at what waits in the files of a buffer, and at what is set aside in its folder `backup`.
 * Nothing is changed or locked: the agent may run meanwhile.
 *
 * @param where the path of a buffer, one of the folders in it, or the file of one chunk
 * @throws the error of the file system where that cannot be read
 */
export function waitingChunks(where: string): WaitingChunks {
  const chunks: WaitingChunk[] = [];
  const unreadable: UnreadableChunk[] = [];
  for (const file of filesAt(where)) {
    try {
      const { header, bytes, events, size } = outlineOf(file);
      const folder = path.basename(path.dirname(path.resolve(file)));
      chunks.push({ file, folder, ...header, events, bytes, size });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') continue; // it has just been written
      if (!(error instanceof ChunkFormatError)) throw error;
      if (statSync(file, { throwIfNoEntry: false })?.size === 0) continue; // it has just been begun
      unreadable.push({ file, reason: error.message });
    }
  }
  chunks.sort((a, b) => a.createdAt - b.createdAt);
  return { chunks, unreadable };
}

/** The events of a chunk, and how much of it is damaged. */
export interface ChunkContents {
  /** The events that are whole. */
  readonly stream: EventStream;
  /** Bytes that are not what was written. */
  readonly damagedBytes: number;
  /** Bytes of a last write that is not, or will never be, complete. */
  readonly tornBytes: number;
}

/** Reads the events of a chunk. @returns undefined where it is no longer there. @throws ChunkFormatError */
export async function readWaitingChunk(file: string): Promise<ChunkContents | undefined> {
  try {
    const { stream, damagedBytes, tornBytes } = await readChunk(file);
    return { stream, damagedBytes, tornBytes };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function filesAt(where: string): string[] {
  if (!statSync(where).isDirectory()) return [where];
  const files: string[] = [];
  for (const entry of readdirSync(where, { withFileTypes: true })) {
    const inside = path.join(where, entry.name);
    if (entry.isFile() && chunkName.test(entry.name)) files.push(inside);
    if (!entry.isDirectory() || !inner.test(entry.name)) continue;
    const names = readdirSync(inside).filter(
      (name) => chunkName.test(name) && !name.endsWith('.part'),
    );
    files.push(...names.map((name) => path.join(inside, name)));
  }
  return files;
}
