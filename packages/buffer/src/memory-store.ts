import { randomBytes } from 'node:crypto';
import { defineSection } from '@sluice/config';
import { EventStream } from '@sluice/event-stream';
import {
  ChunkStore,
  defineChunkStore,
  KEPT,
  type ChunkMetadata,
  type Keeping,
  type PluginContext,
  type StoredChunk,
} from '@sluice/plugin';
import { compressorOf, compressParam, decompress } from './compression.js';

/** A new chunk's id, unlike any other. */
export function newChunkId(): string {
  return randomBytes(16).toString('hex');
}

type Compress = (bytes: Buffer) => Promise<Buffer>;

class MemoryChunk implements StoredChunk {
  readonly id = newChunkId();
  readonly createdAt = Date.now();
  readonly metadata: ChunkMetadata;
  readonly #compress: Compress | undefined;
  bytes = 0;
  events = 0;
  #parts: Buffer[] = [];
  #stream: EventStream | undefined;
  #packed: Buffer | undefined;

  constructor(metadata: ChunkMetadata, compress: Compress | undefined) {
    this.metadata = metadata;
    this.#compress = compress;
  }

  append(stream: EventStream): Keeping {
    this.#parts.push(Buffer.from(stream.bytes));
    this.bytes += stream.bytes.length;
    this.events += stream.count;
    return KEPT;
  }

  seal(): void | Promise<void> {
    const bytes = this.#parts.length === 1 ? this.#parts[0] : Buffer.concat(this.#parts);
    this.#stream = EventStream.fromScanned(bytes, this.events);
    this.#parts = [];
    if (this.#compress !== undefined && bytes.length > 0) return this.#pack(this.#compress);
  }

  read(): EventStream | Promise<EventStream> {
    if (this.#packed !== undefined) return this.#unpack(this.#packed);
    if (this.#stream === undefined) void this.seal();
    return this.#stream!;
  }

  remove(): void {
    this.#stream = EventStream.empty;
    this.#packed = undefined;
  }

  async #pack(compress: Compress): Promise<void> {
    const { bytes } = this.#stream!;
    const packed = await compress(bytes);
    if (packed.length >= bytes.length || this.#stream?.bytes !== bytes) return;
    this.#packed = packed;
    this.#stream = undefined;
  }

  async #unpack(packed: Buffer): Promise<EventStream> {
    return EventStream.fromScanned(await decompress(packed, this.bytes), this.events);
  }
}

class MemoryStore extends ChunkStore {
  readonly persistent = false;
  readonly #compress: Compress | undefined;

  constructor(context: PluginContext, compress: Compress | undefined) {
    super(context);
    this.#compress = compress;
  }

  create(metadata: ChunkMetadata): StoredChunk {
    return new MemoryChunk(metadata, this.#compress);
  }
}

/** `<buffer> @type memory`: chunks are lost with the process. Fluentd: `buf_memory`. */
export const memoryStore = defineChunkStore({
  type: 'memory',
  description: 'Keeps chunks in memory: fast, and lost with the process.',
  section: defineSection({
    name: 'buffer',
    description: 'Keeps chunks in memory.',
    params: { compress: compressParam },
  }),
  create: (config, context, element) =>
    new MemoryStore(context, compressorOf(config.compress, element)),
});
