import { Alarm } from './alarm.js';
import type { Clock } from '@sluice/plugin';
import type { HeldChunk } from './held-chunk.js';

export interface FlushQueueOptions {
  readonly clock: Clock;
  /** How many chunks are written at a time. Fluentd: `flush_thread_count`. */
  readonly threads: number;
  /** Milliseconds after which a write that has not settled makes room for another. */
  readonly stuckAfter: number;
  /**
   * Writes a chunk; never rejects.
   *
   * @returns undefined when the chunk is done with, else milliseconds until it is to be tried again
   */
  readonly write: (chunk: HeldChunk) => Promise<number | undefined>;
  /** Told once of a write that does not settle. */
  readonly onStuck: (chunk: HeldChunk) => void;
  /** Milliseconds from then on until its chunk no longer waits for it. */
  readonly hungAfter: number;
  /** Does with the chunk what is to be done then. @returns as `write` does */
  readonly onHung: (chunk: HeldChunk) => Promise<number | undefined>;
  /** Told whenever a chunk has been written or tried, and before the next one. */
  readonly onProgress: () => void;
}

/** The chunks of one tag: only the first of them is written, so that their order is kept. */
interface Lane {
  readonly tag: string;
  readonly chunks: Set<HeldChunk>;
  state: 'ready' | 'writing' | 'waiting';
}

/** One write of a chunk. */
interface Attempt {
  /** It counts among those that are made at a time. */
  thread: boolean;
  /** Its chunk no longer waits for it. */
  over: boolean;
  cancel: () => void;
}

/** Chunks that wait to be written, and those that are being written. */
export class FlushQueue {
  readonly #options: FlushQueueOptions;
  readonly #lanes = new Map<string, Lane>();
  readonly #ready = new Set<Lane>();
  readonly #waiting = new Set<Lane>();
  readonly #alarm: Alarm;
  readonly #idle: (() => void)[] = [];
  #length = 0;
  #threads = 0;
  #writing = 0;
  #stopped = false;

  constructor(options: FlushQueueOptions) {
    this.#options = options;
    this.#alarm = new Alarm(options.clock, () => this.#wake(false));
  }

  /** Chunks that wait, those that are being written not included. */
  get length(): number {
    return this.#length - this.#writing;
  }

  get writing(): number {
    return this.#writing;
  }

  /** The chunks that failed and wait to be tried again, or are being tried. */
  get failing(): HeldChunk[] {
    const heads = [...this.#lanes.values()].map(({ chunks }) => firstOf(chunks));
    return heads.filter((chunk) => chunk !== undefined && chunk.failures > 0) as HeldChunk[];
  }

  add(chunk: HeldChunk): void {
    const lane = this.#lanes.get(chunk.tag) ?? this.#newLane(chunk.tag);
    lane.chunks.add(chunk);
    this.#length += 1;
    this.#pump();
  }

  /** Takes the oldest chunk out that is neither being written nor appended to. */
  takeOldest(): HeldChunk | undefined {
    let oldest: { chunk: HeldChunk; lane: Lane } | undefined;
    for (const lane of this.#lanes.values()) {
      const [first, second] = firstTwo(lane.chunks);
      const chunk = lane.state === 'writing' ? second : first;
      if (chunk === undefined || chunk.appending) continue;
      if (oldest === undefined || chunk.stored.createdAt < oldest.chunk.stored.createdAt) {
        oldest = { chunk, lane };
      }
    }
    if (oldest !== undefined) this.#remove(oldest.lane, oldest.chunk);
    return oldest?.chunk;
  }

  /** Tries those again at once that wait for their next attempt. */
  tryNow(): void {
    this.#wake(true);
  }

  /** Begins no more writes; those that are under way go on. */
  stop(): void {
    this.#stopped = true;
    this.#alarm.stop();
    this.#ready.clear();
    this.#waiting.clear();
  }

  /** Resolves when no write is under way. */
  async quiet(): Promise<void> {
    while (this.#writing > 0) await this.#next();
  }

  /** Every chunk, those that are being written included. */
  get chunks(): HeldChunk[] {
    return [...this.#lanes.values()].flatMap(({ chunks }) => [...chunks]);
  }

  /** Resolves when nothing is being written, stuck writes aside, and nothing could be. */
  async settled(): Promise<void> {
    while (this.#threads > 0 || this.#ready.size > 0) await this.#next();
  }

  /** Resolves when the queue is empty. */
  async empty(): Promise<void> {
    while (this.#length > 0 && !this.#stopped) await this.#next();
  }

  #next(): Promise<void> {
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  #newLane(tag: string): Lane {
    const lane: Lane = { tag, chunks: new Set(), state: 'ready' };
    this.#lanes.set(tag, lane);
    this.#ready.add(lane);
    return lane;
  }

  #remove(lane: Lane, chunk: HeldChunk): void {
    lane.chunks.delete(chunk);
    this.#length -= 1;
    if (lane.state === 'writing') return;
    // Whatever comes next has not failed yet.
    this.#waiting.delete(lane);
    this.#ready.delete(lane);
    if (lane.chunks.size === 0) this.#lanes.delete(lane.tag);
    else this.#setReady(lane);
  }

  #setReady(lane: Lane): void {
    lane.state = 'ready';
    this.#ready.add(lane);
  }

  #wake(all: boolean): void {
    const now = this.#options.clock.elapsed();
    let next = Infinity;
    for (const lane of [...this.#waiting]) {
      const wait = (firstOf(lane.chunks)?.notBefore ?? 0) - now;
      if (wait > 0 && !all) next = Math.min(next, wait);
      else {
        this.#waiting.delete(lane);
        this.#setReady(lane);
      }
    }
    this.#alarm.in(next);
    this.#pump();
  }

  #pump(): void {
    if (this.#stopped) return;
    for (const lane of this.#ready) {
      if (this.#threads >= this.#options.threads) return;
      this.#ready.delete(lane);
      const chunk = firstOf(lane.chunks);
      if (chunk === undefined) continue;
      lane.state = 'writing';
      this.#threads += 1;
      this.#writing += 1;
      void this.#write(lane, chunk);
    }
  }

  async #write(lane: Lane, chunk: HeldChunk): Promise<void> {
    const { clock, stuckAfter, write } = this.#options;
    const attempt: Attempt = {
      thread: true,
      over: false,
      cancel: clock.setTimeout(() => this.#stuck(lane, chunk, attempt), stuckAfter),
    };
    const wait = await write(chunk);
    attempt.cancel();
    if (!attempt.over) this.#end(lane, chunk, attempt, wait);
  }

  /** The write is slow: others no longer wait for it, only its own tag does. */
  #stuck(lane: Lane, chunk: HeldChunk, attempt: Attempt): void {
    const { clock, hungAfter, onStuck } = this.#options;
    this.#threads -= 1;
    attempt.thread = false;
    attempt.cancel =
      hungAfter === Infinity
        ? () => undefined
        : clock.setTimeout(() => void this.#hung(lane, chunk, attempt), hungAfter);
    onStuck(chunk);
    this.#progress();
  }

  /** The write will never settle: its tag is not to wait for ever. */
  async #hung(lane: Lane, chunk: HeldChunk, attempt: Attempt): Promise<void> {
    if (this.#stopped) return;
    attempt.over = true;
    this.#end(lane, chunk, attempt, await this.#options.onHung(chunk));
  }

  #end(lane: Lane, chunk: HeldChunk, attempt: Attempt, wait: number | undefined): void {
    if (attempt.thread) this.#threads -= 1;
    this.#writing -= 1;
    lane.state = 'ready';
    if (wait === undefined) this.#remove(lane, chunk);
    else this.#waitFor(lane, chunk, wait);
    this.#options.onProgress();
    this.#progress();
  }

  #waitFor(lane: Lane, chunk: HeldChunk, wait: number): void {
    chunk.notBefore = this.#options.clock.elapsed() + wait;
    lane.state = 'waiting';
    if (this.#stopped) return;
    this.#waiting.add(lane);
    this.#alarm.in(wait);
  }

  #progress(): void {
    this.#pump();
    for (const resolve of this.#idle.splice(0)) resolve();
  }
}

function firstOf<T>(items: Iterable<T>): T | undefined {
  for (const item of items) return item;
  return undefined;
}

function firstTwo<T>(items: Set<T>): (T | undefined)[] {
  const iterator = items.values();
  return [iterator.next().value, iterator.next().value];
}
