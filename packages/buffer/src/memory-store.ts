import { randomBytes } from 'node:crypto';
import { defineSection } from '@sluice/config';
import { EventStream } from '@sluice/event-stream';
import {
  ChunkStore,
  defineChunkStore,
  KEPT,
  type ChunkMetadata,
  type Keeping,
  type StoredChunk,
} from '@sluice/plugin';

/** A new chunk's id, unlike any other. */
export function newChunkId(): string {
  return randomBytes(16).toString('hex');
}

class MemoryChunk implements StoredChunk {
  readonly id = newChunkId();
  readonly createdAt = Date.now();
  bytes = 0;
  events = 0;
  #parts: Buffer[] = [];
  #stream: EventStream | undefined;

  constructor(readonly metadata: ChunkMetadata) {}

  append(stream: EventStream): Keeping {
    this.#parts.push(Buffer.from(stream.bytes));
    this.bytes += stream.bytes.length;
    this.events += stream.count;
    return KEPT;
  }

  seal(): void {
    const bytes = this.#parts.length === 1 ? this.#parts[0] : Buffer.concat(this.#parts);
    this.#stream = EventStream.fromScanned(bytes, this.events);
    this.#parts = [];
  }

  read(): EventStream {
    if (this.#stream === undefined) this.seal();
    return this.#stream!;
  }

  remove(): void {
    this.#stream = EventStream.empty;
  }
}

class MemoryStore extends ChunkStore {
  readonly persistent = false;

  create(metadata: ChunkMetadata): StoredChunk {
    return new MemoryChunk(metadata);
  }
}

/** `<buffer> @type memory`: chunks are lost with the process. Fluentd: `buf_memory`. */
export const memoryStore = defineChunkStore({
  type: 'memory',
  description: 'Keeps chunks in memory: fast, and lost with the process.',
  section: defineSection({ name: 'buffer', description: 'Keeps chunks in memory.' }),
  create: (_config, context) => new MemoryStore(context),
});
