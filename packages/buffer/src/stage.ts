import { Alarm } from './alarm.js';
import type { Clock } from '@sluice/plugin';
import type { HeldChunk } from './held-chunk.js';

export interface StageOptions {
  readonly clock: Clock;
  /** Milliseconds from the beginning of a chunk until it is due. */
  readonly flushInterval: number;
  /** Milliseconds from the beginning of a chunk's time slice until it is due. */
  readonly sliceTime: number;
  /** Whether chunks that are due may leave now; else they stay until `release`. */
  readonly mayLeave: () => boolean;
  /** Takes the chunks that are due. */
  readonly leave: (chunk: HeldChunk) => void;
}

/** Chunks that take events, one for each combination of chunk keys, until they are due. */
export class Stage {
  readonly #chunks = new Map<string, HeldChunk>();
  readonly #options: StageOptions;
  readonly #alarm: Alarm;
  #held = false;

  constructor(options: StageOptions) {
    this.#options = options;
    this.#alarm = new Alarm(options.clock, () => this.#leaveDue());
  }

  get size(): number {
    return this.#chunks.size;
  }

  get oldest(): HeldChunk | undefined {
    for (const chunk of this.#chunks.values()) return chunk;
    return undefined;
  }

  get(key: string): HeldChunk | undefined {
    return this.#chunks.get(key);
  }

  [Symbol.iterator](): Iterator<HeldChunk> {
    return [...this.#chunks.values()][Symbol.iterator]();
  }

  add(chunk: HeldChunk): void {
    this.#chunks.set(chunk.key, chunk);
    this.#alarm.in(this.#wait(chunk));
  }

  /** Whether a chunk would leave at once. */
  isDue(chunk: HeldChunk): boolean {
    return this.#wait(chunk) <= 0;
  }

  delete(chunk: HeldChunk): void {
    if (this.#chunks.get(chunk.key) === chunk) this.#chunks.delete(chunk.key);
  }

  /** There is room in the queue: those that had to stay leave. */
  release(): void {
    if (this.#held) this.#leaveDue();
  }

  stop(): void {
    this.#alarm.stop();
  }

  #leaveDue(): void {
    this.#held = false;
    let next = Infinity;
    for (const chunk of this) {
      const wait = this.#wait(chunk);
      if (wait > 0) next = Math.min(next, wait);
      else if (this.#options.mayLeave()) this.#options.leave(chunk);
      else this.#held = true;
    }
    this.#alarm.in(next);
  }

  #wait({ since, stored: { metadata } }: HeldChunk): number {
    const { clock, flushInterval, sliceTime } = this.#options;
    const byAge = since + flushInterval - clock.elapsed();
    if (metadata.timekey === undefined) return byAge;
    return Math.min(byAge, metadata.timekey * 1000 + sliceTime - clock.now());
  }
}
