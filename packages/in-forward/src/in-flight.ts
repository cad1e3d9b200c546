import type { MessageMemory } from '@sluice/forward-protocol';
import type { EventStream } from '@sluice/event-stream';
import { Budget, type BudgetTicket } from '@sluice/plugin';
import { EVENT_COST } from './large-messages.js';
import type { UnfinishedMessages } from './unfinished.js';

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
  return length <= 1024 ? 1024 : 1 << (32 - Math.clz32(length - 1));
}

/** The small messages of all connections that were handed on and are not kept yet. */
export class SharedInFlight {
  readonly budget: Budget;
  /** Connections that have any. */
  holders = 0;

  constructor(limit: number) {
    this.budget = new Budget({ limit });
  }

  get bytes(): number {
    return this.budget.bytes;
  }

  /**
   * Whether a connection that has so many bytes may be read. One with a small part of what would be
   * its share is read although others have used up all: so they take nothing from it, and all have
   * half as much again at most.
   */
  hasRoom(own: number): boolean {
    const { budget, holders } = this;
    return !budget.full || own < budget.limit / (2 * Math.max(holders, 1));
  }
}

/** What an {@link InFlight} counts against. */
export interface InFlightOptions {
  /** Bytes of this connection. */
  limit: number;
  /** The small messages of all connections. */
  all: SharedInFlight;
  /** The large ones, which keep the room that they have claimed. */
  large: UnfinishedMessages;
  /** Keeps the bytes of the read that is being worked off, as a connection does. */
  retain: () => () => void;
}

/**
 * The messages of one connection that were handed on and are not kept yet, at their real cost.
 * While its limit is reached, or that of all, nothing more is read from the connection: that is the
 * backpressure.
 */
export class InFlight {
  /** Of this connection. */
  readonly #own: Budget;
  readonly #all: SharedInFlight;
  readonly #large: UnfinishedMessages;
  readonly #reserve: number;
  readonly #retain: () => () => void;
  /** Bytes that are handed on and not kept. */
  #held = 0;
  #data: Buffer | undefined;
  /** Of `#data`, once a message in it waits. */
  #read: Read | undefined;
  #waiting = 0;
  #ticket: BudgetTicket | undefined;
  #whenIdle: (() => void) | undefined;

  constructor({ limit, all, large, retain }: InFlightOptions) {
    this.#own = new Budget({ limit });
    this.#all = all;
    this.#large = large;
    this.#retain = retain;
    this.#reserve = Math.min(READ_COST, Math.ceil(Math.min(limit, all.budget.limit) / 4));
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
   * @returns what is to be called once it is, or will not be: then somebody may still look at it
   */
  add({ bytes, count }: EventStream, memory: MessageMemory | undefined): (kept: boolean) => void {
    const data = this.#data;
    const read =
      memory === undefined && data?.buffer === bytes.buffer ? this.#readOf(data) : undefined;
    memory?.retain();
    const own = read === undefined ? (memory?.bytes ?? bytes).length : 0;
    const large = own > this.#large.smallSize ? own : 0;
    // Of a large one few parts are on their way at a time.
    const made = large > 0 ? 0 : count * EVENT_COST;
    const cost = PENDING_COST + own + made;
    this.#charge(cost + (read?.waiting === 0 ? read.bytes : 0), large);
    this.#waiting++;
    if (read !== undefined) read.waiting++;
    return (kept) => {
      if (kept) memory?.discard();
      else memory?.release();
      const last = read !== undefined && --read.waiting === 0;
      if (last) read.release();
      this.#charge(-cost - (last ? read.bytes : 0), -large);
      if (--this.#waiting === 0) this.#whenIdle?.();
    };
  }

  /** @param large of the bytes, those of a large message */
  #charge(bytes: number, large: number): void {
    if (large > 0) this.#large.handedOn(large);
    else if (large < 0) this.#large.kept(-large);
    const small = bytes - large;
    if (bytes > 0) {
      if (this.#held === 0) this.#all.holders++;
      this.#own.charge(bytes);
      this.#all.budget.charge(small);
    } else {
      this.#own.release(-bytes);
      if (this.#held + bytes === 0) this.#all.holders--;
      this.#all.budget.release(-small);
    }
    this.#held += bytes;
  }

  /** @returns a promise for when there is room for another read, `undefined` if there is now */
  room(): Promise<void> | undefined {
    const has = !this.#own.full && this.#all.hasRoom(this.#held);
    return has ? undefined : this.#waitForRoom();
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
    if (this.#own.full && !(await this.#reserveIn(this.#own))) return;
    if (!this.#all.hasRoom(this.#held)) await this.#reserveIn(this.#all.budget);
  }

  /** @returns false where the connection has been closed meanwhile */
  async #reserveIn(budget: Budget): Promise<boolean> {
    const reserved = this.#reserve;
    const ticket = budget.take(reserved);
    if (ticket !== undefined) {
      this.#ticket = ticket;
      try {
        await ticket.granted;
      } catch {
        return false;
      }
    }
    // The read happens in the next turn of the event loop, and counts with what it brings.
    setImmediate(() => setImmediate(() => budget.release(reserved)));
    return true;
  }
}
