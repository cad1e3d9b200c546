import { constants } from 'node:fs';
import { fstatSync } from 'node:fs';
import { open, rename, stat, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { Logger } from '@sluice/server';
import { lockFile, tryLockFile, unlockFile } from './file-lock.js';
import { gzipMember } from './gzip-member.js';
import { PageWriter, type Fill } from './page-writer.js';
import type { FileName } from './path-template.js';
import { createNumbered, freeNumber, newestNumbered, numberedPath, removeOld } from './rotation.js';
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
  /** With `append` false: every write makes a new file, as each holds a whole chunk. */
  readonly filePerWrite: boolean;
  readonly compress: boolean;
  readonly fsync: boolean;
  /** Seconds to gather what is written together. */
  readonly writeInterval: number;
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
const permanent = new Set(['EEXIST', 'EINVAL', 'EISDIR', 'ELOOP', 'ENAMETOOLONG', 'ENOTDIR']);
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
  readonly #writer: PageWriter;
  #open: OpenFile | undefined;
  /** By the monotonic clock; 0 where the path has to be looked at again. */
  #checkedAt = 0;
  #lockMissing = false;
  #lockedByOther = false;

  constructor(
    readonly name: FileName,
    readonly context: LogFileContext,
  ) {
    this.#writer = new PageWriter((bytes) => this.#write(bytes), context.writeInterval * 1000);
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
   * Appends what `fill` writes; it is called at once.
   *
   * @returns resolves when they are written (with `fsync`: on the disk); rejects with the system's
   *   error, and then no part of them is left in the file; or with what `fill` throws
   */
  append(fill: Fill): Promise<void> {
    return this.#writer.append(fill);
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

  async #write(bytes: Buffer): Promise<void> {
    const { counters, log, stopping } = this.context;
    const packed = this.context.compress ? await gzipMember(bytes) : bytes;
    let failedAt = 0;
    let attempts = 0;
    for (;;) {
      try {
        await this.#writeOnce(packed);
        break;
      } catch (error) {
        const code = (error as NodeJS.ErrnoException).code ?? '';
        const reason = reasonOf(error, code);
        attempts += 1;
        this.#checkedAt = 0;
        if (code === '' || permanent.has(code) || stopping.aborted) {
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
          failedAt = performance.now();
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
    const seconds = Math.round((performance.now() - failedAt) / 100) / 10;
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
  async #writeOnce(bytes: Buffer): Promise<void> {
    const { counters } = this.context;
    let file = await this.#ensureOpen();
    if (file.regular) {
      for (;;) {
        const { regular } = file;
        const kept = await this.#locked(file, (locked) => this.#append(file, bytes, locked));
        // Not under the lock, so that others can write meanwhile. Where it fails the events are
        // written once more: what the kernel could not bring to the disk it may have forgotten.
        if (kept && regular && this.context.fsync) await file.handle.datasync();
        if (kept && !this.#isRemoved(file)) break;
        if (kept) await this.#closeHandle();
        file = await this.#ensureOpen();
      }
      if (this.context.filePerWrite) await this.#closeHandle();
    } else {
      await writeAll(file.handle, bytes);
    }
    counters.writes += 1;
    counters.writtenBytes += bytes.length;
  }

  /** Whether nobody can find the file any more, so that what is written to it is lost. */
  #isRemoved({ handle, path: removed }: OpenFile): boolean {
    if (fstatSync(handle.fd).nlink > 0) return false;
    this.context.log.warn({ path: removed }, `${removed} was removed: it is made anew`);
    return true;
  }

  /** @returns false where the file was full, and has been moved away. */
  async #append(file: OpenFile, bytes: Buffer, locked: boolean): Promise<boolean> {
    const { rotateSize } = this.context;
    await this.#check(file, locked);
    if (rotateSize !== undefined && file.end > 0 && file.end + bytes.length > rotateSize) {
      await this.#rotate(file);
      return false;
    }
    const before = file.end;
    let written = 0;
    try {
      await writeAll(file.handle, bytes, (count) => {
        written += count;
      });
    } catch (error) {
      // A line cut in the middle, by a full disk say, would spoil the next one too. Without the
      // lock another process may have written behind it: its lines are not ours to cut.
      if (written > 0 && (locked || fstatSync(file.handle.fd).size === before + written)) {
        await file.handle.truncate(before);
      }
      throw error;
    }
    file.end = before + bytes.length;
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
    const locked = await lockFile(handle.fd, {
      signal: this.context.stopping,
      onLocked: () => this.#tellLocked(file),
    });
    if (this.#lockedByOther) {
      this.#lockedByOther = false;
      this.context.log.info({ path: file.path }, `${file.path} is no longer locked`);
    }
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

  #tellLocked({ path: locked }: OpenFile): void {
    this.#lockedByOther = true;
    this.context.log.warn(
      { path: locked },
      `another process has locked ${locked}: events wait, unacknowledged, until it lets go`,
    );
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
    const now = performance.now();
    if (this.#checkedAt === 0 || now - this.#checkedAt >= checkInterval) {
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
    if (!append) await this.#repairNewest();
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

  /** With `append` false nobody writes to the files of before: a broken tail would stay for ever. */
  async #repairNewest(): Promise<void> {
    const newest = await newestNumbered(this.name);
    if (newest === undefined) return;
    const handle = await open(newest, 'r+').catch(() => undefined);
    if (handle === undefined) return; // its owner may not let us: the new file is what counts
    try {
      if (!(await handle.stat()).isFile() || !tryLockFile(handle.fd)) return;
      const regular = true;
      const file = { handle, path: newest, device: 0, inode: 0, regular, end: 0, checked: false };
      await this.#check(file, true);
    } finally {
      await handle.close(); // lets go of the lock, too
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
  const { O_APPEND, O_CREAT, O_NONBLOCK, O_RDWR, O_WRONLY } = constants;
  const found = await stat(file).catch(() => undefined);
  if (found === undefined || found.isFile() || found.isDirectory()) {
    return open(file, O_APPEND | O_CREAT | O_RDWR, mode);
  }
  // Opening a pipe waits for its reader, for ever if need be, and keeps a thread: ask first.
  const probe = found.isFIFO() ? await open(file, O_WRONLY | O_NONBLOCK) : undefined;
  try {
    return await open(file, O_APPEND | O_WRONLY, mode);
  } finally {
    await probe?.close();
  }
}

function reasonOf(error: unknown, code: string): string {
  const reason = error instanceof Error ? error.message : String(error);
  return code === 'ENXIO' ? `${reason}. It is a pipe that nobody reads from` : reason;
}

/** Writes all of it, however many bytes the kernel takes at a time. */
async function writeAll(
  handle: FileHandle,
  bytes: Buffer,
  onWritten?: (count: number) => void,
): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    const { bytesWritten } = await handle.write(bytes, at, bytes.length - at);
    at += bytesWritten;
    onWritten?.(bytesWritten);
  }
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
