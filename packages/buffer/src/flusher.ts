import {
  checkKeeping,
  isUnrecoverable,
  KEPT,
  type EventSink,
  type PluginContext,
} from '@sluice/plugin';
import { backUp, usualBackupFolder } from './backup.js';
import type { Clock } from '@sluice/plugin';
import type { HeldChunk } from './held-chunk.js';
import type { BufferSettings } from './settings.js';

export interface FlusherOptions {
  readonly output: EventSink;
  readonly secondary: EventSink | undefined;
  readonly context: PluginContext;
  readonly settings: BufferSettings;
  readonly clock: Clock;
  /** Told when bytes are no longer held. */
  readonly release: (bytes: number) => void;
}

/** Milliseconds between two attempts while the process is about to end. */
const waitAtEnd = 100;
/** Milliseconds until a chunk that cannot be given up is tried again. */
const backupRetry = 10_000;

/** Writes chunks, one attempt at a time, and says what becomes of those that fail. */
export class Flusher {
  readonly counters = {
    written_events: 0,
    retries: 0,
    secondary_events: 0,
    backed_up_events: 0,
    dropped_events: 0,
    stuck_writes: 0,
    slow_writes: 0,
  };
  readonly #options: FlusherOptions;
  #closed = false;
  #ending: { toSecondary: boolean; told: boolean } | undefined;

  constructor(options: FlusherOptions) {
    this.#options = options;
  }

  /**
   * The process is about to end, and attempts follow each other quickly: from now on no failure
   * counts as a retry that uses up `retry_max_times`.
   *
   * @param toSecondary whether `<secondary>` takes what fails, where there is one, since no later
   *   process finds the chunks
   */
  end(toSecondary: boolean): void {
    this.#ending = { toSecondary, told: false };
  }

  /** From now on what fails stays where it is. */
  close(): void {
    this.#closed = true;
  }

  /**
   * Writes a chunk. Never rejects.
   *
   * @returns undefined when it is done with, else milliseconds until it is to be tried again
   */
  async flush(chunk: HeldChunk): Promise<number | undefined> {
    const { output, secondary, settings, clock, context } = this.#options;
    const attempt = (chunk.attempts += 1);
    if (chunk.gone) return undefined;
    try {
      await chunk.seal();
      if (chunk.bytes === 0) {
        await this.#remove(chunk);
        return undefined;
      }
      const failing = clock.elapsed() - chunk.failingSince;
      const second =
        secondary !== undefined &&
        (chunk.secondary || settings.retry.wantsSecondary(chunk.failures, failing));
      if (second) chunk.secondary = true;
      const begun = clock.elapsed();
      const events = await this.#write(chunk, second ? secondary : output);
      this.#tellSlow(chunk, clock.elapsed() - begun);
      if (second) this.counters.secondary_events += events;
      else this.counters.written_events += events;
      if (chunk.failures > 0) {
        context.log.info(
          { tag: chunk.tag, events, retry: chunk.failures },
          second ? 'a chunk was written to <secondary>' : 'retry succeeded',
        );
      }
      await this.#remove(chunk);
      return undefined;
    } catch (error) {
      // One that hung, and was given up, has nothing more to say.
      return chunk.attempts === attempt ? await this.#failed(chunk, error) : undefined;
    }
  }

  /**
   * Gives a chunk up whose write does not settle for so long as failed ones are tried again: it goes
   * to `<secondary>`, where there is one, and else it is set aside.
   *
   * @returns as `flush` does
   */
  async giveUpHung(chunk: HeldChunk): Promise<number | undefined> {
    chunk.attempts += 1;
    if (this.#options.secondary !== undefined && !chunk.secondary) {
      chunk.secondary = true;
      return 0;
    }
    return this.giveUp(chunk, 'retry_timeout: a write has not settled');
  }

  /** Leaves a chunk to the next process. */
  async leave(chunk: HeldChunk): Promise<void> {
    try {
      await chunk.seal();
    } catch (error) {
      const { log } = this.#options.context;
      log.error({ chunk: chunk.stored.id, reason: messageOf(error) }, 'a chunk cannot be sealed');
    }
  }

  tellStuck(chunk: HeldChunk): void {
    this.counters.stuck_writes += 1;
    const { log } = this.#options.context;
    const seconds = this.#options.settings.stuckAfter / 1000;
    log.warn(
      { tag: chunk.tag, chunk: chunk.stored.id, seconds },
      `a write has not settled for ${seconds} seconds: chunks of other tags no longer wait for it`,
    );
  }

  /** Lets go of a chunk without writing it anywhere. */
  drop(chunk: HeldChunk, reason: string): void {
    const { events, tag } = chunk;
    this.counters.dropped_events += events;
    this.#options.context.log.error({ tag, events, reason }, 'buffered events are lost');
    void this.#remove(chunk);
  }

  /**
   * Gives a chunk up: sets it aside in the backup folder, or drops it where that is wanted.
   *
   * @returns milliseconds until that is to be tried again, where it could not be set aside
   */
  async giveUp(chunk: HeldChunk, reason: string): Promise<number | undefined> {
    const { settings, context } = this.#options;
    const { tag } = chunk;
    if (!settings.backup) {
      this.drop(chunk, reason);
      return undefined;
    }
    const { id, workerId = 0, log } = context;
    const folder = settings.backupPath ?? usualBackupFolder(id, workerId);
    try {
      await chunk.seal();
      const stream = await chunk.stored.read();
      const file = await backUp(folder, chunk.stored, stream);
      this.counters.backed_up_events += stream.count;
      log.error({ tag, events: stream.count, reason, path: file }, `a chunk is set aside: ${file}`);
      await this.#remove(chunk);
      return undefined;
    } catch (error) {
      if (chunk.gone) return undefined; // a write that hung was done after all
      const problem = messageOf(error);
      log.error({ tag, events: chunk.events, reason: problem }, 'a chunk cannot be set aside');
      if (!this.#closed) return backupRetry;
      this.drop(chunk, reason);
      return undefined;
    }
  }

  async #write(chunk: HeldChunk, sink: EventSink): Promise<number> {
    const { id, metadata } = chunk.stored;
    const stream = await chunk.stored.read();
    if (stream.count === 0) return 0;
    const kept = checkKeeping(
      sink.write(metadata.tag, stream.withChunkId(id), { id, metadata }),
      sink.id,
      'write',
    );
    if (kept !== KEPT) await kept;
    return stream.count;
  }

  #tellSlow({ tag, stored }: HeldChunk, took: number): void {
    const { settings, context } = this.#options;
    if (took <= settings.slowAfter) return;
    this.counters.slow_writes += 1;
    context.log.warn(
      { tag, chunk: stored.id, seconds: took / 1000 },
      `a write took ${(took / 1000).toFixed(1)} seconds: slow_flush_log_threshold is ${settings.slowAfter / 1000}`,
    );
  }

  async #failed(chunk: HeldChunk, error: unknown): Promise<number | undefined> {
    const { settings, secondary, clock, context } = this.#options;
    const now = clock.elapsed();
    if (chunk.failures === 0) chunk.failingSince = now;
    chunk.failures += 1;
    chunk.reason = messageOf(error);
    if (this.#ending !== undefined && !isUnrecoverable(error)) {
      return this.#failedAtEnd(this.#ending, chunk);
    }
    const wait = isUnrecoverable(error)
      ? undefined
      : settings.retry.wait(chunk.failures, now - chunk.failingSince);
    if (wait === undefined && secondary !== undefined && !chunk.secondary) {
      chunk.secondary = true;
      return 0;
    }
    if (this.#closed) return undefined;
    if (wait === undefined) {
      const limit = isUnrecoverable(error)
        ? 'the output cannot take it'
        : settings.retry.limit(chunk.failures);
      return this.giveUp(chunk, `${limit}: ${chunk.reason}`);
    }
    this.counters.retries += 1;
    const { tag, events, failures: retry, reason } = chunk;
    context.log.warn(
      { tag, events, retry, seconds: wait / 1000, reason },
      'failed to flush the buffer, will retry',
    );
    return wait;
  }

  #failedAtEnd(ending: { toSecondary: boolean; told: boolean }, chunk: HeldChunk): number {
    const { secondary, context } = this.#options;
    const { tag, reason } = chunk;
    this.counters.retries += 1;
    if (!ending.told) {
      context.log.warn({ tag, reason }, 'failed to flush the buffer, which is stopping');
    }
    ending.told = true;
    if (!ending.toSecondary || secondary === undefined || chunk.secondary) return waitAtEnd;
    chunk.secondary = true;
    return 0;
  }

  async #remove(chunk: HeldChunk): Promise<void> {
    if (chunk.gone) return;
    chunk.gone = true;
    this.#options.release(chunk.bytes);
    try {
      await chunk.stored.remove();
    } catch (error) {
      this.#options.context.log.error(
        { tag: chunk.tag, chunk: chunk.stored.id, reason: messageOf(error) },
        'a chunk cannot be removed from its store, it may be written again after a restart',
      );
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
