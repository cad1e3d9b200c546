interface Waiting {
  readonly bytes: number;
  readonly enter: () => void;
  readonly refuse: () => void;
}

/** The bytes that a buffer may hold, and those who wait for some of them. */
export class Room {
  used = 0;
  readonly #waiting: Waiting[] = [];

  constructor(readonly limit: number) {}

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Whether so many bytes fit; whoever waits comes first. */
  fits(bytes: number): boolean {
    return this.#waiting.length === 0 && this.used + bytes <= this.limit;
  }

  /** Calls one of the two functions later: when there is room, or when there will be none. */
  wait(waiting: Waiting): void {
    this.#waiting.push(waiting);
  }

  /** Gives bytes back, and lets in who fits, in their order. */
  give(bytes: number): void {
    this.used -= bytes;
    for (;;) {
      const next = this.#waiting.at(0);
      if (next === undefined || this.used + next.bytes > this.limit) return;
      this.#waiting.shift();
      next.enter();
    }
  }

  /** Nobody who waits gets in any more. */
  refuseAll(): void {
    for (const { refuse } of this.#waiting.splice(0)) refuse();
  }
}
