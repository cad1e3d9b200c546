import type { EventStream, EventTime } from '@sluice/event-stream';
import { KEPT, type Keeping } from '../kept.js';
import type { Router } from '../router.js';

/** An event that a plugin has emitted. */
export interface ReceivedEvent {
  /** What a `<match>` would go by. */
  readonly tag: string;
  /** With nanoseconds. */
  readonly time: EventTime;
  /** A copy, which outlives the stream's bytes. */
  readonly record: Record<string, unknown>;
  /** The id that the peer gave to the chunk that it came in. */
  readonly chunkId?: string;
}

/**
 * What a router does with events: they are kept at once, they wait until {@link TestRouter.release},
 * or they are refused with an error.
 */
export type Answer = 'keep' | 'hold' | Error;

/** Takes the events of an input, and answers as the test wants. */
export class TestRouter implements Router {
  /** What happens to events from now on. */
  answer: Answer = 'keep';
  /** All events that have come, in their order. */
  readonly events: ReceivedEvent[] = [];
  readonly #held = new Set<(error: Error | undefined) => void>();
  readonly #waiting = new Set<() => void>();

  /** How many streams are held. */
  get held(): number {
    return this.#held.size;
  }

  emit(tag: string, stream: EventStream): Keeping {
    const copy = stream.copy();
    const { chunkId } = stream;
    for (const { time, record } of copy) {
      this.events.push({ tag, time, record, ...(chunkId !== undefined && { chunkId }) });
    }
    for (const check of this.#waiting) check();
    if (this.answer === 'keep') return KEPT;
    if (this.answer !== 'hold') return Promise.reject(this.answer);
    return new Promise((resolve, reject) => {
      const settle = (error: Error | undefined): void => {
        this.#held.delete(settle);
        if (!stream.bytes.equals(copy.bytes)) {
          error = new Error(`the bytes of a stream of ${tag} have changed before they were kept`);
        }
        if (error === undefined) resolve();
        else reject(error);
      };
      this.#held.add(settle);
    });
  }

  /** Lets the events go that are held: they are kept, or refused with an error. */
  release(error?: Error): void {
    for (const settle of [...this.#held]) settle(error);
  }

  /** Resolves when so many events have come. @returns all of them */
  received(count = 1): Promise<readonly ReceivedEvent[]> {
    return new Promise((resolve) => {
      const check = (): void => {
        if (this.events.length < count) return;
        this.#waiting.delete(check);
        resolve(this.events);
      };
      this.#waiting.add(check);
      check();
    });
  }
}
