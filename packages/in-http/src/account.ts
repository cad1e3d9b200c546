import type { Budget } from '@sluice/plugin';
import { busy } from './refusal.js';

/** What one request takes of the room for all. */
export class Account {
  readonly #budget: Budget;
  #bytes = 0;

  constructor(budget: Budget) {
    this.#budget = budget;
  }

  /**
   * Takes room up to a number of bytes.
   *
   * @throws RequestRefusal with status 503 where others have it. A request that is alone gets what it
   *   needs: its own limits bound it
   */
  need(bytes: number): void {
    const more = bytes - this.#bytes;
    if (more <= 0) return;
    const alone = this.#budget.bytes === this.#bytes;
    if (alone) this.#budget.charge(more);
    else if (!this.#budget.tryTake(more)) throw busy('too many events are under way');
    this.#bytes = bytes;
  }

  /** Gives back what is more than a number of bytes. */
  keep(bytes: number): void {
    if (bytes >= this.#bytes) return;
    this.#budget.release(this.#bytes - bytes);
    this.#bytes = bytes;
  }
}
