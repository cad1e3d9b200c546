import { BudgetTicket, type TicketOffice } from './ticket.js';

/** What a {@link Budget} takes. */
export interface BudgetOptions {
  /** The most bytes that may be taken at one time; one item may be larger, but then it is alone. */
  limit: number;
  /** A budget from which the same bytes are taken, too. Default: none. */
  parent?: Budget | undefined;
  /** A monotonic clock in milliseconds. Default: `performance.now`. */
  clock?: (() => number) | undefined;
}

/** What a budget tells of itself. */
export interface BudgetStatistics {
  /** Bytes that are taken now. */
  bytes: number;
  /** The most bytes that may be taken at one time. */
  limit: number;
  /** The most bytes that were taken at one time. */
  peak: number;
  /** Those that wait now. */
  waiting: number;
  /** How often somebody had to wait. */
  waits: number;
  /** How long the first in the queue has waited, in seconds; 0 where nobody waits. */
  stalledSeconds: number;
}

/**
 * Bounds the bytes that wait in one place: a connection, an input, a buffer, an output.
 *
 * Whoever is about to spend memory takes the bytes first, and releases the same number when the
 * memory is free again. Where there is no room they wait, first come first served: nobody who comes
 * later goes before, however small. Budgets that share a parent share its room, and wait in one
 * queue for it.
 *
 * ```ts
 * const all = new Budget({ limit: 256 * 1024 * 1024 });
 * const one = new Budget({ limit: 16 * 1024 * 1024, parent: all });
 * await one.take(bytes.length)?.granted;
 * try {
 *   await write(bytes);
 * } finally {
 *   one.release(bytes.length);
 * }
 * ```
 */
export class Budget {
  /** The most bytes that may be taken at one time. */
  readonly limit: number;
  /** The budget from which the same bytes are taken, too. */
  readonly parent: Budget | undefined;
  readonly #clock: () => number;
  #bytes = 0;
  #peak = 0;
  #waits = 0;
  /** Those that wait for room here, whichever budget they asked. */
  readonly #queue: Waiting[] = [];

  constructor({ limit, parent, clock }: BudgetOptions) {
    if (!(limit > 0)) throw new RangeError(`limit must be above 0, not ${limit}`);
    this.limit = limit;
    this.parent = parent;
    this.#clock = clock ?? (() => performance.now());
  }

  /** Bytes that are taken now. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether nothing more may be taken now: the limit is reached here or above, or somebody waits. */
  get full(): boolean {
    return this.#bytes >= this.limit || this.#queue.length > 0 || (this.parent?.full ?? false);
  }

  /** Since when the first in the queue has waited, by the clock; undefined where nobody waits. */
  get stalledSince(): number | undefined {
    return this.#queue.at(0)?.ticket.since;
  }

  /**
   * Takes bytes now, or waits for its turn.
   *
   * @param options - `first` goes before all others that wait: for one that holds bytes already
   * @returns undefined where the bytes are taken; else the place in the queue, whose `granted` is
   *   to be waited for
   */
  take(bytes: number, { first = false } = {}): BudgetTicket | undefined {
    const blocker = this.#blocker(bytes, first);
    if (blocker === undefined) {
      this.charge(bytes);
      return undefined;
    }
    const office: TicketOffice = {
      charge: (taken) => this.charge(taken),
      leave: (ticket) => this.#leave(ticket),
    };
    const ticket = new BudgetTicket(office, bytes, this.#clock());
    this.#waits++;
    blocker.#enqueue({ ticket, budget: this, first });
    return ticket;
  }

  /** Takes bytes if there is room now and nobody waits. */
  tryTake(bytes: number): boolean {
    if (this.#blocker(bytes, false) !== undefined) return false;
    this.charge(bytes);
    return true;
  }

  /** Takes bytes whether there is room or not: for memory that is spent already. */
  charge(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes > this.#peak) this.#peak = this.#bytes;
    this.parent?.charge(bytes);
  }

  /** Gives bytes back, and lets those in that wait for them. */
  release(bytes: number): void {
    this.#bytes -= bytes;
    if (this.#queue.length > 0) this.#serve();
    this.parent?.release(bytes);
  }

  /** What is in use now, and what waits. */
  statistics(): BudgetStatistics {
    const since = this.stalledSince;
    return {
      bytes: this.#bytes,
      limit: this.limit,
      peak: this.#peak,
      waiting: this.#queue.length,
      waits: this.#waits,
      stalledSeconds: since === undefined ? 0 : (this.#clock() - since) / 1000,
    };
  }

  #fits(bytes: number): boolean {
    return this.#bytes === 0 || this.#bytes + bytes <= this.limit;
  }

  /**
   * The lowest budget that makes the bytes wait, from this one upwards.
   *
   * @param passed - one at the head of whose queue they stand
   */
  #blocker(bytes: number, first: boolean, passed?: Budget): Budget | undefined {
    const overtakes = first || this === passed || this.#queue.length === 0;
    if (!overtakes || !this.#fits(bytes)) return this;
    return this.parent === undefined ? undefined : this.parent.#blocker(bytes, first, passed);
  }

  #enqueue(waiting: Waiting): void {
    if (waiting.first) this.#queue.unshift(waiting);
    else this.#queue.push(waiting);
  }

  #serve(): void {
    for (let next = this.#queue.at(0); next !== undefined; next = this.#queue.at(0)) {
      const { ticket, budget } = next;
      if (!this.#fits(ticket.bytes)) return;
      this.#queue.shift();
      // There is room here; what the others on its way say is asked anew.
      const blocker = budget.#blocker(ticket.bytes, next.first, this);
      if (blocker === undefined) ticket.grant();
      else blocker.#enqueue(next);
    }
  }

  #leave(ticket: BudgetTicket): void {
    const at = this.#queue.findIndex((waiting) => waiting.ticket === ticket);
    if (at >= 0) {
      this.#queue.splice(at, 1);
      // The next may be smaller.
      if (at === 0) this.#serve();
    } else if (this.parent !== undefined) {
      this.parent.#leave(ticket);
    }
  }
}

interface Waiting {
  readonly ticket: BudgetTicket;
  /** The budget that was asked. */
  readonly budget: Budget;
  readonly first: boolean;
}
