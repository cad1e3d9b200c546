import {
  checkKeeping,
  KEPT,
  type Clock,
  type EventSink,
  type Keeping,
  type Output,
} from '@sluice/plugin';

/** What the host puts around every output: whatever it returns is checked, and it is seen to wait. */
export class GuardedSink implements EventSink {
  readonly id: string;
  /** Writes that have not settled. */
  waiting = 0;
  /** Unix time in milliseconds since when one has been waiting without a pause. */
  waitingSince = 0;
  readonly #left = (): void => {
    this.waiting -= 1;
  };

  constructor(
    readonly output: Output,
    readonly clock: Clock,
  ) {
    this.id = output.id;
  }

  write: EventSink['write'] = (tag, stream, chunk): Keeping => {
    const kept = checkKeeping(this.output.write(tag, stream, chunk), this.id, 'write');
    if (kept === KEPT) return KEPT;
    if (this.waiting === 0) this.waitingSince = this.clock.now();
    this.waiting += 1;
    kept.then(this.#left, this.#left);
    return kept;
  };
}
