import type { EventStream } from '@sluice/event-stream';
import type { Keeping } from './kept.js';
import { Plugin } from './plugin.js';

/** What the events of one chunk have in common. Fluentd: `metadata`. */
export interface ChunkMetadata {
  /** Where `tag` is a chunk key, or events of several tags must not mix. */
  readonly tag: string;
  /** Where `time` is a chunk key: the start of the time slice, Unix time in seconds. */
  readonly timekey?: number;
  /** Where fields of records are chunk keys: their values. Fluentd: `variables`. */
  readonly variables?: Readonly<Record<string, unknown>>;
}

/** Events that wait to be written together, wherever their store keeps them. */
export interface StoredChunk {
  /** Unique, and the same after a restart where the store survives one. Fluentd: `unique_id`. */
  readonly id: string;
  readonly metadata: ChunkMetadata;
  /** Bytes of packed events. */
  readonly bytes: number;
  /** How many events. */
  readonly events: number;
  /** Unix time in milliseconds when it was begun. */
  readonly createdAt: number;

  /**
   * Adds events at the end. The stream's bytes are copied before this returns.
   *
   * @returns `KEPT` or a promise, as outputs do: kept as surely as this store keeps
   */
  append(stream: EventStream): Keeping;

  /** No more is appended: the chunk is full, or its time has come. */
  seal(): void | Promise<void>;

  /** All of its events; called on a sealed chunk, and again for each attempt to write it. */
  read(): EventStream | Promise<EventStream>;

  /** Its events are written, or given up: what the store holds of it can go. */
  remove(): void | Promise<void>;
}

/** Where the chunks of a buffer are kept. Fluentd: `Fluent::Plugin::Buffer`, `<buffer> @type`. */
export abstract class ChunkStore extends Plugin {
  /** Whether chunks are still there after the process has ended. */
  abstract readonly persistent: boolean;

  /** Begins a chunk. */
  abstract create(metadata: ChunkMetadata): StoredChunk | Promise<StoredChunk>;

  /**
   * The chunks that an earlier process left, oldest first; called once, after `start`. Default:
   * there are none.
   */
  resume(): readonly StoredChunk[] | Promise<readonly StoredChunk[]> {
    return [];
  }
}

declare module './context.js' {
  interface InnerPlugins {
    chunk_store: ChunkStore;
  }
}
