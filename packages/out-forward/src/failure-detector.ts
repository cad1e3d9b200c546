const SAMPLES = 1000;
const LN10 = Math.log(10);

/**
 * When a server was last heard of, and how surprising its silence is (phi accrual, with intervals
 * taken to be exponential). Times are milliseconds of `performance.now()`.
 */
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

  /** When the server was last heard of. */
  get last(): number {
    return this.#last;
  }

  /** How unlikely the silence is: 10 to the power of minus phi. */
  phi(now: number): number {
    return (now - this.#last) / this.#mean / LN10;
  }

  /** When phi will be more than this, if nothing is heard until then. */
  suspectAt(phi: number): number {
    return this.#last + phi * LN10 * this.#mean;
  }

  /** Forgets the past: a server that comes back begins anew. */
  clear(now: number): void {
    this.#intervals.length = 0;
    this.#sum = 0;
    this.#next = 0;
    this.#last = now;
  }

  get #mean(): number {
    const size = this.#intervals.length;
    return Math.max(this.interval, size === 0 ? 0 : this.#sum / size);
  }
}
