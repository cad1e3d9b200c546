const SAMPLES = 1000;
const LN10 = Math.log(10);

/** When a server was last heard of, and how surprising its silence is (phi accrual). */
export class FailureDetector {
  readonly #intervals: number[] = [];
  #sum = 0;
  #next = 0;
  #last: number;

  /** @param interval milliseconds between heartbeats; the mean is never taken to be less */
  constructor(
    private readonly interval: number,
    now: number,
  ) {
    this.#last = now;
  }

  /** A heartbeat has come. */
  add(now: number): void {
    const elapsed = now - this.#last;
    this.#last = now;
    const old = this.#intervals.length < SAMPLES ? 0 : this.#intervals[this.#next];
    this.#intervals[this.#next] = elapsed;
    this.#next = (this.#next + 1) % SAMPLES;
    this.#sum += elapsed - old;
  }

  /** Milliseconds since the last heartbeat. */
  silence(now: number): number {
    return now - this.#last;
  }

  /** The silence is so unlikely: 10 to the power of minus phi. */
  phi(now: number): number {
    const size = this.#intervals.length;
    const mean = Math.max(this.interval, size === 0 ? 0 : this.#sum / size);
    return this.silence(now) / mean / LN10;
  }

  /** Forgets the past: a server that comes back begins anew. */
  clear(now: number): void {
    this.#intervals.length = 0;
    this.#sum = 0;
    this.#next = 0;
    this.#last = now;
  }
}
