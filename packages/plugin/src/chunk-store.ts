import type { EventStream } from '@sluice/event-stream';
import type { Keeping } from './kept.js';
import { Plugin } from './plugin.js';

/** What the events of one chunk have in common. Fluentd: `metadata`. */
export interface ChunkMetadata {
  /** Events of several tags never share a chunk. */
  readonly tag: string;
  /** Where `time` is a chunk key: the start of the time slice, Unix time in seconds. */
  readonly timekey?: number;
  /**
   * Where fields of records are chunk keys: their values as text, by the key as it is written in
   * the configuration. A field that a record does not have is an empty text. Fluentd: `variables`.
   */
  readonly variables?: Readonly<Record<string, string>>;
}

/** What an output learns of the chunk that it writes. Fluentd: `chunk.metadata`, `unique_id`. */
export interface ChunkInfo {
  /** Unique, and the same for each attempt, and after a restart where the store survives one. */
  readonly id: string;
  /** Its tag, and the values of the other chunk keys. */
  readonly metadata: ChunkMetadata;
}

/** Events that wait to be written together, wherever their store keeps them. */
export interface StoredChunk extends ChunkInfo {
  /** Bytes of packed events, those that are being appended included. */
  readonly bytes: number;
  /** How many events. A store that resumes chunks may tell 0 until one has been read. */
  readonly events: number;
  /** Unix time in milliseconds when it was begun. */
  readonly createdAt: number;
  /** Of a chunk that is resumed: it takes more events, and is not sealed yet. Default: false. */
  readonly appendable?: boolean;

  /**
   * Adds events at the end. The stream's bytes are valid until what this returns has settled: a
   * store that keeps them in memory copies them.
   *
   * @returns `KEPT` or a promise, as outputs do: kept as surely as this store keeps. After a
   *   rejection the chunk does not have the events
   */
  append(stream: EventStream): Keeping;

  /** Nothing more is appended: the chunk is full, or its time has come. Appends may be under way. */
  seal(): void | Promise<void>;

  /**
   * All of its events; called on a sealed chunk whose appends have settled, and again for each
   * attempt to write it. The stream may be read for as long as anybody has it.
   */
  read(): EventStream | Promise<EventStream>;

  /**
   * Its events are written, or given up: what the store holds of it can go. After the store's
   * `close` this does nothing.
   */
  remove(): void | Promise<void>;
}

/**
 * Where the chunks of a buffer are kept. Fluentd: `Fluent::Plugin::Buffer`, `<buffer> @type`.
 *
 * The buffer decides when a chunk is begun, full, written, tried again and given up; the store only
 * keeps bytes.
 */
export abstract class ChunkStore extends Plugin {
  /** Whether chunks are still there after the process has ended. */
  abstract readonly persistent: boolean;
  /** Bytes of one chunk where `chunk_limit_size` is not set. Default: 8 MiB. */
  readonly chunkLimitSize: number = 8 * 1024 * 1024;
  /** Bytes of all chunks where `total_limit_size` is not set. Default: 512 MiB. */
  readonly totalLimitSize: number = 512 * 1024 * 1024;
  /** Where chunks that are given up are put. Default: a folder for temporary files. */
  readonly backupFolder: string | undefined = undefined;

  /** Begins a chunk. What takes time is left to its first append. */
  abstract create(metadata: ChunkMetadata): StoredChunk;

  /**
   * Hands over the chunks that earlier processes left, oldest first, sealed unless they are
   * `appendable`; called once, after `start`. Chunks that another process leaves later may follow
   * until `stop`. Default: there are none.
   *
   * @returns when those that are there have been handed over
   */
  resume(take: (chunk: StoredChunk) => void): void | Promise<void>;
  resume(): void {}
}

declare module './context.js' {
  interface InnerPlugins {
    /** A store of chunks. Fluentd: `@type` of `<buffer>`. */
    chunk_store: ChunkStore;
  }
}
