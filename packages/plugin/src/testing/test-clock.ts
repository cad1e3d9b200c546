import type { Clock } from '../clock.js';

interface Timer {
  readonly due: number;
  readonly callback: () => void;
}

/** A clock that stands until the test moves it on. */
export class TestClock implements Clock {
  readonly #timers = new Set<Timer>();
  #elapsed = 0;
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

  elapsed(): number {
    return this.#elapsed;
  }

  setTimeout(callback: () => void, milliseconds: number): () => void {
    const timer: Timer = { due: this.#elapsed + Math.max(0, milliseconds), callback };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  /** Sets the Unix time alone, in milliseconds, as an administrator does. */
  set(now: number): void {
    this.#now = now;
  }

  /**
   * Moves the clock on and calls back whoever waits for it, each at its time; what follows from a call
   * runs before the next one.
   */
  async advance(milliseconds: number): Promise<void> {
    const end = this.#elapsed + milliseconds;
    for (;;) {
      // What is under way may set a timer.
      await turns();
      const next = [...this.#timers].sort((a, b) => a.due - b.due).at(0);
      if (next === undefined || next.due > end) break;
      this.#timers.delete(next);
      this.#move(next.due);
      next.callback();
    }
    this.#move(end);
    await turns();
  }

  #move(to: number): void {
    this.#now += to - this.#elapsed;
    this.#elapsed = to;
  }
}

/** Lets everything run that waits for nothing but the event loop. */
async function turns(): Promise<void> {
  for (let i = 0; i < 3; i += 1) await new Promise((resolve) => setImmediate(resolve));
}
