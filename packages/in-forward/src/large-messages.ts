import type { EventStream } from '@sluice/event-stream';
import { loopShare, type LoopUser } from '@sluice/event-stream/packed';
import { KEPT, type Keeping } from '@sluice/plugin';

/** Beyond either of these a message is handed on in parts. */
const WHOLE = { bytes: 1024 * 1024, events: 16_384 };
/** What one part has at most: a few milliseconds for filters and outputs, whatever they do. */
const PART = { bytes: 256 * 1024, events: 2048 };
/** What the parts of all messages that are not kept yet may cost: several writes of an output. */
const WINDOW = 16 * 1024 * 1024;
/**
 * What one event may cost beside its bytes. The shortest has three, and filters and formats make a
 * line of it, with a time, a tag and a host.
 */
export const EVENT_COST = 64;

/** Whether the events of a message are to go on in parts. */
export function isLarge({ bytes, count }: EventStream): boolean {
  return bytes.length > WHOLE.bytes || count > WHOLE.events;
}

/** What {@link LargeMessages.emit} calls for each part. */
type Emit = (part: EventStream) => Keeping;

/**
 * Hands the events of large messages on in parts. So neither filters nor outputs hold the event loop
 * for all of them, what they make of them is in memory for a few parts only, and others have their
 * turn in between.
 */
export class LargeMessages {
  /** What the parts cost that are handed on and not kept yet. */
  #held = 0;
  readonly #waiting = new Set<() => void>();

  /**
   * Hands one message on.
   *
   * @param emit called for each part, in order, until it throws or one of them is not kept
   * @returns resolves when all parts are kept; rejects with the first error after what was handed on
   *   has settled
   */
  async emit(stream: EventStream, user: LoopUser, emit: Emit): Promise<void> {
    // Whoever calls is counted for its own time.
    await Promise.resolve();
    const message = new PartsOf(stream, emit, (cost) => this.#hold(cost));
    const isFull = (): boolean => message.pending.size > 0 && this.#held >= WINDOW;
    const piece = (): boolean => message.step() && !isFull();
    while (!message.isOver) {
      if (isFull()) await new Promise<void>((resolve) => this.#waiting.add(resolve));
      else if (loopShare.busy) await loopShare.piecesLater(user, piece);
      else loopShare.runPieces(user, piece);
      // What was not kept at once shows now.
      await Promise.resolve();
    }
    await Promise.all(message.pending);
    if (message.errors.length > 0) throw message.errors[0];
  }

  #hold(cost: number): void {
    this.#held += cost;
    if (cost > 0) return;
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }
}

/** One message on its way. */
class PartsOf {
  readonly errors: unknown[] = [];
  /** One promise for each part that is not kept yet. */
  readonly pending = new Set<Promise<void>>();
  readonly #parts: Iterator<EventStream, void>;
  #done = false;
  readonly #emit: Emit;
  /** Told what a part costs, and the same below 0 once it is kept or will not be. */
  readonly #hold: (cost: number) => void;

  constructor(stream: EventStream, emit: Emit, hold: (cost: number) => void) {
    this.#parts = stream.parts(PART);
    this.#emit = emit;
    this.#hold = hold;
  }

  /** Nothing more is to be handed on. */
  get isOver(): boolean {
    return this.#done || this.errors.length > 0;
  }

  /** Hands the next part on. @returns false where there is none that is to be */
  step(): boolean {
    const next = this.#parts.next();
    if (next.done === true) {
      this.#done = true;
      return false;
    }
    try {
      const kept = this.#emit(next.value);
      if (kept !== KEPT) this.#wait(kept, costOf(next.value));
    } catch (error) {
      this.errors.push(error);
      return false;
    }
    return true;
  }

  #wait(kept: Promise<void>, cost: number): void {
    this.#hold(cost);
    const settled = kept
      .catch((error: unknown) => void this.errors.push(error))
      .then(() => {
        this.pending.delete(settled);
        this.#hold(-cost);
      });
    this.pending.add(settled);
  }
}

function costOf({ bytes, count }: EventStream): number {
  return bytes.length + count * EVENT_COST;
}
