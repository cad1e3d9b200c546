import type { Clock } from '@sluice/plugin';
import type { AgentLog } from '../log.js';
import type { GuardedSink } from './guarded-sink.js';

/** Milliseconds between two looks. */
const interval = 15_000;
/** Milliseconds after which an output is said to wait. */
const long = 60_000;

/** Tells of outputs that take long to keep events, once for each time that they do. */
export class WaitWatch {
  /** Since when each has been told to wait. */
  readonly #told = new Map<GuardedSink, number>();
  #forget: (() => void) | undefined;

  constructor(
    readonly sinks: readonly GuardedSink[],
    readonly clock: Clock,
    readonly log: AgentLog,
  ) {}

  start(): void {
    if (this.sinks.length === 0) return;
    const look = (): void => {
      this.#look();
      this.start();
    };
    this.#forget = this.clock.setTimeout(look, interval, { background: true });
  }

  stop(): void {
    this.#forget?.();
  }

  #look(): void {
    const now = this.clock.now();
    for (const sink of this.sinks) {
      const { id, waiting, waitingSince } = sink;
      if (waiting === 0 || now - waitingSince < long || this.#told.get(sink) === waitingSince) {
        continue;
      }
      this.#told.set(sink, waitingSince);
      const since = new Date(waitingSince).toISOString();
      this.log.warn(
        { plugin: id, waiting, since },
        `output ${id} has not kept ${waiting} event streams since ${since}: they wait for it`,
      );
    }
  }
}
