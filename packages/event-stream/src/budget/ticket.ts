/** What a budget does for those that wait for it. @internal */
export interface TicketOffice {
  /** Takes the bytes, whether there is room or not. */
  charge(bytes: number): void;
  /** The ticket does not wait any more. */
  leave(ticket: BudgetTicket): void;
}

/** A place in the queue of a budget: what {@link Budget.take} gives where there is no room yet. */
export class BudgetTicket {
  /** Resolves when the bytes are taken; rejects where the ticket is cancelled. */
  readonly granted: Promise<void>;
  #resolve!: () => void;
  #reject!: (error: Error) => void;
  #waits = true;

  /** @internal */
  constructor(
    private readonly office: TicketOffice,
    /** What is waited for. */
    readonly bytes: number,
    /** By the budget's clock, in milliseconds. */
    readonly since: number,
  ) {
    this.granted = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // Whoever cancels need not wait for the outcome.
    this.granted.catch(() => undefined);
  }

  /** Takes the bytes now, beyond the limit if need be: for one whose end alone makes room. */
  force(): void {
    if (!this.#waits) return;
    this.office.leave(this);
    this.grant();
  }

  /**
   * Gives the place up; `granted` rejects.
   *
   * @returns false where the bytes are taken already: whoever asked releases them
   */
  cancel(): boolean {
    if (!this.#waits) return false;
    this.#waits = false;
    this.office.leave(this);
    this.#reject(new BudgetCancelledError());
    return true;
  }

  /** @internal */
  grant(): void {
    this.#waits = false;
    this.office.charge(this.bytes);
    this.#resolve();
  }
}

/** Why {@link BudgetTicket.granted} rejects. */
export class BudgetCancelledError extends Error {
  /** What a stack trace begins with. */
  override readonly name = 'BudgetCancelledError';
  /** For programs: it stays where the text of the message changes. */
  readonly code = 'ERR_SLUICE_BUDGET_CANCELLED';

  constructor() {
    super('the wait for room in a budget was cancelled');
  }
}
