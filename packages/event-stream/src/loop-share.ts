/** Milliseconds for which one piece of work may hold the event loop. */
const SLICE = 4;
/** Milliseconds of short work in one turn of the event loop; what comes after that waits. */
const TURN = 20;
/** So little of a turn may count for the next one: most reads then need not ask for its end. */
const NEGLIGIBLE = 1;
/** Milliseconds of work in slices in one turn. */
const SLICES = 10;

/** What {@link LoopShare} takes, for tests. */
export interface LoopShareOptions {
  /** A monotonic clock in milliseconds. Default: `performance.now`. */
  clock?: () => number;
  /** Calls back in the next turn. Default: `setImmediate`. */
  defer?: (callback: () => void) => void;
}

/** What one peer has had of the event loop. */
export interface LoopUser {
  /** @internal */
  used: number;
}

interface Waiting {
  readonly user: LoopUser;
  readonly work: () => void;
}

/**
 * Shares the event loop among all work that peers cause, so that none of it holds the loop for long
 * and nobody takes it from the others: what comes when the turn's time is used up waits, those first
 * that have had least of it; and work that may take long goes in slices.
 */
export class LoopShare {
  readonly #clock: () => number;
  readonly #defer: (callback: () => void) => void;
  readonly #waiting: Waiting[] = [];
  /** Each is called once in a round, and stays while it gives false. */
  readonly #sliced: (() => boolean)[] = [];
  /** What those that were served had had at most: whoever comes new does not begin at 0. */
  #served = 0;
  #spent = 0;
  #turnEnds = false;
  #pumping = false;

  constructor({ clock, defer }: LoopShareOptions = {}) {
    this.#clock = clock ?? (() => performance.now());
    this.#defer = defer ?? ((callback) => void setImmediate(callback));
  }

  /** Whether work that comes now has to wait: others do, or the time of this turn is used up. */
  get busy(): boolean {
    return this.#waiting.length > 0 || this.#spent >= TURN;
  }

  /** Does short work now, and counts its time. */
  run<T>(user: LoopUser, work: () => T): T {
    // Where nobody waits nobody is kept waiting: what was used then counts for nothing later.
    this.#served = Math.max(this.#served, user.used);
    const start = this.#clock();
    try {
      return work();
    } finally {
      const spent = this.#clock() - start;
      user.used = Math.max(user.used, this.#served) + spent;
      this.#count(spent);
    }
  }

  /**
   * Does pieces of short work one after another for as long as one turn of a user may take.
   *
   * @param piece gives false where nothing more is to be done now
   * @returns false where it did
   */
  runPieces(user: LoopUser, piece: () => boolean): boolean {
    return this.run(user, () => this.#pieces(piece));
  }

  /** The same when the user's turn comes. */
  piecesLater(user: LoopUser, piece: () => boolean): Promise<boolean> {
    return new Promise((resolve) => {
      this.later(user, () => resolve(this.#pieces(piece)));
    });
  }

  /** Does short work when its turn comes: whoever has had least of the loop goes first. */
  later(user: LoopUser, work: () => void): void {
    user.used = Math.max(user.used, this.#served);
    this.#waiting.push({ user, work });
    this.#pump();
  }

  /**
   * Does work that may take long in slices of a few milliseconds, and lets everything else go on in
   * between.
   *
   * @param steps yields wherever the work may be interrupted, at least once in a millisecond
   * @returns the result, or a promise of it where the first slice is not enough
   */
  slices<T>(steps: Iterator<undefined, T>): T | Promise<T> {
    const first = this.#slice(steps);
    if (first.done === true) return first.value;
    return new Promise((resolve, reject) => {
      this.#sliced.push(() => {
        try {
          const step = this.#slice(steps);
          if (step.done !== true) return false;
          resolve(step.value);
        } catch (error) {
          // Whatever was thrown is passed on as it is.
          // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
          reject(error);
        }
        return true;
      });
      this.#pump();
    });
  }

  #pieces(piece: () => boolean): boolean {
    const end = this.#clock() + SLICE;
    while (piece()) if (this.#clock() >= end) return true;
    return false;
  }

  #slice<T>(steps: Iterator<undefined, T>): IteratorResult<undefined, T> {
    const end = this.#clock() + SLICE;
    for (;;) {
      const step = steps.next();
      if (step.done === true || this.#clock() >= end) return step;
    }
  }

  #count(spent: number): void {
    this.#spent += spent;
    if (this.#turnEnds || this.#spent < NEGLIGIBLE) return;
    this.#turnEnds = true;
    this.#defer(() => {
      this.#turnEnds = false;
      this.#spent = 0;
    });
  }

  #pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    this.#defer(() => this.#work());
  }

  #work(): void {
    let end = this.#clock() + TURN;
    while (this.#waiting.length > 0 && this.#clock() < end) {
      const { user, work } = this.#takeNext();
      this.run(user, work);
    }
    end = this.#clock() + SLICES;
    for (let left = this.#sliced.length; left > 0 && this.#clock() < end; left--) {
      const work = this.#sliced.shift()!;
      if (!work()) this.#sliced.push(work);
    }
    if (this.#waiting.length + this.#sliced.length > 0) this.#defer(() => this.#work());
    else this.#pumping = false;
  }

  #takeNext(): Waiting {
    let least = 0;
    for (let at = 1; at < this.#waiting.length; at++) {
      if (this.#waiting[at].user.used < this.#waiting[least].user.used) least = at;
    }
    const next = this.#waiting[least];
    // The order does not matter: it is that of what they have had.
    const last = this.#waiting.pop()!;
    if (last !== next) this.#waiting[least] = last;
    return next;
  }
}

/** The one of this process. */
export const loopShare = new LoopShare();
