import type { EventStream } from '@sluice/event-stream';
import { BufferChunk } from './buffer-chunk.js';
import type { BufferConfig } from './buffer-section.js';
import {
  checkKeeping,
  KEPT,
  Output,
  type Keeping,
  type PluginContext,
  type PluginStatistics,
} from '@sluice/plugin';

/** Milliseconds between two looks for chunks whose time has come. */
const CHECK = 50;

/** Thrown when the buffer is full. Fluentd: `BufferOverflowError`. */
export class BufferOverflowError extends Error {
  override readonly name = 'BufferOverflowError';
  readonly code = 'ERR_SLUICE_BUFFER_OVERFLOW';

  constructor(
    readonly plugin: string,
    /** `total_limit_size`, bytes. */
    readonly limit: number,
  ) {
    super(`${plugin}: the buffer is full, total_limit_size ${limit} bytes`);
  }
}

/**
 * Puts a memory buffer in front of an output: `write` is done when memory has the events, and they
 * reach the output later. What memory holds is lost with the process, as in Fluentd.
 */
export class BufferedOutput extends Output {
  /** Chunks that still take events, by tag. */
  readonly #open = new Map<string, BufferChunk>();
  /** Full chunks and those whose time has come, in their order. */
  readonly #queue = new Set<BufferChunk>();
  readonly #writing = new Set<BufferChunk>();
  readonly #blocked: { size: number; go: () => void; fail: (error: Error) => void }[] = [];
  readonly #idle: (() => void)[] = [];
  #bytes = 0;
  #timer: NodeJS.Timeout | undefined;
  #flushing = false;
  #closed = false;
  #overflowing = false;
  #counts = { events: 0, written: 0, retries: 0, dropped: 0, refused: 0 };

  /**
   * @param output what is written to; its host starts it before this one, and stops it after
   */
  constructor(
    context: PluginContext,
    readonly output: Output,
    private readonly config: BufferConfig,
  ) {
    super(context);
  }

  override start(): void {
    this.#timer = setInterval(() => this.#check(), CHECK);
  }

  /** @throws BufferOverflowError by rejection, where the buffer is full and does not block or drop */
  write(tag: string, stream: EventStream): Keeping {
    if (stream.count === 0) return KEPT;
    if (this.#closed) return Promise.reject(this.#overflow());
    const size = stream.bytes.length;
    const { totalLimitSize, overflowAction } = this.config;
    if (size > totalLimitSize) return Promise.reject(this.#overflow());
    if (overflowAction === 'drop_oldest_chunk') this.#makeRoom(size);
    if (this.#blocked.length > 0 || this.#bytes + size > totalLimitSize) {
      if (overflowAction !== 'block') return Promise.reject(this.#overflow());
      return new Promise((resolve, reject) => {
        const go = (): void => {
          this.#add(tag, stream);
          resolve();
        };
        this.#blocked.push({ size, go, fail: reject });
        this.#flushAll(); // room comes from writing only
      });
    }
    this.#overflowing = false;
    this.#add(tag, stream);
    return KEPT;
  }

  /** Writes all that is buffered; resolves when nothing is left or being retried. */
  override async flush(): Promise<void> {
    this.#flushAll(true);
    await this.#settled();
  }

  override statistics(): PluginStatistics {
    const { events, written, retries, dropped, refused } = this.#counts;
    const inner = this.output.statistics();
    return {
      ...inner,
      queue: {
        bytes: this.#bytes,
        limit: this.config.totalLimitSize,
        chunks: this.#queue.size,
        stagedChunks: this.#open.size,
      },
      counters: {
        ...inner.counters,
        buffered_events: events,
        written_events: written,
        retries,
        dropped_events: dropped,
        refused_writes: refused,
      },
    };
  }

  /** The last moment at which the output behind still takes events. */
  override async afterShutdown(): Promise<void> {
    const { flushAtShutdown, shutdownTimeout } = this.config;
    if (flushAtShutdown) {
      this.#flushing = true;
      this.#flushAll(true);
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, shutdownTimeout * 1000);
      });
      await Promise.race([this.#empty(), late]);
      clearTimeout(timer);
    }
    this.#closed = true;
    clearInterval(this.#timer);
    for (const { fail } of this.#blocked.splice(0)) fail(this.#overflow());
    for (const chunk of [...this.#open.values(), ...this.#queue]) {
      this.#drop(
        chunk,
        flushAtShutdown ? 'shutdown_timeout is over' : 'flush_at_shutdown is false',
      );
    }
    this.#open.clear();
    this.#queue.clear();
  }

  #add(tag: string, stream: EventStream): void {
    const { chunkLimitSize, chunkLimitRecords = Infinity, flushMode } = this.config;
    let chunk = this.#open.get(tag);
    const fits =
      chunk !== undefined &&
      chunk.bytes + stream.bytes.length <= chunkLimitSize &&
      chunk.events + stream.count <= chunkLimitRecords;
    if (!fits) {
      if (chunk !== undefined) this.#enqueue(chunk);
      chunk = new BufferChunk(tag);
      this.#open.set(tag, chunk);
    }
    chunk!.add(stream);
    this.#bytes += stream.bytes.length;
    this.#counts.events += stream.count;
    if (flushMode === 'immediate' || chunk!.bytes >= chunkLimitSize) this.#enqueue(chunk!);
    this.#pump();
  }

  #enqueue(chunk: BufferChunk): void {
    if (this.#open.get(chunk.tag) === chunk) this.#open.delete(chunk.tag);
    this.#queue.add(chunk);
  }

  #flushAll(now = false): void {
    for (const chunk of [...this.#open.values()]) this.#enqueue(chunk);
    if (now) for (const chunk of this.#queue) chunk.notBefore = 0;
    this.#pump();
  }

  #check(): void {
    const now = performance.now();
    if (this.config.flushMode !== 'lazy') {
      const due = now - this.config.flushInterval * 1000;
      for (const chunk of [...this.#open.values()]) if (chunk.since <= due) this.#enqueue(chunk);
    }
    this.#pump();
  }

  #pump(): void {
    const now = performance.now();
    for (const chunk of this.#queue) {
      if (this.#writing.size >= this.config.flushThreadCount) return;
      if (chunk.notBefore > now) continue;
      this.#queue.delete(chunk);
      this.#writing.add(chunk);
      void this.#write(chunk);
    }
  }

  async #write(chunk: BufferChunk): Promise<void> {
    try {
      const kept = checkKeeping(
        this.output.write(chunk.tag, chunk.stream),
        this.output.id,
        'write',
      );
      if (kept !== KEPT) await kept;
      this.#counts.written += chunk.events;
      if (chunk.failures > 0) this.log.info({ tag: chunk.tag }, 'retry succeeded');
      this.#release(chunk);
    } catch (error) {
      this.#writing.delete(chunk);
      if (this.#closed) this.#drop(chunk, (error as Error).message);
      else this.#retry(chunk, error as Error);
    }
    this.#pump();
    for (const done of this.#idle.splice(0)) done();
  }

  #retry(chunk: BufferChunk, error: Error): void {
    const { config } = this;
    const now = performance.now();
    chunk.failures += 1;
    chunk.failingSince ??= now;
    const times = chunk.failures > (config.retryMaxTimes ?? Infinity);
    const late = now - chunk.failingSince > config.retryTimeout * 1000;
    if (!config.retryForever && (times || late)) {
      this.#drop(chunk, `${times ? 'retry_max_times' : 'retry_timeout'}: ${error.message}`);
      return;
    }
    const wait = this.#flushing
      ? Math.min(0.1, this.#wait(chunk.failures))
      : this.#wait(chunk.failures);
    chunk.notBefore = now + wait * 1000;
    this.#counts.retries += 1;
    // In front: a chunk that failed is older than those that wait.
    const others = [...this.#queue];
    this.#queue.clear();
    for (const each of [chunk, ...others]) this.#queue.add(each);
    this.log.warn(
      {
        tag: chunk.tag,
        events: chunk.events,
        retry: chunk.failures,
        seconds: wait,
        reason: error.message,
      },
      'failed to flush the buffer, will retry',
    );
  }

  /** Seconds until the next attempt. */
  #wait(failures: number): number {
    const { retryType, retryWait, retryExponentialBackoffBase, retryMaxInterval, retryRandomize } =
      this.config;
    const grown =
      retryType === 'periodic'
        ? retryWait
        : retryWait * retryExponentialBackoffBase ** (failures - 1);
    const wait = Math.min(grown, retryMaxInterval ?? 24 * 3600);
    return retryRandomize ? wait * (0.875 + Math.random() / 4) : wait;
  }

  #makeRoom(size: number): void {
    const { totalLimitSize } = this.config;
    while (this.#bytes + size > totalLimitSize) {
      const oldest = firstOf(this.#queue) ?? firstOf(this.#open.values());
      if (oldest === undefined) return; // the rest is being written
      if (!this.#queue.delete(oldest)) this.#open.delete(oldest.tag);
      this.#drop(oldest, 'the buffer is full: drop_oldest_chunk');
    }
  }

  #drop(chunk: BufferChunk, reason: string): void {
    this.#counts.dropped += chunk.events;
    this.log.error({ tag: chunk.tag, events: chunk.events, reason }, 'buffered events are lost');
    this.#release(chunk);
  }

  #release(chunk: BufferChunk): void {
    this.#writing.delete(chunk);
    this.#bytes -= chunk.bytes;
    for (;;) {
      const next = this.#blocked.at(0);
      if (next === undefined || this.#bytes + next.size > this.config.totalLimitSize) return;
      this.#blocked.shift();
      next.go();
    }
  }

  #overflow(): BufferOverflowError {
    this.#counts.refused += 1;
    const error = new BufferOverflowError(this.id, this.config.totalLimitSize);
    if (!this.#overflowing && !this.#closed) this.log.warn({ bytes: this.#bytes }, error.message);
    this.#overflowing = true;
    return error;
  }

  /** Resolves when nothing waits that could be written now. */
  async #settled(): Promise<void> {
    const now = (): boolean =>
      this.#writing.size > 0 || [...this.#queue].some((chunk) => chunk.failures === 0);
    while (now()) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  async #empty(): Promise<void> {
    while (this.#writing.size + this.#queue.size + this.#open.size + this.#blocked.length > 0) {
      this.#flushAll();
      if (this.#writing.size + this.#queue.size === 0) return;
      await new Promise<void>((resolve) => this.#idle.push(resolve));
    }
  }
}

function firstOf<T>(items: Iterable<T>): T | undefined {
  for (const item of items) return item;
  return undefined;
}
