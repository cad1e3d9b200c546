/** Says when events may be sent, so that over any stretch there are so many in a second. */
export class Pacer {
  readonly #rate: number;
  readonly #start: number;
  #given = 0;

  /**
   * @param rate events per second; Infinity: no limit
   * @param now milliseconds of the clock that `take` is given
   */
  constructor(rate: number, now: number) {
    this.#rate = rate;
    this.#start = now;
  }

  /** Reserves so many events. @returns milliseconds until they may be sent */
  take(events: number, now: number): number {
    const due = this.#start + (this.#given / this.#rate) * 1000;
    this.#given += events;
    return Math.max(0, due - now);
  }

  /** How many events to send at a time: about 20 times a second, 1,000 at most. */
  batch(connections: number): number {
    const some = this.#rate / connections / 20;
    return Math.max(1, Math.min(1000, Math.floor(some)));
  }
}
