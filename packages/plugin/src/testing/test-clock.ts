import type { Clock } from '../clock.js';

interface Timer {
  readonly due: number;
  readonly callback: () => void;
}

/** A clock that stands until the test moves it on. */
export class TestClock implements Clock {
  readonly #timers = new Set<Timer>();
  #now: number;

  /** @param start Unix time in milliseconds. Default: 2030-01-01T00:00:00Z */
  constructor(start = Date.UTC(2030, 0, 1)) {
    this.#now = start;
  }

  /** How many timers have been set and have not come. */
  get waiting(): number {
    return this.#timers.size;
  }

  now(): number {
    return this.#now;
  }

  setTimeout(callback: () => void, milliseconds: number): () => void {
    const timer: Timer = { due: this.#now + Math.max(0, milliseconds), callback };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  /**
   * Moves the clock on and calls back whoever waits for it, each at its time; what follows from a call
   * runs before the next one.
   */
  async advance(milliseconds: number): Promise<void> {
    const end = this.#now + milliseconds;
    for (;;) {
      // What is under way may set a timer.
      await new Promise((resolve) => setImmediate(resolve));
      const next = [...this.#timers].sort((a, b) => a.due - b.due).at(0);
      if (next === undefined || next.due > end) break;
      this.#timers.delete(next);
      this.#now = next.due;
      next.callback();
    }
    this.#now = end;
  }
}
