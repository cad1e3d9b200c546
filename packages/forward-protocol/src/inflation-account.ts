import type { Budget, BudgetTicket } from '@sluice/event-stream';

/** Where the bytes come from that one reader's payloads take while they are inflated. */
export class InflationAccount {
  private held = 0;
  private ticket: BudgetTicket | undefined;

  /** @param most bytes that one payload may take, whatever it is */
  constructor(
    private readonly budget: Budget,
    private readonly most: number,
  ) {}

  /** Waits in turn for the first bytes of a payload. @throws BudgetCancelledError once closed */
  async begin(bytes: number): Promise<void> {
    this.release();
    this.ticket = this.budget.take(bytes);
    await this.ticket?.granted;
    this.ticket = undefined;
    this.held = bytes;
  }

  /**
   * Takes what a payload needs in all, without a wait: one that holds some and waits for more could
   * wait for ever.
   *
   * @returns false where there is no room: the payload has to begin again, with {@link beginAlone}
   */
  need(bytes: number): boolean {
    const more = bytes - this.held;
    if (more <= 0) return true;
    // Somewhat more, so that not every piece asks.
    const step = Math.min(Math.max(more, this.held), Math.max(this.most - this.held, more));
    if (!this.budget.tryTake(step)) return false;
    this.held += step;
    return true;
  }

  /** Gives back what is held, and waits for as much as any payload may take. */
  async beginAlone(): Promise<void> {
    await this.begin(this.most * 2);
  }

  /** Keeps no more than this. */
  release(): void {
    if (this.held > 0) this.budget.release(this.held);
    this.held = 0;
  }

  /** Does not wait any more. */
  close(): void {
    this.ticket?.cancel();
  }
}
