import { constants } from 'node:fs';
import { fstatSync } from 'node:fs';
import { open, rename, stat, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { Logger } from '@sluice/server';
import { GroupWriter } from '@sluice/plugin';
import { writeFully } from '@sluice/plugin';
import { lockFile, unlockFile } from './file-lock.js';
import { gzipMember } from './gzip-member.js';
import type { FileName } from './path-template.js';
import { createNumbered, freeNumber, numberedPath, removeOld } from './rotation.js';
import type { TailRule } from './tail.js';
import { makeFolder } from './make-folder.js';

/** What happened, summed up over all files of one output. */
export interface FileCounters {
  /** System calls for writing that were successful, each for a group of events. */
  writes: number;
  /** Bytes that they wrote, compressed where `compress` says so. */
  writtenBytes: number;
  /** Writes that failed and were tried again. */
  retries: number;
  /** Files whose write fails at the moment. */
  failing: number;
  /** Groups that were given up, and not acknowledged. */
  failedWrites: number;
  rotations: number;
  /** Broken tails that were cut off. */
  repairs: number;
  repairedBytes: number;
}

/** What all files of one output share. */
export interface LogFileContext {
  readonly log: Logger;
  readonly counters: FileCounters;
  /** Aborted when the output stops: a write that fails from then on is not tried again. */
  readonly stopping: AbortSignal;
  /** Called with the path of each file that is opened. */
  readonly onOpen: (name: FileName, openedPath: string) => Promise<void>;

  /** Whether other workers may write the same files. */
  readonly shared: boolean;
  /** Grow a file that is there; otherwise every open makes a new, numbered one. */
  readonly append: boolean;
  readonly compress: boolean;
  readonly fsync: boolean;
  /** Seconds to gather what is written together. */
  readonly flushInterval: number;
  /** Bytes; a file that would become larger is rotated first. */
  readonly rotateSize?: number | undefined;
  /** How many rotated files stay; all where it is absent. */
  readonly rotateAge?: number | undefined;
  /** Undefined where the format has no ends that could be found. */
  readonly tail: TailRule | undefined;
  readonly fileMode: number;
  readonly folderMode: number;
}

/** Errors that waiting does not mend, because they come from the name of the file. */
const hopeless = new Set(['EEXIST', 'EINVAL', 'EISDIR', 'ELOOP', 'ENAMETOOLONG', 'ENOTDIR']);
/** How long a file is trusted to be still the one that its path leads to, in milliseconds. */
const checkInterval = 1000;
const firstDelay = 100;
const longestDelay = 5000;

interface OpenFile {
  readonly handle: FileHandle;
  readonly path: string;
  readonly device: number;
  readonly inode: number;
  /** A file on a disk: not a pipe or a device, which can be neither locked nor cut. */
  readonly regular: boolean;
  /** Up to here it is known to be whole. */
  end: number;
  /** Whether it has been checked as far as it goes. */
  checked: boolean;
}

/**
 * One file that grows: one write, and one fsync, for all that wait at a time. Whatever goes wrong
 * with it, what is acknowledged is in it, and whole.
 *
 * Several processes may write the same path: each write happens under a lock of the kernel, and
 * who gets the lock first sees whether the one before it died in the middle.
 */
export class LogFile {
  readonly #writer: GroupWriter;
  #open: OpenFile | undefined;
  #checkedAt = 0;
  #lockMissing = false;

  constructor(
    readonly name: FileName,
    readonly context: LogFileContext,
  ) {
    this.#writer = new GroupWriter((chunks) => this.#write(chunks), {
      interval: context.flushInterval * 1000,
    });
  }

  get path(): string {
    return this.name.base + this.name.suffix;
  }

  get isIdle(): boolean {
    return this.#writer.isIdle;
  }

  /**
   * Opens the file, and cuts off a broken tail, before there is anything to write.
   *
   * @throws the system's error (EACCES, ENOTDIR, EROFS, …), with `path`
   */
  async open(): Promise<void> {
    const file = await this.#ensureOpen();
    if (!file.regular) return;
    await this.#locked(file, (locked) => this.#check(file, locked));
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

  /** Writes at once what waits for more, and to the file that the path leads to now. */
  flush(): void {
    this.#checkedAt = 0;
    this.#writer.flush();
  }

  /** Resolves when everything appended has been written or given up. */
  idle(): Promise<void> {
    return this.#writer.idle();
  }

  /** Waits for what was appended, and closes the file. */
  async close(): Promise<void> {
    await this.#writer.idle();
    await this.#closeHandle();
  }

  async #write(chunks: Buffer[]): Promise<void> {
    const { counters, log, stopping } = this.context;
    const packed = this.context.compress ? [await gzipMember(Buffer.concat(chunks))] : chunks;
    let failedAt = 0;
    let attempts = 0;
    for (;;) {
      try {
        await this.#writeOnce(packed);
        break;
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        const code = (error as NodeJS.ErrnoException).code ?? '';
        attempts += 1;
        this.#checkedAt = 0;
        if (code === '' || hopeless.has(code) || stopping.aborted) {
          if (failedAt !== 0) counters.failing -= 1;
          counters.failedWrites += 1;
          log.error(
            { path: this.path, reason },
            `cannot write to ${this.path}: the events are not kept and not acknowledged`,
          );
          throw error;
        }
        counters.retries += 1;
        if (failedAt === 0) {
          failedAt = Date.now();
          counters.failing += 1;
          log.warn(
            { path: this.path, reason },
            `cannot write to ${this.path}: events wait, unacknowledged, and are tried again`,
          );
        }
        await this.#delay(attempts);
      }
    }
    if (failedAt === 0) return;
    counters.failing -= 1;
    const seconds = Math.round((Date.now() - failedAt) / 100) / 10;
    log.info(
      { path: this.path, retries: attempts, seconds },
      `writing to ${this.path} works again: the events that waited are kept`,
    );
  }

  async #delay(attempts: number): Promise<void> {
    const milliseconds = Math.min(firstDelay * 2 ** (attempts - 1), longestDelay);
    await setTimeout(milliseconds, undefined, { signal: this.context.stopping }).catch(
      () => undefined,
    );
  }

  /** One attempt: all of it, or nothing. */
  async #writeOnce(chunks: Buffer[]): Promise<void> {
    let bytes = 0;
    for (const chunk of chunks) bytes += chunk.length;
    const { counters } = this.context;
    let file = await this.#ensureOpen();
    if (file.regular) {
      while (!(await this.#locked(file, (locked) => this.#append(file, chunks, bytes, locked)))) {
        file = await this.#ensureOpen();
      }
    } else {
      await writeFully((vectors) => file.handle.writev(vectors), chunks);
    }
    // Not under the lock, so that others can write meanwhile. Where it fails the events are written
    // once more: what the kernel could not bring to the disk it may have forgotten.
    if (this.context.fsync && file.regular) await file.handle.datasync();
    counters.writes += 1;
    counters.writtenBytes += bytes;
  }

  /** @returns false where the file was full, and has been moved away. */
  async #append(
    file: OpenFile,
    chunks: Buffer[],
    bytes: number,
    locked: boolean,
  ): Promise<boolean> {
    const { rotateSize } = this.context;
    await this.#check(file, locked);
    if (rotateSize !== undefined && file.end > 0 && file.end + bytes > rotateSize) {
      await this.#rotate(file);
      return false;
    }
    const before = file.end;
    let written = 0;
    try {
      await writeFully(async (vectors) => {
        const result = await file.handle.writev(vectors);
        written += result.bytesWritten;
        return result;
      }, chunks);
    } catch (error) {
      // A line cut in the middle, by a full disk say, would spoil the next one too. Without the
      // lock another process may have written behind it: its lines are not ours to cut.
      if (written > 0 && (locked || fstatSync(file.handle.fd).size === before + written)) {
        await file.handle.truncate(before);
      }
      throw error;
    }
    file.end = before + bytes;
    return true;
  }

  /**
   * Finds the end of the file, and cuts off what a process that was killed has left unfinished:
   * it was never acknowledged.
   */
  async #check(file: OpenFile, locked: boolean): Promise<void> {
    // Of an open file the kernel has this at hand: a system call, and no waiting for a disk.
    const { size } = fstatSync(file.handle.fd);
    const { end, checked } = file;
    if (size === end) return;
    const { tail, log, counters } = this.context;
    // Without the lock an unfinished line may be one that somebody is writing just now.
    if (tail !== undefined && size > end && (locked || !checked)) {
      const whole = await tail(file.handle, end, size);
      if (whole === undefined) {
        log.warn(
          { path: file.path },
          `${file.path} has something else in it: it is only appended to`,
        );
      } else if (whole < size) {
        await file.handle.truncate(whole);
        counters.repairs += 1;
        counters.repairedBytes += size - whole;
        log.warn(
          { path: file.path, bytes: size - whole },
          `cut an unfinished record off the end of ${file.path}`,
        );
      }
      file.end = whole ?? size;
    } else {
      file.end = size;
    }
    file.checked = true;
  }

  async #rotate(file: OpenFile): Promise<void> {
    const { counters, append, rotateAge, log } = this.context;
    // Somebody else may have moved it already: under the lock of this file nobody does it now.
    if (append && (await this.#isCurrent(file))) {
      const to = numberedPath(this.name, await freeNumber(this.name));
      await rename(file.path, to);
      log.debug({ path: file.path, to }, `${file.path} is full: it is ${to} now`);
    }
    counters.rotations += 1;
    this.#open = undefined;
    await file.handle.close(); // lets go of the lock, too
    if (rotateAge !== undefined) await removeOld(this.name, rotateAge, log);
  }

  async #locked<T>(file: OpenFile, work: (locked: boolean) => Promise<T>): Promise<T> {
    const { handle } = file;
    const locked = await lockFile(handle.fd);
    if (!locked && !this.#lockMissing) {
      this.#lockMissing = true;
      const level = this.context.shared ? 'warn' : 'debug';
      this.context.log[level](
        { path: file.path },
        `no file locks here: ${file.path} must have only one writer`,
      );
    }
    try {
      return await work(locked);
    } finally {
      if (locked && handle.fd >= 0) unlockFile(handle.fd);
    }
  }

  async #isCurrent({ path: opened, device, inode }: OpenFile): Promise<boolean> {
    try {
      const found = await stat(opened);
      return found.dev === device && found.ino === inode;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
      throw error;
    }
  }

  /** Opens the file, again where it has been moved or removed: by logrotate, or another worker. */
  async #ensureOpen(): Promise<OpenFile> {
    const now = Date.now();
    if (now - this.#checkedAt >= checkInterval) {
      if (this.#open !== undefined && !(await this.#isCurrent(this.#open))) {
        await this.#closeHandle();
      }
      this.#checkedAt = now;
    }
    this.#open ??= await this.#openHandle();
    return this.#open;
  }

  async #openHandle(): Promise<OpenFile> {
    const { append, fileMode, folderMode, fsync, onOpen } = this.context;
    const folder = path.dirname(this.path);
    await makeFolder(folder, folderMode);
    const opened = append
      ? { handle: await openGrowing(this.path, fileMode), path: this.path }
      : await createNumbered(this.name, fileMode);
    const { handle } = opened;
    try {
      const status = await handle.stat();
      if (fsync && status.size === 0 && status.isFile()) await syncFolder(folder);
      await onOpen(this.name, opened.path);
      const { dev: device, ino: inode } = status;
      return { ...opened, device, inode, regular: status.isFile(), end: 0, checked: false };
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  async #closeHandle(): Promise<void> {
    const file = this.#open;
    this.#open = undefined;
    await file?.handle.close();
  }
}

/** For reading as well, so that the tail can be looked at; pipes and devices only for writing. */
async function openGrowing(file: string, mode: number): Promise<FileHandle> {
  const { O_APPEND, O_CREAT, O_RDWR, O_WRONLY } = constants;
  const isOther = await stat(file).then(
    (status) => !status.isFile() && !status.isDirectory(),
    () => false,
  );
  return open(file, O_APPEND | (isOther ? O_WRONLY : O_CREAT | O_RDWR), mode);
}

/** A new file is on the disk only when its folder is. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
