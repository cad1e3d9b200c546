import type { Clock } from '@sluice/plugin';

/** Waits at most so long at a time: a wall clock that is set is noticed by then. */
const longest = 60_000;

/** One timer for the earliest of many moments: nothing is looked for before something is due. */
export class Alarm {
  #cancel: (() => void) | undefined;
  #at = Infinity;
  #stopped = false;

  /** @param ring called when it is time; it may set the alarm again */
  constructor(
    readonly clock: Clock,
    readonly ring: () => void,
  ) {}

  /** Rings in so many milliseconds, unless it rings earlier anyway. */
  in(milliseconds: number): void {
    if (milliseconds === Infinity || this.#stopped) return;
    const wait = Math.max(0, Math.min(milliseconds, longest));
    const at = this.clock.elapsed() + wait;
    if (at >= this.#at) return;
    this.#cancel?.();
    this.#at = at;
    // Timers may ring a little early by a finer clock: rounded up, it is due when it rings.
    this.#cancel = this.clock.setTimeout(() => {
      this.#at = Infinity;
      this.#cancel = undefined;
      this.ring();
    }, Math.ceil(wait));
  }

  /** Never rings again. */
  stop(): void {
    this.#stopped = true;
    this.#cancel?.();
    this.#cancel = undefined;
  }
}
