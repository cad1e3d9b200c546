import type { Logger } from '@sluice/server';
import type { Clock } from '../clock.js';
import type { Guard } from './guards.js';

/** Milliseconds between two looks. */
const interval = 15_000;
/** Milliseconds after which events are said to wait. */
const long = 60_000;

/** Tells of plugins that take long with events, once for each time that they do. */
export class WaitWatch {
  /** Since when each has been told to wait. */
  readonly #told = new Map<Guard, number>();
  #forget: (() => void) | undefined;

  constructor(
    /** Those that it looks at. */
    readonly guards: readonly Guard[],
    /** Says when to look. */
    readonly clock: Clock,
    /** Gets a warning for each that waits long. */
    readonly log: Logger,
  ) {}

  /** Looks every 15 seconds from now on. */
  start(): void {
    if (this.guards.length === 0) return;
    const look = (): void => {
      this.#look();
      this.start();
    };
    this.#forget = this.clock.setTimeout(look, interval, { background: true });
  }

  /** Looks no more. */
  stop(): void {
    this.#forget?.();
  }

  #look(): void {
    const now = this.clock.now();
    for (const guard of this.guards) {
      const { id, waiting, waitingSince } = guard;
      if (waiting === 0 || now - waitingSince < long || this.#told.get(guard) === waitingSince) {
        continue;
      }
      this.#told.set(guard, waitingSince);
      const since = new Date(waitingSince).toISOString();
      this.log.warn({ plugin: id, waiting, since }, `${guard.describe()}: they wait for it`);
    }
  }
}
