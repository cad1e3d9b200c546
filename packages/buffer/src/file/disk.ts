import { open, type FileHandle } from 'node:fs/promises';

/** When what is written is synced. */
export type SyncMode = 'true' | 'false' | 'interval';

/** Most files that stay open between two writes; others are opened anew for each. */
const mostOpen = 256;

/** What the chunks of a store share: the folder's sync, and the files that are open. */
export class Disk {
  /** Files with bytes that are not synced yet, with `fsync interval`. */
  readonly #dirty = new Set<FileHandle>();
  #folderSync: Promise<void> | undefined;
  #nextFolderSync: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #open = 0;

  constructor(
    readonly mode: SyncMode,
    /** Milliseconds. */
    readonly interval: number,
    readonly fileMode: number,
    readonly onError: (error: Error) => void,
  ) {}

  /** Whether one more file should be closed after it was written. */
  get crowded(): boolean {
    return this.#open > mostOpen;
  }

  async open(file: string, flags: 'wx' | 'r+'): Promise<FileHandle> {
    const handle = await open(file, flags, this.fileMode);
    this.#open += 1;
    return handle;
  }

  async close(handle: FileHandle): Promise<void> {
    this.#open -= 1;
    try {
      if (this.#dirty.delete(handle)) await handle.datasync();
    } finally {
      await handle.close();
    }
  }

  /** Makes what was written as safe as the mode wants. */
  async written(handle: FileHandle): Promise<void> {
    if (this.mode === 'true') await handle.datasync();
    if (this.mode === 'interval') {
      this.#dirty.add(handle);
      this.#timer ??= setTimeout(() => void this.#syncDirty(), this.interval);
    }
  }

  /** Makes a new file's name safe; those who ask at the same time share one sync. */
  created(folder: string): Promise<void> | undefined {
    if (this.mode !== 'true') return undefined;
    // A sync that is under way may have begun before this file was there.
    this.#nextFolderSync ??= (async () => {
      await this.#folderSync?.catch(() => undefined);
      this.#nextFolderSync = undefined;
      this.#folderSync = syncFolder(folder);
      await this.#folderSync;
    })();
    return this.#nextFolderSync;
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  async #syncDirty(): Promise<void> {
    const handles = [...this.#dirty];
    this.#dirty.clear();
    this.#timer = undefined;
    for (const result of await Promise.allSettled(handles.map((handle) => handle.datasync()))) {
      if (result.status === 'rejected') this.onError(result.reason as Error);
    }
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
