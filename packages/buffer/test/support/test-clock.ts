import type { Clock } from '../../src/index.js';

interface Timer {
  readonly at: number;
  readonly call: () => void;
}

/** A clock that stands still until a test moves it. */
export class TestClock implements Clock {
  #elapsed = 0;
  #wall = Date.UTC(2026, 0, 1);
  readonly #timers = new Set<Timer>();

  now = (): number => this.#wall;
  elapsed = (): number => this.#elapsed;

  after(milliseconds: number, call: () => void): () => void {
    const timer = { at: this.#elapsed + Math.max(milliseconds, 0), call };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** How many calls are to come. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Sets the wall clock alone, as an administrator does. */
  set(unixMilliseconds: number): void {
    this.#wall = unixMilliseconds;
  }

  /** Moves on; what is due in between is called in its order, and what it begins is done. */
  async pass(seconds: number): Promise<void> {
    const end = this.#elapsed + seconds * 1000;
    await turn();
    for (;;) {
      const next = [...this.#timers].sort((a, b) => a.at - b.at).at(0);
      if (next === undefined || next.at > end) break;
      this.#move(next.at);
      this.#timers.delete(next);
      next.call();
      await turn();
    }
    this.#move(end);
    await turn();
  }

  #move(to: number): void {
    this.#wall += to - this.#elapsed;
    this.#elapsed = to;
  }
}

/** Lets everything run that waits for nothing but the event loop. */
async function turn(): Promise<void> {
  for (let i = 0; i < 3; i += 1) await new Promise((resolve) => setImmediate(resolve));
}
