import { copyFileSync, mkdirSync, readdirSync, renameSync, statSync, unlinkSync } from 'node:fs';
import path from 'node:path';
import type { ConfigElement, ConfigError } from '@sluice/config';
import type { EventStream } from '@sluice/event-stream';
import {
  ChunkStore,
  defineChunkStore,
  unwritableFolder,
  type ChunkMetadata,
  type PluginContext,
  type StartCheckContext,
  type StoredChunk,
} from '@sluice/plugin';
import { chunkSuffix } from '../backup.js';
import { ChunkFormatError } from '../chunk-format.js';
import { compressorOf } from '../compression.js';
import { newChunkId } from '../memory-store.js';
import { ChunkFile } from './chunk-file.js';
import { outlineOf, readChunk } from './chunk-reader.js';
import { Disk } from './disk.js';
import { fileSingleStoreSection, fileStoreSection, type FileStoreConfig } from './section.js';
import { WorkerFolders } from './worker-folders.js';

const mib = 1024 * 1024;
/** Files that are looked at before the event loop gets its turn. */
const batch = 200;
/** Milliseconds between two looks for what another process, which still runs, has left. */
const takeOverInterval = 5000;

/** Folders of the buffers of this process. */
const inUse = new Set<string>();

/** Thrown where two buffers of one process have the same path. */
export class BufferPathError extends Error {
  /** For programs: it stays where the text of the message changes. */
  readonly code = 'ERR_SLUICE_BUFFER_PATH';
  /** What a stack trace begins with. */
  override readonly name = 'BufferPathError';
  /** The parameter at fault. */
  readonly option = 'path';
}

class FileStore extends ChunkStore {
  readonly persistent = true;
  override readonly chunkLimitSize = 256 * mib;
  override readonly totalLimitSize = 64 * 1024 * mib;
  override readonly backupFolder: string;
  readonly #root: string;
  readonly #config: FileStoreConfig;
  readonly #compress: ReturnType<typeof compressorOf>;
  readonly #disk: Disk;
  readonly #folders: WorkerFolders;
  readonly #told = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  #stopped = false;
  /** When the latest chunk was begun, Unix time in milliseconds. */
  #latest = 0;

  constructor(context: PluginContext, config: FileStoreConfig, element: ConfigElement) {
    super(context);
    this.#config = config;
    this.#compress = compressorOf(config.compress, element);
    this.#root = rootOf(config);
    this.backupFolder = path.join(this.#root, 'backup');
    this.#disk = new Disk(
      config.fsync,
      config.fsyncInterval * 1000,
      config.filePermission,
      (error) => this.log.error({ reason: error.message }, 'the buffer cannot be synced'),
    );
    this.#folders = new WorkerFolders({
      root: this.#root,
      workerId: this.workerId,
      workers: this.workers,
      mode: config.dirPermission,
      isChunk: (name) => this.#isChunk(name),
    });
  }

  /** @throws BufferPathError, or what the file system throws */
  override start(): void {
    if (inUse.has(this.#root)) {
      throw new BufferPathError(`another buffer uses the path ${this.#root}: each needs its own`);
    }
    this.#folders.open();
    inUse.add(this.#root);
  }

  create(metadata: ChunkMetadata): StoredChunk {
    const id = newChunkId();
    const file = path.join(this.#folders.own, `buffer.${id}${this.#config.pathSuffix}`);
    // No two alike, and never earlier than the one before: it is the order after a restart.
    this.#latest = Math.max(this.clock.now(), this.#latest + 1);
    return this.#chunk({ id, metadata, createdAt: this.#latest }, file);
  }

  override async resume(take: (chunk: StoredChunk) => void): Promise<void> {
    const { own } = this.#folders;
    const left = readdirSync(own).filter((name) => this.#isChunk(name));
    const { files, more } = this.#folders.takeOver();
    const all = new Set([...left.map((name) => path.join(own, name)), ...files]);
    await this.#handOver([...all], take);
    if (more) this.#takeOverLater(take);
  }

  override stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  override close(): void {
    this.stop();
    this.#closed = true;
    this.#disk.stop();
    if (this.#folders.own === '') return;
    this.#folders.close();
    inUse.delete(this.#root);
  }

  #isChunk(name: string): boolean {
    return name.endsWith(this.#config.pathSuffix) || name.endsWith(chunkSuffix);
  }

  #chunk(
    header: { id: string; metadata: ChunkMetadata; createdAt: number },
    file: string,
    sizes: { bytes?: number; events?: number; end?: number } = {},
  ): ChunkFile {
    return new ChunkFile({
      ...header,
      ...sizes,
      file,
      disk: this.#disk,
      compress: this.#compress,
      read: (from) => this.#read(from),
      isClosed: () => this.#closed,
    });
  }

  async #handOver(files: readonly string[], take: (chunk: StoredChunk) => void): Promise<void> {
    const chunks: ChunkFile[] = [];
    for (const [index, file] of files.entries()) {
      const chunk = this.#resumeOne(file);
      if (chunk !== undefined) chunks.push(chunk);
      if (index % batch === batch - 1) await new Promise((resolve) => setImmediate(resolve));
    }
    chunks.sort((a, b) => a.createdAt - b.createdAt);
    this.#latest = Math.max(this.#latest, chunks.at(-1)?.createdAt ?? 0);
    for (const chunk of chunks) take(chunk);
    if (chunks.length === 0) return;
    const bytes = chunks.reduce((sum, chunk) => sum + chunk.bytes, 0);
    this.log.info({ chunks: chunks.length, bytes }, `${chunks.length} chunks are resumed`);
  }

  #resumeOne(file: string): ChunkFile | undefined {
    try {
      const { header, bytes, events, size, end } = outlineOf(file);
      // A chunk whose records are damaged has bytes all the same, and reading it tells of them.
      if (bytes === 0) return this.#chunk(header, file, { bytes: size, events });
      return this.#chunk(header, file, { bytes, events, ...(end === size && { end }) });
    } catch (error) {
      if (!(error instanceof ChunkFormatError)) throw error;
      this.#setAside(file, error.message);
      return undefined;
    }
  }

  /** A file with our kind of name that cannot be read at all. Others are none of our business. */
  #setAside(file: string, reason: string): void {
    if (statSync(file).size === 0) {
      unlinkSync(file); // made, and never written to: nothing of it was acknowledged
      return;
    }
    if (!/^(?:buffer\.)?[0-9a-f]{32}\./.test(path.basename(file))) {
      this.log.warn({ path: file, reason }, `${file} is not a chunk of this buffer, it stays`);
      return;
    }
    mkdirSync(this.backupFolder, { recursive: true, mode: 0o700 });
    const target = path.join(this.backupFolder, `${path.basename(file)}.damaged`);
    renameSync(file, target);
    this.log.error({ path: target, reason }, `a damaged chunk is set aside: ${target}`);
  }

  async #read(file: string): Promise<EventStream> {
    const { stream, damagedBytes, tornBytes } = await readChunk(file);
    if (!this.#told.has(file)) {
      if (tornBytes > 0) {
        this.log.info({ path: file, bytes: tornBytes }, 'a write that was cut short is left out');
      }
      if (damagedBytes > 0) this.#keepDamaged(file, damagedBytes, stream.count);
      if (tornBytes + damagedBytes > 0) this.#told.add(file);
    }
    return stream;
  }

  #keepDamaged(file: string, bytes: number, events: number): void {
    const target = path.join(this.backupFolder, `${path.basename(file)}.damaged`);
    mkdirSync(this.backupFolder, { recursive: true, mode: 0o700 });
    copyFileSync(file, target);
    this.log.error(
      { path: target, bytes, events },
      `a chunk is damaged: what is whole of it is written, and a copy is in ${target}`,
    );
  }

  #takeOverLater(take: (chunk: StoredChunk) => void): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => {
      void (async () => {
        try {
          const { files, more } = this.#folders.takeOver();
          await this.#handOver(files, take);
          if (more) this.#takeOverLater(take);
        } catch (error) {
          const reason = (error as Error).message;
          this.log.error({ reason }, 'what another worker left cannot be taken over');
          this.#takeOverLater(take);
        }
      })();
    }, takeOverInterval);
    this.#timer.unref();
  }
}

const create = (
  config: FileStoreConfig,
  context: PluginContext,
  element: ConfigElement,
): FileStore => new FileStore(context, config, element);

function rootOf(config: FileStoreConfig): string {
  return path.resolve(config.path.replace(/\.\*|\*/g, ''));
}

async function startProblems(
  config: FileStoreConfig,
  _context: StartCheckContext,
  element: ConfigElement,
): Promise<ConfigError[]> {
  const problem = await unwritableFolder(rootOf(config));
  return problem === undefined ? [] : [element.error(`path: ${problem}`, { param: 'path' })];
}

/** `<buffer> @type file`. Fluentd: `buf_file`. */
export const fileStore = defineChunkStore({
  type: 'file',
  description: 'Keeps chunks in files: they survive the process, and with fsync a power cut.',
  section: fileStoreSection,
  create,
  startProblems,
});

/** `<buffer> @type file_single`. Fluentd: `buf_file_single`; here it is the same as `file`. */
export const fileSingleStore = defineChunkStore({
  type: 'file_single',
  description: 'The same as file.',
  section: fileSingleStoreSection,
  create,
  startProblems,
});
