import { Budget, type BudgetTicket } from '@sluice/plugin';

const MIB = 1024 * 1024;
/** Bytes that count as progress of a message that is not finished. */
export const PROGRESS = 64 * 1024;
/** Without progress for this long (in milliseconds) a message gives way to those that wait. */
export const STALLED_AFTER = 2000;
/** While others wait a large message must come on by this part of its size in that time. */
const STEPS = 128;
const SWEEP_EVERY = 500;

/** Why a connection is closed. */
export type UnfinishedReason = 'unfinished_limit' | 'message_timeout';

/** What {@link UnfinishedMessages} takes. */
export interface UnfinishedOptions {
  /** Bytes of large messages: while they come, while more is made of them, until they are kept. */
  limit: number;
  /** Bytes of small messages that have come in part. Default: a quarter of `limit`. */
  smallLimit?: number;
  /** Time in which a message must come to its end or make progress, in milliseconds. */
  timeout: number;
  /** Monotonic, in milliseconds. Default: `performance.now`. */
  clock?: () => number;
}

/**
 * The messages of all connections that have come in part, and the large ones until they are kept.
 *
 * Small ones have a limit for themselves: there the one that has stood still longest goes when it is
 * used up. A large one claims its whole size before it goes on, and waits in turn, its connection not
 * being read; so it does for what is made of it (inflated, repaired). One that is larger than the
 * limit is let in when it is alone. While anybody waits, those that hold room without progress go,
 * the oldest first. So whoever announces much and sends nothing is closed, and honest peers, however
 * large their messages, are served one after another.
 */
export class UnfinishedMessages {
  /** Messages that go on now or stand still, the one without progress for longest first. */
  readonly #messages = new Set<UnfinishedMessage>();
  readonly #timeout: number;
  #timer: NodeJS.Timeout | undefined;
  /** @internal */
  readonly clock: () => number;
  /** Claims of large messages. @internal */
  readonly large: Budget;
  /** @internal */
  readonly small: Budget;
  /** What is up to this size is small. @internal */
  readonly smallSize: number;

  #inFlight = 0;
  #madeBytes = 0;
  /** Connections that make something of a message now. @internal */
  making = 0;
  /** How often something that was to be made of a message had to wait. */
  makeWaits = 0;

  constructor({ limit, smallLimit, timeout, clock }: UnfinishedOptions) {
    this.clock = clock ?? (() => performance.now());
    this.large = new Budget({ limit, clock: this.clock });
    this.small = new Budget({ limit: smallLimit ?? Math.ceil(limit / 4), clock: this.clock });
    this.smallSize = Math.min(MIB, Math.ceil(limit / 16));
    this.#timeout = timeout;
  }

  /** Bytes of large messages that are handed on and not kept yet. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** A large message is handed on, and keeps its room until {@link kept}. */
  handedOn(bytes: number): void {
    this.#inFlight += bytes;
    this.large.charge(bytes);
  }

  /** It is kept, or will not be. */
  kept(bytes: number): void {
    this.#inFlight -= bytes;
    this.large.release(bytes);
  }

  /** Bytes that unfinished messages hold or have claimed. */
  get bytes(): number {
    return this.large.bytes - this.#inFlight - this.#madeBytes + this.small.bytes;
  }

  /** Bytes that are made of messages. */
  get madeBytes(): number {
    return this.#madeBytes;
  }

  /** How often a message had to wait. */
  get waits(): number {
    return this.large.statistics().waits - this.makeWaits;
  }

  /** The place of one connection; `close` is called to end it. */
  join(close: (reason: UnfinishedReason) => void): UnfinishedMessage {
    return new UnfinishedMessage(this, close);
  }

  /** Closes what has stood still for too long; a timer calls it. */
  sweep(): void {
    const now = this.clock();
    for (const message of this.#messages) {
      if (now - message.progressAt < this.#timeout) break;
      if (!message.waits) message.end('message_timeout');
    }
    this.makeRoom();
    this.#endDripping(now);
    if (this.#messages.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Nothing is watched any more. */
  close(): void {
    clearInterval(this.#timer);
  }

  /** Has made progress, and is thus the last to go. @internal */
  moved(message: UnfinishedMessage): void {
    this.#messages.delete(message);
    this.#messages.add(message);
    this.#timer ??= setInterval(
      () => this.sweep(),
      Math.min(SWEEP_EVERY, this.#timeout / 2),
    ).unref();
  }

  /** @internal */
  left(message: UnfinishedMessage): void {
    this.#messages.delete(message);
  }

  /** While there are too many small ones the oldest goes, but not the one that asks. @internal */
  limitSmall(asking: UnfinishedMessage): void {
    for (const message of this.#messages) {
      if (this.small.bytes <= this.small.limit) return;
      if (message !== asking && message.held > 0 && !message.isLarge)
        message.end('unfinished_limit');
    }
  }

  /** Lets those that wait go on, at the cost of those that stand still. @internal */
  makeRoom(): void {
    if (this.large.stalledSince === undefined) return;
    const now = this.clock();
    for (const message of this.#messages) {
      if (this.large.statistics().waiting === 0) return;
      if (now - message.progressAt < STALLED_AFTER) break;
      if (message.isLarge && !message.waits) message.end('unfinished_limit');
    }
    this.#unlock();
  }

  /** Who drips makes progress, but must not hold up all others for an hour. */
  #endDripping(now: number): void {
    for (const message of this.#messages) {
      if (this.large.statistics().waiting === 0) return;
      if (!message.isLarge || message.waits || now - message.steppedAt < STALLED_AFTER) continue;
      message.end('unfinished_limit');
    }
  }

  /** @internal */
  made(bytes: number): void {
    this.#madeBytes += bytes;
  }

  /** Where all that hold room wait for more of it, the oldest goes on beyond the limit. */
  #unlock(): void {
    // These give theirs back in any case.
    if (this.#inFlight > 0 || this.making > 0) return;
    let oldest: UnfinishedMessage | undefined;
    for (const message of this.#messages) {
      if (!message.holdsRoom) continue;
      if (!message.waits) return;
      if (oldest === undefined || message.since < oldest.since) oldest = message;
    }
    oldest?.force();
  }
}

/** The message of one connection that has come in part, if there is one. */
export class UnfinishedMessage {
  /** Since when there has been a message. @internal */
  since = 0;
  /** When it last made progress. @internal */
  progressAt = 0;
  /** When a large one last came on by a good part of its size. @internal */
  steppedAt = 0;
  /** Bytes taken from one of the two budgets. @internal */
  held = 0;
  /** @internal */
  isLarge = false;
  #counted = 0;
  #steppedBytes = 0;
  /** Bytes taken for what is made of the message. */
  #made = 0;
  #making = false;
  #ticket: BudgetTicket | undefined;

  /** @internal */
  constructor(
    readonly all: UnfinishedMessages,
    readonly close: (reason: UnfinishedReason) => void,
  ) {}

  /** Has some of the room for large messages. @internal */
  get holdsRoom(): boolean {
    return (this.isLarge && this.held > 0) || this.#made > 0;
  }

  /** Waits for room. @internal */
  get waits(): boolean {
    return this.#ticket !== undefined;
  }

  /**
   * To be called after each read.
   *
   * @param bytes that have come of the message; 0 where there is none
   * @param needed bytes that it takes, as far as is known
   * @param isNew whether another one was finished since the last call
   * @returns a promise for when the rest may be read, `undefined` if it may be now
   */
  update(bytes: number, needed: number, isNew: boolean): Promise<void> | undefined {
    if (bytes === 0) {
      if (this.held > 0) this.leave();
      return undefined;
    }
    const { all } = this;
    if (isNew || this.held === 0) {
      this.leave();
      this.since = this.#progress(bytes);
      this.#step(bytes);
    } else if (bytes - this.#counted >= PROGRESS) {
      this.#progress(bytes);
    }
    if (bytes < this.#steppedBytes || bytes - this.#steppedBytes >= needed / STEPS) {
      this.#step(bytes);
    }
    if (needed > all.smallSize) return this.#claim(needed);
    all.small.charge(bytes - this.held);
    this.held = bytes;
    if (all.small.bytes > all.small.limit) all.limitSmall(this);
    return undefined;
  }

  /** The connection is not read for another reason: that its message stands still is not its fault. */
  pause(): void {
    this.all.left(this);
  }

  /** It is read again. */
  resume(): void {
    if (this.held === 0) return;
    this.#progress(this.#counted);
    this.#step(this.#steppedBytes);
  }

  /**
   * Takes room for what is made of the message.
   *
   * @returns a promise for when it is there, which rejects where the message goes; `undefined` if it
   *   is there now
   */
  make(bytes: number): Promise<void> | undefined {
    const { all } = this;
    const ticket = all.large.take(bytes, { first: this.holdsRoom });
    if (ticket === undefined) {
      this.#hasMade(bytes);
      return undefined;
    }
    this.#makes(false);
    all.makeWaits++;
    this.#ticket = ticket;
    this.#progress(this.#counted);
    const granted = ticket.granted.then(() => {
      if (this.#ticket !== ticket) throw new Error('the message has gone');
      this.#ticket = undefined;
      this.#hasMade(bytes);
      all.left(this);
    });
    all.makeRoom();
    return granted;
  }

  /** Takes room for what is made of the message, if there is any now. */
  tryMake(bytes: number): boolean {
    if (!this.all.large.tryTake(bytes)) return false;
    this.#hasMade(bytes);
    return true;
  }

  /** What was made is handed on, or gone. */
  hasMade(): void {
    const { all } = this;
    const bytes = this.#made;
    if (bytes === 0) return;
    this.#made = 0;
    this.#makes(false);
    all.made(-bytes);
    all.large.release(bytes);
  }

  #hasMade(bytes: number): void {
    this.#makes(true);
    this.#made += bytes;
    this.all.made(bytes);
  }

  /** Whether it goes on by itself. */
  #makes(is: boolean): void {
    if (is !== this.#making) this.all.making += is ? 1 : -1;
    this.#making = is;
  }

  /** There is no message any more. */
  leave(): void {
    const { all, held, isLarge } = this;
    const ticket = this.#ticket;
    this.#ticket = undefined;
    this.held = 0;
    this.isLarge = false;
    all.left(this);
    // Granted already, but not told yet.
    if (ticket?.cancel() === false) all.large.release(ticket.bytes);
    if (held > 0) (isLarge ? all.large : all.small).release(held);
  }

  /** Closes the connection. @internal */
  end(reason: UnfinishedReason): void {
    this.leave();
    this.close(reason);
  }

  /** Goes on beyond the limit. @internal */
  force(): void {
    this.#ticket?.force();
  }

  #progress(bytes: number): number {
    this.#counted = bytes;
    this.progressAt = this.all.clock();
    this.all.moved(this);
    return this.progressAt;
  }

  #step(bytes: number): void {
    this.#steppedBytes = bytes;
    this.steppedAt = this.all.clock();
  }

  #claim(needed: number): Promise<void> | undefined {
    const { all } = this;
    if (!this.isLarge) {
      all.small.release(this.held);
      this.held = 0;
      this.isLarge = true;
    }
    if (needed <= this.held) return undefined;
    // Of some messages the size shows only at their end: they claim twice what they have.
    const bytes = Math.max(needed, Math.min(this.held * 2, all.large.limit)) - this.held;
    const ticket = all.large.take(bytes, { first: this.held > 0 });
    if (ticket === undefined) {
      this.held += bytes;
      return undefined;
    }
    this.#ticket = ticket;
    const granted = ticket.granted.then(
      () => {
        if (this.#ticket !== ticket) return;
        this.#ticket = undefined;
        this.held += bytes;
        // It could not go on before.
        this.#progress(this.#counted);
        this.#step(this.#steppedBytes);
      },
      () => undefined,
    );
    all.makeRoom();
    return granted;
  }
}
