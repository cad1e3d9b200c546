import { mkdirSync, readdirSync, renameSync, rmSync, rmdirSync } from 'node:fs';
import path from 'node:path';
import { lockFolder, type Unlock } from './folder-lock.js';

export interface WorkerFoldersOptions {
  /** The folder of the buffer. */
  readonly root: string;
  readonly workerId: number;
  readonly workers: number;
  /** Mode of folders that are created. */
  readonly mode: number;
  /** Whether a file of this name is a chunk. */
  readonly isChunk: (name: string) => boolean;
}

/**
 * The folders inside the folder of a buffer: one for each process that writes, `worker0` and so on,
 * each locked by its writer. While a reload has two workers of one number, the second one's is
 * `worker0.1`. What is left in folders that nobody writes to any more is taken over.
 */
export class WorkerFolders {
  readonly #options: WorkerFoldersOptions;
  #own = '';
  #unlock: Unlock | undefined;

  constructor(options: WorkerFoldersOptions) {
    this.#options = options;
  }

  /** The folder that this process writes to. */
  get own(): string {
    return this.#own;
  }

  /** Finds a folder for this process, and locks it. @throws what the file system throws */
  open(): void {
    const { root, workerId, mode } = this.#options;
    for (let number = 0; ; number += 1) {
      const name = number === 0 ? `worker${workerId}` : `worker${workerId}.${number}`;
      const folder = path.join(root, name);
      mkdirSync(folder, { recursive: true, mode });
      this.#unlock = lockFolder(folder);
      if (this.#unlock === undefined) continue;
      this.#own = folder;
      return;
    }
  }

  /**
   * Moves chunks here that others have left: workers of this number before a reload, and those whose
   * numbers are no longer in use.
   *
   * @returns the files, and whether there are folders that others still write to
   */
  takeOver(): { files: string[]; more: boolean } {
    const files: string[] = [];
    let more = false;
    for (const name of this.#others()) {
      const folder = path.join(this.#options.root, name);
      const unlock = lockFolder(folder);
      if (unlock === undefined) {
        more = true;
        continue;
      }
      try {
        for (const file of readdirSync(folder)) {
          if (!this.#options.isChunk(file)) continue;
          const target = path.join(this.#own, file);
          renameSync(path.join(folder, file), target);
          files.push(target);
        }
        if (readdirSync(folder).every((file) => file === 'lock')) {
          rmSync(path.join(folder, 'lock'), { force: true });
          rmdirSync(folder);
        }
      } finally {
        unlock();
      }
    }
    return { files, more };
  }

  close(): void {
    this.#unlock?.();
    this.#unlock = undefined;
  }

  #others(): string[] {
    const { root, workerId, workers } = this.#options;
    return readdirSync(root).filter((name) => {
      const number = /^worker(\d+)(?:\.\d+)?$/.exec(name)?.[1];
      if (number === undefined || path.join(root, name) === this.#own) return false;
      return Number(number) === workerId || Number(number) >= workers;
    });
  }
}
