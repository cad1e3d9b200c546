import { lstat, mkdir, open, rename } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { EventStream } from '@sluice/event-stream';
import type { StoredChunk } from '@sluice/plugin';
import { encodeHeader, encodeRecordHead, seedOf } from './chunk-format.js';

/** The ending of the files that chunks are kept in. */
export const chunkSuffix = '.chunk';

/** Where chunks that are given up are put, unless another folder is named. */
export function usualBackupFolder(pluginId: string, workerId: number): string {
  const user = typeof process.getuid === 'function' ? `-${process.getuid()}` : '';
  return path.join(
    os.tmpdir(),
    `sluice${user}`,
    'backup',
    `worker${workerId}`,
    pluginId.replace(/[^\w.-]/g, '_'),
  );
}

/**
 * Writes a chunk that is given up into a folder, in the format of the file store: moved into a
 * buffer's folder it is delivered after all.
 *
 * @returns the file
 */
export async function backUp(
  folder: string,
  chunk: StoredChunk,
  stream: EventStream,
): Promise<string> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const { uid } = await lstat(folder);
  if (typeof process.getuid === 'function' && uid !== process.getuid() && process.getuid() !== 0) {
    throw new Error(`the folder ${folder} belongs to another user`);
  }
  const file = path.join(folder, `${chunk.id}${chunkSuffix}`);
  const { bytes, count } = stream;
  const head = encodeRecordHead([bytes], bytes.length, count, seedOf(chunk.id));
  const { id, metadata, createdAt } = chunk;
  const handle = await open(`${file}.part`, 'w', 0o600);
  try {
    await handle.writeFile(Buffer.concat([encodeHeader({ id, metadata, createdAt }), head, bytes]));
    await handle.datasync();
  } finally {
    await handle.close();
  }
  await rename(`${file}.part`, file);
  return file;
}
