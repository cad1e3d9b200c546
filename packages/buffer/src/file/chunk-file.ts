import { rm, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import type { EventStream } from '@sluice/event-stream';
import { writeFully, type ChunkMetadata, type StoredChunk } from '@sluice/plugin';
import { encodeHeader, encodeRecordHead, seedOf } from '../chunk-format.js';
import type { Disk } from './disk.js';

/** Appends that are written and synced together. */
class Group {
  readonly parts: Buffer[] = [];
  bytes = 0;
  events = 0;
  resolve!: () => void;
  reject!: (error: unknown) => void;
  readonly done = new Promise<void>((resolve, reject) => {
    this.resolve = resolve;
    this.reject = reject;
  });
}

export interface ChunkFileOptions {
  readonly id: string;
  readonly file: string;
  readonly metadata: ChunkMetadata;
  readonly createdAt: number;
  /** What an earlier process has written. Default: the chunk is new. */
  readonly bytes?: number;
  readonly events?: number;
  /** Where its records end, if that is the end of the file: more can be appended. Default: it is new. */
  readonly end?: number;
  readonly disk: Disk;
  /** Default: nothing is compressed. */
  readonly compress?: ((bytes: Buffer) => Promise<Buffer>) | undefined;
  /** Reads all of it, and tells of damage. */
  readonly read: (file: string) => Promise<EventStream>;
  /** Whether the store is closed. */
  readonly isClosed: () => boolean;
}

/**
 * One chunk as one file that grows. What is appended in one turn of the event loop, and while a
 * write is under way, is one record, with one write and one sync: the bytes are not copied on the
 * way. A write that fails is cut off again, and its appends are refused.
 */
export class ChunkFile implements StoredChunk {
  readonly id: string;
  readonly metadata: ChunkMetadata;
  readonly createdAt: number;
  bytes: number;
  events: number;
  readonly #options: ChunkFileOptions;
  readonly #seed: number;
  #handle: FileHandle | undefined;
  /** Bytes of the file that are good. */
  #size: number;
  /** The file's name is as safe as the store makes it. */
  #named = false;
  #group: Group | undefined;
  #running: Promise<void> | undefined;

  constructor(options: ChunkFileOptions) {
    this.#options = options;
    this.id = options.id;
    this.metadata = options.metadata;
    this.createdAt = options.createdAt;
    this.bytes = options.bytes ?? 0;
    this.events = options.events ?? 0;
    this.#size = options.end ?? 0;
    this.#seed = seedOf(options.id);
  }

  get appendable(): boolean {
    return this.#size > 0;
  }

  append(stream: EventStream): Promise<void> {
    const group = (this.#group ??= new Group());
    group.parts.push(stream.bytes);
    group.bytes += stream.bytes.length;
    group.events += stream.count;
    this.bytes += stream.bytes.length;
    this.events += stream.count;
    this.#running ??= this.#run();
    return group.done;
  }

  async seal(): Promise<void> {
    await this.#running;
    await this.#close();
  }

  read(): Promise<EventStream> {
    return this.#options.read(this.#options.file);
  }

  async remove(): Promise<void> {
    if (this.#options.isClosed()) return;
    await this.#running;
    await this.#close();
    await rm(this.#options.file, { force: true });
  }

  async #run(): Promise<void> {
    // What else has come with this turn of the event loop joins.
    await new Promise((resolve) => setImmediate(resolve));
    for (let group = this.#group; group !== undefined; group = this.#group) {
      this.#group = undefined;
      try {
        await this.#write(group);
        group.resolve();
      } catch (error) {
        this.bytes -= group.bytes;
        this.events -= group.events;
        group.reject(error);
      }
    }
    this.#running = undefined;
  }

  async #write(group: Group): Promise<void> {
    const { disk, file } = this.#options;
    const parts = await this.#payload(group);
    const record = [encodeRecordHead(parts, group.bytes, group.events, this.#seed), ...parts];
    const isNew = this.#size === 0;
    this.#handle ??= await disk.open(file, isNew ? 'wx' : 'r+');
    const handle = this.#handle;
    let at = this.#size;
    try {
      await writeFully(
        async (vectors) => {
          const result = await handle.writev(vectors, at);
          at += result.bytesWritten;
          return result;
        },
        isNew ? [encodeHeader(this), ...record] : record,
      );
      await disk.written(handle);
      if (!this.#named) await disk.created(path.dirname(file));
      this.#named = true;
    } catch (error) {
      await this.#cutOff(handle, isNew);
      throw error;
    }
    this.#size = at;
    if (disk.crowded && this.#group === undefined) await this.#close();
  }

  /** A record as it is stored: compressed where that makes it smaller. */
  async #payload({ parts, bytes }: Group): Promise<Buffer[]> {
    const { compress } = this.#options;
    if (compress === undefined) return parts;
    const packed = await compress(parts.length === 1 ? parts[0] : Buffer.concat(parts));
    return packed.length < bytes ? [packed] : parts;
  }

  /** Takes the beginning of a failed write away: what was refused is not to be delivered. */
  async #cutOff(handle: FileHandle, isNew: boolean): Promise<void> {
    try {
      if (!isNew) {
        await handle.truncate(this.#size);
        return;
      }
      await this.#close();
      await rm(this.#options.file, { force: true });
    } catch {
      // The next write begins at the same place; a record that is cut short is not read.
    }
  }

  async #close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    if (handle !== undefined) await this.#options.disk.close(handle);
  }
}
