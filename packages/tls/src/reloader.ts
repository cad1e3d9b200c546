import type { Logger } from './logger.js';
import { FileWatcher } from './watch-files.js';

const twiceADay = 12 * 60 * 60;

/** What a {@link Reloader} works with. */
export interface ReloaderOptions {
  /** Files to watch; empty: none. */
  files: readonly string[];
  /** Reads and puts to use; throws and changes nothing where something is broken. */
  load: () => Promise<void>;
  /** Called from time to time. */
  check: () => void;
  /** Seconds between two calls of `check`. Default: 12 hours. */
  checkInterval?: number;
  log: Logger;
  fields: Record<string, unknown>;
}

/** Loads again when asked or when files change: one load at a time, none forgotten. */
export class Reloader {
  readonly counts = { succeeded: 0, failed: 0 };
  readonly #options: ReloaderOptions;
  readonly #watcher: FileWatcher | undefined;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<boolean> | undefined;
  #next: Promise<boolean> | undefined;
  #closed = false;

  constructor(options: ReloaderOptions) {
    this.#options = options;
    this.#watcher =
      options.files.length === 0
        ? undefined
        : new FileWatcher(options.files, () => void this.reload());
  }

  /** Starts watching; call it before the first load, so that no change is missed. */
  async start(): Promise<void> {
    await this.#watcher?.start();
    const { check, checkInterval = twiceADay } = this.#options;
    this.#timer = setInterval(check, checkInterval * 1000).unref();
  }

  /** A load that starts after this call, shared by all who ask while another one runs. */
  reload(): Promise<boolean> {
    if (this.#running === undefined) return this.#run();
    this.#next ??= this.#running.then(() => {
      this.#next = undefined;
      return this.#run();
    });
    return this.#next;
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#timer);
    this.#watcher?.close();
  }

  #run(): Promise<boolean> {
    this.#running = this.#load().finally(() => (this.#running = undefined));
    return this.#running;
  }

  async #load(): Promise<boolean> {
    const { load, log, fields } = this.#options;
    if (this.#closed) return false;
    try {
      await load();
      this.counts.succeeded += 1;
      log.info({ ...fields }, 'TLS certificates reloaded');
      return true;
    } catch (error) {
      this.counts.failed += 1;
      const { code, option, file, message } = error as Error & Record<string, unknown>;
      log.warn(
        { ...fields, code, option, file, reason: message },
        'TLS certificates not reloaded, the old ones stay in use',
      );
      return false;
    }
  }
}
