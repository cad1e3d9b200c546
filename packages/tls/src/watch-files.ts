import { watch, type FSWatcher } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import path from 'node:path';

// A certificate and its key are written one after the other: wait until it is quiet.
const quietMilliseconds = 200;
// For what the kernel does not report: network file systems, folders that were replaced.
const pollMilliseconds = 30_000;

/** Calls back when one of some files has changed, however it was replaced. */
export class FileWatcher {
  readonly #files: readonly string[];
  readonly #onChange: () => void;
  #watchers: FSWatcher[] = [];
  #state = '';
  #quiet: NodeJS.Timeout | undefined;
  #poll: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(files: readonly string[], onChange: () => void) {
    this.#files = files;
    this.#onChange = onChange;
  }

  /** Takes the files' state and starts watching; call it before reading them. */
  async start(): Promise<void> {
    this.#state = await this.#fingerprint();
    await this.#watchFolders();
    if (this.#closed) return;
    this.#poll = setInterval(() => void this.#check(), pollMilliseconds).unref();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#quiet);
    clearInterval(this.#poll);
    for (const watcher of this.#watchers.splice(0)) watcher.close();
  }

  // Folders, not files: a renamed-over file is another inode, and Kubernetes swaps a symbolic link
  // beside the file. The folder that a link leads to is watched too, for writes in place.
  async #watchFolders(): Promise<void> {
    const folders = new Set(this.#files.map((file) => path.dirname(path.resolve(file))));
    for (const file of this.#files) {
      const real = await realpath(file).catch(() => undefined);
      if (real !== undefined) folders.add(path.dirname(real));
    }
    for (const watcher of this.#watchers.splice(0)) watcher.close();
    if (this.#closed) return;
    for (const folder of folders) {
      try {
        const watcher = watch(folder, { persistent: false }, () => this.#stir());
        watcher.on('error', () => watcher.close()); // the poll goes on
        this.#watchers.push(watcher);
      } catch {
        continue; // missing, or out of inotify watches: the poll sees it
      }
    }
  }

  #stir(): void {
    if (this.#closed) return;
    clearTimeout(this.#quiet);
    this.#quiet = setTimeout(() => void this.#check(), quietMilliseconds).unref();
  }

  async #check(): Promise<void> {
    const state = await this.#fingerprint();
    if (this.#closed || state === this.#state) return;
    this.#state = state;
    await this.#watchFolders();
    if (!this.#closed as boolean) this.#onChange();
  }

  async #fingerprint(): Promise<string> {
    const parts = this.#files.map(async (file) => {
      try {
        const { ino, size, mtimeNs } = await stat(file, { bigint: true });
        return `${String(ino)}:${String(size)}:${String(mtimeNs)}`;
      } catch (error) {
        return (error as NodeJS.ErrnoException).code ?? 'error';
      }
    });
    return (await Promise.all(parts)).join(' ');
  }
}
