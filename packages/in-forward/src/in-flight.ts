import type { MessageMemory } from '@sluice/forward-protocol';
import type { Budget, BudgetTicket } from '@sluice/plugin';

/** What a message that waits to be kept takes beside its bytes: promises, views, its entry in queues. */
export const PENDING_COST = 1152;
// Reserved for what one read may bring, while others wait for room as well.
const READ_COST = 1024 * 1024;

/** The bytes of one read, which stay in memory while any message in them waits. */
interface Read {
  /** What they take. */
  readonly bytes: number;
  waiting: number;
  readonly release: () => void;
}

/** What the server keeps a read in: the next power of two. */
function memoryOf(length: number): number {
  return length <= 1024 ? 1024 : 2 ** (32 - Math.clz32(length - 1));
}

/**
 * The messages of one connection that were handed on and are not kept yet, at their real cost.
 * While its budget is full nothing more is read from the connection: that is the backpressure.
 */
export class InFlight {
  readonly #budget: Budget;
  readonly #reserve: number;
  readonly #retain: () => () => void;
  #data: Buffer | undefined;
  /** Of `#data`, once a message in it waits. */
  #read: Read | undefined;
  #waiting = 0;
  #ticket: BudgetTicket | undefined;
  #whenIdle: (() => void) | undefined;

  /** @param retain keeps the bytes of the read that is being worked off, as a connection does */
  constructor(budget: Budget, retain: () => () => void) {
    const least = Math.min(budget.limit, budget.parent?.limit ?? Infinity);
    this.#budget = budget;
    this.#retain = retain;
    this.#reserve = Math.min(READ_COST, Math.ceil(least / 4));
  }

  /** Messages that are not kept yet. */
  get waiting(): number {
    return this.#waiting;
  }

  /** The messages that follow lie in these bytes, where they do not have memory of their own. */
  startRead(data: Buffer): void {
    this.#data = data;
    this.#read = undefined;
  }

  /** The read is worked off. */
  endRead(): void {
    this.#data = undefined;
    this.#read = undefined;
  }

  /**
   * A message waits to be kept, and its bytes stay valid until then.
   *
   * @param memory what holds the bytes, where they do not lie in the read
   * @returns what is to be called once it is, or will not be
   */
  add(bytes: Buffer, memory: MessageMemory | undefined): () => void {
    const data = this.#data;
    const read =
      memory === undefined && data?.buffer === bytes.buffer ? this.#readOf(data) : undefined;
    memory?.retain();
    const own = read === undefined ? (memory?.bytes ?? bytes).length : 0;
    const cost = PENDING_COST + own;
    this.#budget.charge(cost + (read?.waiting === 0 ? read.bytes : 0));
    this.#waiting++;
    if (read !== undefined) read.waiting++;
    return () => {
      memory?.release();
      const last = read !== undefined && --read.waiting === 0;
      if (last) read.release();
      this.#budget.release(cost + (last ? read.bytes : 0));
      if (--this.#waiting === 0) this.#whenIdle?.();
    };
  }

  /** @returns a promise for when there is room for another read, `undefined` if there is now */
  room(): Promise<void> | undefined {
    return this.#budget.full ? this.#waitForRoom() : undefined;
  }

  /** Calls back when nothing waits any more. */
  onIdle(callback: () => void): void {
    this.#whenIdle = callback;
    if (this.#waiting === 0) callback();
  }

  /** Nothing more is read. */
  close(): void {
    this.#ticket?.cancel();
  }

  #readOf({ length }: Buffer): Read {
    const read = this.#read;
    // Where all that waited has settled meanwhile, its bytes have been let go of.
    if (read !== undefined && read.waiting > 0) return read;
    return (this.#read = { bytes: memoryOf(length), waiting: 0, release: this.#retain() });
  }

  async #waitForRoom(): Promise<void> {
    const reserved = this.#reserve;
    const ticket = this.#budget.take(reserved);
    if (ticket !== undefined) {
      this.#ticket = ticket;
      try {
        await ticket.granted;
      } catch {
        return; // closed
      }
    }
    // The read happens in the next turn of the event loop, and counts with what it brings.
    setImmediate(() => setImmediate(() => this.#budget.release(reserved)));
  }
}
