import type { ConfigElement } from '@sluice/config';
import type { EventStream } from '@sluice/event-stream';
import {
  allKept,
  KEPT,
  Output,
  statisticsOf,
  type ChunkStore,
  type EventSink,
  type Keeping,
  type PluginContext,
  type PluginStatistics,
  type StoredChunk,
} from '@sluice/plugin';
import type { BufferConfig } from './buffer-section.js';
import { cutToSize, type Part } from './divide.js';
import { BufferClosedError, BufferOverflowError } from './errors.js';
import { FlushQueue } from './flush-queue.js';
import { Flusher } from './flusher.js';
import { HeldChunk } from './held-chunk.js';
import { Room } from './room.js';
import { bufferSettings, type BufferSettings } from './settings.js';
import { Stage } from './stage.js';
import { retryStatistics } from './statistics.js';

/** What a {@link BufferedOutput} is made of. */
export interface BufferedOutputOptions {
  /** What is written to; its host starts it before the buffer, and stops it after. */
  readonly output: Output;
  /** Where chunks are kept; started and stopped likewise. */
  readonly store: ChunkStore;
  /** What takes the chunks that the output does not take. Fluentd: `<secondary>`. Default: none. */
  readonly secondary?: EventSink | undefined;
  /** `<buffer>`, as {@link bufferSection} reads it, and its section. */
  readonly config: BufferConfig;
  /** The section that `config` was read from: errors point at it. */
  readonly element: ConfigElement;
}

/**
 * Puts a buffer in front of an output: `write` is done when the store has the events, and they reach
 * the output later. This class stages events by chunk keys and holds the limits; `FlushQueue`
 * says what is written when, and `Flusher` writes, tries again and gives up.
 */
export class BufferedOutput extends Output {
  /** What is written to, without the buffer. */
  readonly output: Output;
  readonly #store: ChunkStore;
  readonly #settings: BufferSettings;
  readonly #room: Room;
  readonly #stage: Stage;
  readonly #flusher: Flusher;
  readonly #queue: FlushQueue;
  #closed = false;
  #overflowing = false;
  #events = 0;
  #refused = 0;

  /** @throws ConfigError for limits that do not go together */
  constructor(context: PluginContext, options: BufferedOutputOptions) {
    super(context);
    const { output, store, config, element } = options;
    const { clock } = this;
    const settings = bufferSettings(config, element, store);
    this.output = output;
    this.#store = store;
    this.#settings = settings;
    this.#room = new Room(settings.totalLimitSize);
    this.#flusher = new Flusher({
      output,
      secondary: options.secondary,
      context,
      settings,
      clock,
      release: (bytes) => this.#room.give(bytes),
    });
    this.#queue = new FlushQueue({
      clock,
      threads: settings.threads,
      stuckAfter: settings.stuckAfter,
      write: (chunk) => this.#flusher.flush(chunk),
      hungAfter: settings.hungAfter,
      onStuck: (chunk) => this.#flusher.tellStuck(chunk),
      onHung: (chunk) => this.#flusher.giveUpHung(chunk),
      onProgress: () => this.#stage.release(),
    });
    this.#stage = new Stage({
      clock,
      flushInterval: settings.flushInterval,
      sliceTime: settings.sliceTime,
      mayLeave: () => this.#queue.length < settings.queueLimit,
      leave: (chunk) => this.#enqueue(chunk),
    });
  }

  override start(): void | Promise<void> {
    return this.#store.resume((chunk) => this.#resume(chunk));
  }

  /** @throws BufferOverflowError by rejection, where the buffer is full and does not block or drop */
  write(tag: string, stream: EventStream): Keeping {
    if (stream.count === 0) return KEPT;
    if (this.#closed) return Promise.reject(new BufferClosedError(this.id));
    const size = stream.bytes.length;
    const { totalLimitSize, overflowAction } = this.#settings;
    if (size > totalLimitSize) return Promise.reject(this.#overflow());
    if (overflowAction === 'drop_oldest_chunk') this.#makeRoom(size);
    if (!this.#room.fits(size)) {
      if (overflowAction !== 'block') return Promise.reject(this.#overflow());
      return this.#whenRoom(tag, stream);
    }
    this.#overflowing = false;
    return this.#keep(tag, stream);
  }

  /** Writes all that is buffered; resolves when nothing is left or being retried. */
  override async flush(): Promise<void> {
    this.#enqueueAll();
    this.#queue.tryNow();
    await this.#queue.settled();
  }

  override statistics(): PluginStatistics {
    const inner = statisticsOf(this.output);
    const retry = retryStatistics(this.#queue.failing, this.clock);
    const oldest = this.#stage.oldest?.stored.createdAt;
    return {
      ...inner,
      queue: {
        bytes: this.#room.used,
        limit: this.#room.limit,
        chunks: this.#queue.length,
        stagedChunks: this.#stage.size,
        ...(oldest !== undefined && { oldest: oldest / 1000 }),
      },
      ...(retry !== undefined && { retry }),
      counters: {
        ...inner.counters,
        buffered_events: this.#events,
        refused_writes: this.#refused,
        ...this.#flusher.counters,
      },
    };
  }

  /** The last moment at which the output behind still takes events. */
  override async afterShutdown(): Promise<void> {
    const { flushAtShutdown, shutdownTimeout } = this.#settings;
    const end = this.clock.elapsed() + shutdownTimeout;
    if (flushAtShutdown) {
      this.#flusher.end(!this.#store.persistent);
      this.#enqueueAll();
      this.#queue.tryNow();
      await this.#until(end, () => this.#emptied());
    }
    this.#closed = true;
    this.#stage.stop();
    this.#room.refuseAll();
    this.#queue.stop();
    this.#enqueueAll();
    // A write that is nearly done would be done twice otherwise.
    await this.#until(end, () => this.#queue.quiet());
    this.#flusher.close();
    const left = this.#queue.chunks;
    if (left.length === 0) return;
    if (this.#store.persistent) {
      for (const chunk of left) await this.#flusher.leave(chunk);
      this.log.info({ chunks: left.length }, `${left.length} chunks stay in the buffer`);
      return;
    }
    const reason = flushAtShutdown ? 'shutdown_timeout is over' : 'flush_at_shutdown is false';
    for (const chunk of left) await this.#flusher.giveUp(chunk, reason);
  }

  /** Puts events into the chunks that they belong to. */
  #keep(tag: string, stream: EventStream): Keeping {
    const parts = this.#settings.divider.divide(tag, stream);
    if (parts.length === 1) return this.#keepPart(parts[0]);
    const pending = parts.map((part) => this.#keepPart(part)).filter((kept) => kept !== KEPT);
    return pending.length === 0 ? KEPT : allKept(pending);
  }

  #keepPart({ key, metadata, stream }: Part): Keeping {
    const { chunkLimitSize, chunkLimitRecords } = this.#settings;
    const pieces = cutToSize(stream, chunkLimitSize, chunkLimitRecords);
    const pending: Promise<void>[] = [];
    for (const piece of pieces) {
      const kept = this.#append({ key, metadata, stream: piece });
      if (kept !== KEPT) pending.push(kept);
    }
    if (pending.length === 0) return KEPT;
    return pending.length === 1 ? pending[0] : allKept(pending);
  }

  #append({ key, metadata, stream }: Part): Keeping {
    const { chunkLimitSize, chunkLimitRecords, immediate, queueLimit } = this.#settings;
    const size = stream.bytes.length;
    let chunk = this.#stage.get(key);
    if (
      chunk !== undefined &&
      (chunk.bytes + size > chunkLimitSize || chunk.events + stream.count > chunkLimitRecords)
    ) {
      this.#enqueue(chunk);
      chunk = undefined;
    }
    this.#room.used += size;
    let kept: Keeping;
    try {
      chunk ??= this.#begin(key, metadata);
      kept = chunk.append(stream);
    } catch (error) {
      this.#room.give(size);
      return Promise.reject(error instanceof Error ? error : new Error(String(error)));
    }
    if (kept === KEPT) this.#events += stream.count;
    else void kept.then(...this.#settling(stream));
    if (this.#full(chunk) || (immediate && this.#queue.length < queueLimit)) this.#enqueue(chunk);
    return kept;
  }

  /** What happens when an append that takes time has settled. */
  #settling({ bytes, count }: EventStream): [() => void, () => void] {
    const size = bytes.length;
    return [() => (this.#events += count), () => this.#room.give(size)];
  }

  #begin(key: string, metadata: StoredChunk['metadata']): HeldChunk {
    const stored = this.#store.create(metadata);
    const chunk = new HeldChunk(stored, key, this.clock.elapsed(), this.#store.id);
    this.#stage.add(chunk);
    return chunk;
  }

  #enqueue(chunk: HeldChunk): void {
    this.#stage.delete(chunk);
    this.#queue.add(chunk);
  }

  #enqueueAll(): void {
    for (const chunk of this.#stage) this.#enqueue(chunk);
  }

  /** A chunk of an earlier process: what is not due goes on as if nothing had been in between. */
  #resume(stored: StoredChunk): void {
    this.#room.used += stored.bytes;
    const key = this.#settings.divider.keyOf(stored.metadata);
    const sealed = key === undefined || stored.appendable !== true;
    const age = Math.max(0, this.clock.now() - stored.createdAt);
    const since = this.clock.elapsed() - age;
    const chunk = new HeldChunk(stored, key ?? '', since, this.#store.id, sealed);
    const other = this.#stage.get(chunk.key);
    const last = other === undefined || other.stored.createdAt <= stored.createdAt;
    if (last && other !== undefined) this.#enqueue(other);
    const due = this.#settings.immediate || this.#full(chunk) || this.#stage.isDue(chunk);
    if (sealed || due || !last) this.#queue.add(chunk);
    else this.#stage.add(chunk);
  }

  #full({ bytes, events }: HeldChunk): boolean {
    return bytes >= this.#settings.fullSize || events >= this.#settings.fullRecords;
  }

  #whenRoom(tag: string, stream: EventStream): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#room.wait({
        bytes: stream.bytes.length,
        enter: () => {
          const kept = this.#keep(tag, stream);
          if (kept === KEPT) resolve();
          else kept.then(resolve, reject);
        },
        refuse: () => reject(new BufferClosedError(this.id)),
      });
      this.#enqueueAll(); // room comes from writing only
    });
  }

  #makeRoom(size: number): void {
    while (!this.#room.fits(size)) {
      let oldest = this.#queue.takeOldest();
      if (oldest === undefined) {
        oldest = this.#stage.oldest;
        if (oldest === undefined || oldest.appending) return; // the rest is being written
        this.#stage.delete(oldest);
      }
      this.#flusher.drop(oldest, 'the buffer is full: drop_oldest_chunk');
    }
  }

  #overflow(): BufferOverflowError {
    this.#refused += 1;
    const error = new BufferOverflowError(this.id, this.#room.limit);
    if (!this.#overflowing) this.log.warn({ bytes: this.#room.used }, error.message);
    this.#overflowing = true;
    return error;
  }

  /** Resolves when nothing is left; those who wait for room get in on the way. */
  async #emptied(): Promise<void> {
    while (this.#queue.length + this.#queue.writing + this.#stage.size > 0 && !this.#closed) {
      this.#enqueueAll();
      await this.#queue.empty();
    }
  }

  async #until(end: number, what: () => Promise<void>): Promise<void> {
    let cancel: (() => void) | undefined;
    const late = new Promise<void>((resolve) => {
      cancel = this.clock.setTimeout(resolve, Math.max(0, end - this.clock.elapsed()));
    });
    await Promise.race([what(), late]);
    cancel?.();
  }
}
