import type { EventStream } from '@sluice/event-stream';
import type { Clock } from '../clock.js';
import { checkKeeping, KEPT, type Keeping } from '../kept.js';
import type { EventSink } from '../output.js';

/** A filter, or what the host has put around one. */
export interface FilterStep {
  /** The id of the filter. */
  readonly id: string;
  /** As of a filter. */
  filter(tag: string, stream: EventStream): EventStream | Promise<EventStream>;
}

/** What the host puts around a plugin that events go through: it is seen when they wait for it. */
export abstract class Guard {
  /** Calls that have not settled. */
  waiting = 0;
  /** Unix time in milliseconds since when one has been waiting without a pause. */
  waitingSince = 0;
  readonly #left = (): void => {
    this.waiting -= 1;
  };

  protected constructor(
    /** Of the plugin that it is around. */
    readonly id: string,
    /** Says since when something waits. */
    readonly clock: Clock,
  ) {}

  /** What it is, and what it has not done with how many event streams, and since when. */
  describe(): string {
    const since = new Date(this.waitingSince).toISOString();
    return `${this.complaint(`${this.waiting} event streams`)} since ${since}`;
  }

  /** The sentence for the log, about so many streams. */
  protected abstract complaint(streams: string): string;

  /** Counts a call as waiting until it has settled. */
  protected enter(settled: Promise<unknown>): void {
    if (this.waiting === 0) this.waitingSince = this.clock.now();
    this.waiting += 1;
    settled.then(this.#left, this.#left);
  }
}

/** Around every output: whatever it returns is checked, too. */
export class GuardedSink extends Guard implements EventSink {
  constructor(
    /** The output that it is around. */
    readonly output: EventSink,
    clock: Clock,
  ) {
    super(output.id, clock);
  }

  write: EventSink['write'] = (tag, stream, chunk): Keeping => {
    const kept = checkKeeping(this.output.write(tag, stream, chunk), this.id, 'write');
    if (kept !== KEPT) this.enter(kept);
    return kept;
  };

  protected override complaint(streams: string): string {
    return `output ${this.id} has not kept ${streams}`;
  }
}

/** Around every filter. */
export class GuardedFilter extends Guard implements FilterStep {
  constructor(
    /** The filter that it is around, or a guard around that. */
    readonly step: FilterStep,
    clock: Clock,
  ) {
    super(step.id, clock);
  }

  filter(tag: string, stream: EventStream): EventStream | Promise<EventStream> {
    const left = this.step.filter(tag, stream);
    if (left instanceof Promise) this.enter(left);
    return left;
  }

  protected override complaint(streams: string): string {
    return `filter ${this.id} has not let ${streams} through`;
  }
}
