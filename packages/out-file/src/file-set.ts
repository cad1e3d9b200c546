import { LogFile, type LogFileContext } from './log-file.js';
import type { Fill } from './page-writer.js';
import type { FileName } from './path-template.js';

/** Files that nobody writes to for so long are closed, in milliseconds. */
const idleTime = 60_000;

interface Entry {
  readonly file: LogFile;
  usedAt: number;
}

/** The files of one output by their paths; only so many are open at a time. */
export class FileSet {
  // In the order of use: the one not used for longest comes first.
  readonly #entries = new Map<string, Entry>();
  #admissions: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** @param limit how many files may be open */
  constructor(
    readonly context: LogFileContext,
    readonly limit: number,
  ) {}

  /** Files that are open at the moment. */
  get openFiles(): number {
    return this.#entries.size;
  }

  /** Opens a file before there is anything to write. @throws the system's error */
  async open(name: FileName): Promise<void> {
    await this.#add(name).open();
  }

  /** As {@link LogFile.append}, to the file of that name. */
  append(name: FileName, path: string, fill: Fill): Promise<void> {
    const entry = this.#entries.get(path);
    if (entry !== undefined) {
      entry.usedAt = performance.now();
      if (this.#entries.size > 1) {
        this.#entries.delete(path);
        this.#entries.set(path, entry);
      }
      return entry.file.append(fill);
    }
    if (this.#entries.size < this.limit && this.#admissions === undefined) {
      return this.#add(name).append(fill);
    }
    return this.#appendLater(name, path, fill);
  }

  /** Writes at once what waits for more. */
  flush(): void {
    for (const { file } of this.#entries.values()) file.flush();
  }

  /** Waits for what was appended. */
  async idle(): Promise<void> {
    while (this.#admissions !== undefined) await this.#admissions;
    await Promise.all([...this.#entries.values()].map(({ file }) => file.idle()));
  }

  /** Waits for what was appended, and closes all files. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.idle();
    const closing = [...this.#entries.values()].map(({ file }) => file.close());
    this.#entries.clear();
    await Promise.all(closing);
  }

  #add(name: FileName): LogFile {
    const file = new LogFile(name, this.context);
    this.#entries.set(file.path, { file, usedAt: performance.now() });
    if (this.#timer === undefined && this.#entries.size > 1) {
      this.#timer = setInterval(() => this.#closeIdle(), idleTime / 4);
      this.#timer.unref();
    }
    return file;
  }

  // One after another, so that the events of one file keep their order.
  async #appendLater(name: FileName, path: string, fill: Fill): Promise<void> {
    const admitted = (this.#admissions ?? Promise.resolve()).then(async () => {
      while (!this.#entries.has(path) && this.#entries.size >= this.limit) await this.#makeRoom();
      // In an object, so that nobody here waits for the writing itself.
      return { written: (this.#entries.get(path)?.file ?? this.#add(name)).append(fill) };
    });
    const done = admitted.then(
      () => undefined,
      () => undefined,
    );
    this.#admissions = done;
    void done.then(() => {
      if (this.#admissions === done) this.#admissions = undefined;
    });
    const { written } = await admitted;
    await written;
  }

  async #makeRoom(): Promise<void> {
    const entries = [...this.#entries];
    const free = entries.find(([, { file }]) => file.isIdle);
    if (free === undefined) {
      await Promise.race(entries.map(([, { file }]) => file.idle()));
      return;
    }
    await this.#close(...free);
  }

  async #close(path: string, { file }: Entry): Promise<void> {
    this.#entries.delete(path);
    try {
      await file.close();
    } catch (error) {
      this.context.log.warn({ path, reason: (error as Error).message }, `cannot close ${path}`);
    }
  }

  #closeIdle(): void {
    const before = performance.now() - idleTime;
    for (const [path, entry] of this.#entries) {
      if (entry.usedAt < before && entry.file.isIdle) void this.#close(path, entry);
    }
  }
}
