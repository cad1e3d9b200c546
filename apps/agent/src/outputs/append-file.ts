import { mkdir, open, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { GroupWriter } from './group-writer.js';
import { writeFully } from './write-fully.js';

export interface AppendFileOptions {
  /** Wait until the data is on the disk, not only handed to the kernel. Default false. */
  readonly fsync?: boolean;
  /** Permissions of a file that is created. Default 0o644. */
  readonly mode?: number;
  /** Permissions of folders that are created. Default 0o755. */
  readonly folderMode?: number;
}

/** A file that only grows; one write, and one fsync, for all that wait at a time. */
export class AppendFile {
  #handle: FileHandle | undefined;
  #size = 0;
  readonly #writer = new GroupWriter((chunks) => this.#write(chunks));

  constructor(
    readonly path: string,
    readonly options: AppendFileOptions = {},
  ) {}

  /** Bytes in the file. */
  get size(): number {
    return this.#size;
  }

  /**
   * Creates the folder and opens the file.
   *
   * @throws the system's error (EACCES, ENOTDIR, EROFS, …), with `path`
   */
  async open(): Promise<void> {
    await mkdir(path.dirname(this.path), {
      recursive: true,
      mode: this.options.folderMode ?? 0o755,
    });
    this.#handle = await open(this.path, 'a', this.options.mode ?? 0o644);
    this.#size = (await this.#handle.stat()).size;
  }

  /**
   * Appends the bytes, which must not change until the promise settles.
   *
   * @returns resolves when they are written (with `fsync`: on the disk); rejects with the system's
   *   error, and then no part of them is left in the file
   */
  append(bytes: Buffer): Promise<void> {
    return this.#writer.write(bytes);
  }

  /** Waits for what was appended, and closes the file. */
  async close(): Promise<void> {
    await this.#writer.idle();
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
  }

  async #write(chunks: Buffer[]): Promise<void> {
    const handle = this.#handle;
    if (handle === undefined) throw new Error(`${this.path} is not open`);
    try {
      await writeFully((vectors) => handle.writev(vectors), chunks);
      if (this.options.fsync === true) await handle.datasync();
    } catch (error) {
      // A line cut in the middle, by a full disk say, would spoil the next one too.
      await handle.truncate(this.#size).catch(() => undefined);
      throw error;
    }
    for (const chunk of chunks) this.#size += chunk.length;
  }
}
