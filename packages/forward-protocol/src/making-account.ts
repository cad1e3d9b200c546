import { Budget, type BudgetTicket } from '@sluice/event-stream';

/**
 * Where the memory comes from that one reader takes for what it makes of messages: payloads that are
 * inflated, and chunks that are repaired.
 */
export interface MakingRoom {
  /**
   * Takes bytes now, beside what is taken already, or waits in turn.
   *
   * @returns undefined where they are taken, else a promise that rejects where the reader is closed
   */
  take(bytes: number): Promise<void> | undefined;
  /** Takes bytes if there is room now. */
  tryTake(bytes: number): boolean;
  /** Gives back all that is taken. */
  release(): void;
  /** Does not wait any more. */
  close(): void;
}

/** The room of a reader that has one for itself. */
export class OwnRoom implements MakingRoom {
  private readonly budget: Budget;
  private ticket: BudgetTicket | undefined;

  constructor(limit: number) {
    this.budget = new Budget({ limit });
  }

  take(bytes: number): Promise<void> | undefined {
    if (this.budget.bytes > 0) {
      // Nobody else could give any back.
      this.budget.charge(bytes);
      return undefined;
    }
    this.ticket = this.budget.take(bytes);
    return this.ticket?.granted;
  }

  tryTake(bytes: number): boolean {
    return this.budget.tryTake(bytes);
  }

  release(): void {
    this.budget.release(this.budget.bytes);
  }

  close(): void {
    this.ticket?.cancel();
  }
}

/** What one reader's messages take while they are inflated or repaired. */
export class MakingAccount {
  private held = 0;

  /** @param most bytes that one payload may take, whatever it is */
  constructor(
    private readonly room: MakingRoom,
    private readonly most: number,
  ) {}

  /** Waits in turn for the first bytes of a payload. */
  async begin(bytes: number): Promise<void> {
    this.release();
    await this.beginMore(bytes);
  }

  /** Waits in turn for bytes beside those that are held. */
  async beginMore(bytes: number): Promise<void> {
    await this.room.take(bytes);
    this.held += bytes;
  }

  /**
   * Takes what a payload needs in all, without a wait: one that holds some and waits for more would
   * hold up others.
   *
   * @returns false where there is no room: the payload has to begin again, with {@link beginAlone}
   */
  need(bytes: number): boolean {
    const more = bytes - this.held;
    if (more <= 0) return true;
    // Somewhat more, so that not every piece asks.
    const step = Math.min(Math.max(more, this.held), Math.max(this.most - this.held, more));
    if (!this.room.tryTake(step)) return false;
    this.held += step;
    return true;
  }

  /** Gives back what is held, and waits for as much as any payload may take. */
  async beginAlone(): Promise<void> {
    await this.begin(this.most * 2);
  }

  /** Keeps no more than this. */
  release(): void {
    if (this.held > 0) this.room.release();
    this.held = 0;
  }

  /** Does not wait any more. */
  close(): void {
    this.room.close();
  }
}
