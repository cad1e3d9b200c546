import { printable } from '@sluice/plugin';
import type { Logger } from '@sluice/server';

// So many lines of one kind at once, and so many per second from then on.
const BURST = 20;
const PER_SECOND = 2;
// When the number of lines that were left out is logged, in milliseconds.
const SUMMARY_AFTER = 10_000;

interface Kind {
  /** Lines that may be written now. */
  tokens: number;
  at: number;
  suppressed: number;
}

/**
 * Warnings about what peers send: whatever they do, lines are few and short, and control characters
 * in them are escaped. The counters know them all.
 */
export class Warnings {
  /** Lines that were left out. */
  suppressed = 0;
  readonly #kinds = new Map<string, Kind>();
  #timer: NodeJS.Timeout | undefined;

  /** @param clock monotonic, in milliseconds */
  constructor(
    readonly log: Logger,
    readonly title: string,
    readonly clock: () => number = () => performance.now(),
  ) {}

  /** @param kind one of few: lines of one kind are throttled together */
  warn(kind: string, fields: Record<string, unknown>, text: string): void {
    const state = this.#kind(kind);
    if (state.tokens < 1) {
      state.suppressed++;
      this.suppressed++;
      this.#timer ??= setTimeout(() => this.summarize(), SUMMARY_AFTER).unref();
      return;
    }
    state.tokens--;
    const shown: Record<string, unknown> = { title: this.title };
    for (const [name, value] of Object.entries(fields)) {
      if (value !== undefined) shown[name] = typeof value === 'string' ? printable(value) : value;
    }
    this.log.warn(shown, printable(text, 1024));
  }

  /** Tells how many lines were left out. */
  summarize(): void {
    this.#timer = undefined;
    for (const [kind, state] of this.#kinds) {
      if (state.suppressed === 0) continue;
      const { suppressed } = state;
      state.suppressed = 0;
      this.log.warn(
        { title: this.title, kind, suppressed },
        `${suppressed} more warnings of this kind (${kind})`,
      );
    }
  }

  /** Logs nothing from now on. */
  close(): void {
    clearTimeout(this.#timer);
  }

  #kind(kind: string): Kind {
    const now = this.clock();
    let state = this.#kinds.get(kind);
    if (state === undefined) {
      state = { tokens: BURST, at: now, suppressed: 0 };
      this.#kinds.set(kind, state);
    }
    state.tokens = Math.min(BURST, state.tokens + ((now - state.at) / 1000) * PER_SECOND);
    state.at = now;
    return state;
  }
}
