/** Something that looks at its connections now and then. @internal */
export interface Swept {
  /** Milliseconds of the shortest bound to keep; undefined where there is nothing to look at. */
  readonly shortestTimeout: number | undefined;
  sweep(now: number): void;
}

/**
 * One coarse timer for all bounds in time of all connections: nothing is armed per connection or
 * per packet. A bound of n seconds is kept to within a quarter of it, at most 10 seconds late.
 * @internal
 */
export class Sweep {
  readonly #members = new Set<Swept>();
  #timer: NodeJS.Timeout | undefined;
  #interval = 0;

  add(member: Swept): void {
    this.#members.add(member);
    this.update();
  }

  remove(member: Swept): void {
    this.#members.delete(member);
    this.update();
  }

  /** To be called when a member's shortest time-out has changed. */
  update(): void {
    let shortest = Infinity;
    for (const { shortestTimeout } of this.#members) {
      if (shortestTimeout !== undefined && shortestTimeout < shortest) shortest = shortestTimeout;
    }
    const interval = shortest === Infinity ? 0 : Math.min(5000, Math.max(20, shortest / 8));
    if (interval === this.#interval) return;
    this.#interval = interval;
    clearInterval(this.#timer);
    this.#timer = undefined;
    if (interval === 0) return;
    this.#timer = setInterval(() => {
      const now = performance.now();
      for (const member of this.#members) member.sweep(now);
    }, interval).unref();
  }
}
