/**
 * Bytes of messages that were handed on and are not kept yet. Over the limit whoever reads from a
 * socket waits: that is the backpressure.
 */
export class InFlight {
  #bytes = 0;
  #waiting: (() => void)[] = [];

  /**
   * @param limit in bytes; one message may be larger, but then it is alone
   * @param parent another account on which the same bytes count
   */
  constructor(
    readonly limit: number,
    readonly parent?: InFlight,
  ) {}

  get bytes(): number {
    return this.#bytes;
  }

  add(bytes: number): void {
    this.#bytes += bytes;
    this.parent?.add(bytes);
  }

  remove(bytes: number): void {
    this.#bytes -= bytes;
    this.parent?.remove(bytes);
    if (this.#bytes >= this.limit || this.#waiting.length === 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }

  /** @returns a promise for when there is room, `undefined` if there is now */
  room(): Promise<void> | undefined {
    if (this.#bytes >= this.limit) {
      return new Promise<void>((resolve) => this.#waiting.push(resolve)).then(() => this.room());
    }
    return this.parent?.room();
  }
}
