import type { JsMsg } from '@nats-io/jetstream';

/** How many messages that were kept are remembered. */
const REMEMBERED = 10_000;

/** A message that is in hand. */
export interface Delivery {
  /** The latest time that it came: its acknowledgement is what counts. */
  message: JsMsg;
  readonly key: string;
  readonly bytes: number;
}

/**
 * The messages that are in hand, and those that were kept lately: one that comes again, because its
 * acknowledgement was late or was lost with a server, is not handed on again.
 */
export class Deliveries {
  bytes = 0;
  readonly #inHand = new Map<string, Delivery>();
  readonly #kept = new Set<string>();
  readonly #waiting: (() => void)[] = [];

  get size(): number {
    return this.#inHand.size;
  }

  /** @returns `new`, or why it is not to be handed on */
  take(message: JsMsg): Delivery | 'in hand' | 'kept' {
    // A stream that was deleted and made anew counts from 1 again.
    const key = `${message.seq}@${message.timestampNanos}`;
    if (this.#kept.has(key)) return 'kept';
    const same = this.#inHand.get(key);
    if (same !== undefined) {
      same.message = message;
      return 'in hand';
    }
    const delivery: Delivery = { message, key, bytes: message.data.length };
    this.#inHand.set(key, delivery);
    this.bytes += delivery.bytes;
    return delivery;
  }

  /** It is out of our hands. */
  done(delivery: Delivery, kept: boolean): void {
    this.#inHand.delete(delivery.key);
    this.bytes -= delivery.bytes;
    if (kept) {
      if (this.#kept.size >= REMEMBERED) this.#kept.delete(this.#kept.values().next().value!);
      this.#kept.add(delivery.key);
    }
    for (const wake of this.#waiting.splice(0)) wake();
  }

  /** Tells the servers that the messages are being worked on. */
  working(): void {
    for (const { message } of this.#inHand.values()) message.working();
  }

  /** Resolves when `enough` is true; it is asked after every message that is done. */
  async until(enough: () => boolean): Promise<void> {
    while (!enough()) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** Lets whoever waits ask again. */
  wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }
}
