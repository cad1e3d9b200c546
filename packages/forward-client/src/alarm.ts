/** As long as a timer of Node can be; a longer one rings early, and is set again. */
const LONGEST = 2 ** 31 - 1;

/**
 * One timer for several deadlines of which each may move: it rings at the earliest that it was told
 * of, and whoever hears it looks which deadlines have passed and tells the next. So moving a deadline
 * to a later time costs nothing, and nothing is looked at while nothing is due.
 */
export class Alarm {
  #timer: NodeJS.Timeout | undefined;
  #at = Infinity;

  constructor(private readonly ring: () => void) {}

  /** Rings at this time, or before. @param at milliseconds of `performance.now()`; Infinity: never */
  by(at: number): void {
    if (at >= this.#at) return;
    this.#at = at;
    clearTimeout(this.#timer);
    const wait = Math.min(Math.max(Math.ceil(at - performance.now()), 0), LONGEST);
    this.#timer = setTimeout(() => {
      this.#at = Infinity;
      this.ring();
    }, wait);
  }

  /** Forgets all deadlines. */
  clear(): void {
    this.#at = Infinity;
    clearTimeout(this.#timer);
  }
}
