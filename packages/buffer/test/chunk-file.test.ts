import { open, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { ChunkFile } from '../src/file/chunk-file.js';
import { readChunk } from '../src/file/chunk-reader.js';
import { Disk } from '../src/file/disk.js';
import { temporaryFolder } from './support/behaviour.js';
import { events } from './support/buffered.js';

/** A disk that is full when a test says so: it takes a part of a write, and then fails. */
class SmallDisk extends Disk {
  full = false;
  syncFails = false;
  syncs = 0;

  constructor() {
    super('true', 1000, 0o600, () => undefined);
  }

  override async open(file: string, flags: 'wx' | 'r+'): Promise<FileHandle> {
    const handle = await super.open(file, flags);
    const writev = handle.writev.bind(handle);
    handle.writev = (async (buffers: Buffer[], position: number) => {
      if (!this.full) return writev(buffers, position);
      const all = Buffer.concat(buffers);
      await handle.write(all.subarray(0, all.length >> 1), 0, all.length >> 1, position);
      throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
    }) as FileHandle['writev'];
    const datasync = handle.datasync.bind(handle);
    handle.datasync = async () => {
      this.syncs += 1;
      if (this.syncFails) throw Object.assign(new Error('EIO: i/o error'), { code: 'EIO' });
      await datasync();
    };
    return handle;
  }
}

function chunkOn(disk: Disk): { chunk: ChunkFile; file: string } {
  const file = path.join(temporaryFolder(), 'a.chunk');
  const chunk = new ChunkFile({
    id: 'a'.repeat(32),
    metadata: { tag: 'a' },
    createdAt: 1,
    file,
    disk,
    read: async (from) => (await readChunk(from)).stream,
    isClosed: () => false,
  });
  return { chunk, file };
}

async function inFile(file: string): Promise<unknown> {
  const { stream, damagedBytes, tornBytes } = await readChunk(file);
  return { ns: [...stream].map(({ record }) => record.n), damagedBytes, tornBytes };
}

test('a full disk refuses appends, from the first on, and takes others when there is room', async () => {
  const disk = new SmallDisk();
  const { chunk, file } = chunkOn(disk);
  disk.full = true;
  await expect(chunk.append(events(1))).rejects.toMatchObject({ code: 'ENOSPC' });
  expect(chunk).toMatchObject({ bytes: 0, events: 0 });
  disk.full = false;
  await chunk.append(events(2));
  disk.full = true;
  await expect(chunk.append(events(3))).rejects.toMatchObject({ code: 'ENOSPC' });
  expect(await inFile(file)).toEqual({ ns: [2], damagedBytes: 0, tornBytes: 0 });
  disk.full = false;
  await chunk.append(events(4));
  await chunk.seal();
  expect(await inFile(file)).toEqual({ ns: [2, 4], damagedBytes: 0, tornBytes: 0 });
});

test('what could not be synced is refused and taken away', async () => {
  const disk = new SmallDisk();
  const { chunk, file } = chunkOn(disk);
  await chunk.append(events(1));
  disk.syncFails = true;
  await expect(chunk.append(events(2))).rejects.toMatchObject({ code: 'EIO' });
  disk.syncFails = false;
  await chunk.seal();
  expect(await inFile(file)).toEqual({ ns: [1], damagedBytes: 0, tornBytes: 0 });
});

test('appends of one turn, and those that come while it is written, share a sync each', async () => {
  const disk = new SmallDisk();
  const { chunk } = chunkOn(disk);
  const first = [chunk.append(events(1)), chunk.append(events(2))];
  await Promise.all(first);
  expect(disk.syncs).toBe(1);
  await chunk.seal();
});

test('a write that the disk has cut short is found to be torn', async () => {
  const { chunk, file } = chunkOn(new SmallDisk());
  await chunk.append(events(1));
  await chunk.append(events(2));
  await chunk.seal();
  const handle = await open(file, 'r+');
  const { size } = await handle.stat();
  await handle.truncate(size - 1);
  await handle.close();
  expect(await inFile(file)).toMatchObject({ ns: [1], damagedBytes: 0 });
});
