import { Budget } from '@sluice/plugin';
import type { BudgetTicket } from '@sluice/plugin';
import type { MakingRoom } from '@sluice/forward-protocol';
import type { UnfinishedMessage } from './unfinished.js';

// What is made of a message in up to so many bytes does not wait behind large ones.
const SMALL = 4 * 1024 * 1024;

/**
 * The parts of the one total that all connections of an input share, by the sizes of what they hold.
 * They are such that a single message may go beyond its part, when it is alone, and all together
 * stay below twice the total.
 */
export interface Rooms {
  /** Small messages that are handed on and not kept yet: a quarter. */
  readonly inFlight: number;
  /** Large messages, from their announcement until they are kept: a quarter, or one. */
  readonly large: number;
  /** Small messages that have come in part: a sixteenth. */
  readonly unfinished: number;
  /** What is made of small messages, inflated or repaired: an eighth. */
  readonly making: number;
}

/** @param total bytes, `total_in_flight_limit` */
export function roomsOf(total: number): Rooms {
  return {
    inFlight: Math.ceil(total / 4),
    large: Math.ceil(total / 4),
    unfinished: Math.ceil(total / 16),
    making: Math.ceil(total / 8),
  };
}

/** Where one connection takes the room from for what it makes of its messages. */
export class ConnectionRoom implements MakingRoom {
  #small = 0;
  #ticket: BudgetTicket | undefined;

  constructor(
    /** Of all connections, for what is small. */
    readonly all: Budget,
    /** Asks for room among the large messages. */
    readonly message: UnfinishedMessage,
  ) {}

  take(bytes: number): Promise<void> | undefined {
    if (this.#small + bytes > this.#limit) return this.message.make(bytes);
    const ticket = this.all.take(bytes);
    if (ticket === undefined) {
      this.#small += bytes;
      return undefined;
    }
    this.#ticket = ticket;
    return ticket.granted.then(() => {
      this.#ticket = undefined;
      this.#small += bytes;
    });
  }

  tryTake(bytes: number): boolean {
    if (this.#small === 0) return this.message.tryMake(bytes);
    if (this.#small + bytes > this.#limit || !this.all.tryTake(bytes)) return false;
    this.#small += bytes;
    return true;
  }

  release(): void {
    this.all.release(this.#small);
    this.#small = 0;
    this.message.hasMade();
  }

  close(): void {
    const ticket = this.#ticket;
    this.#ticket = undefined;
    ticket?.cancel();
  }

  get #limit(): number {
    return Math.min(SMALL, Math.ceil(this.all.limit / 4));
  }
}
