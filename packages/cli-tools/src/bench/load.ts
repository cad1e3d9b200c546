import { setTimeout as sleep } from 'node:timers/promises';
import { EventPacker, type EventStream } from '@sluice/event-stream';
import type { ForwardSender } from '@sluice/forward-client';
import { Pacer } from './pacer.js';

/** What {@link startLoad} sends. */
export interface LoadOptions {
  /** Opens one connection. */
  readonly connect: () => Promise<ForwardSender>;
  /** The tag of all events. */
  readonly tag: string;
  /** How many connections send side by side (default: 1). */
  readonly connections?: number;
  /** Bytes of the text in each record (default: 200). */
  readonly size?: number;
  /** Events per second of all connections together (default: as many as are taken). */
  readonly rate?: number;
  /** Seconds to go on for (default: 10). */
  readonly seconds?: number;
  /** Ends the sending early; what is under way is still waited for. */
  readonly signal?: AbortSignal;
}

/** How far a load has come. */
export interface LoadProgress {
  /** Since the connections are open. */
  readonly seconds: number;
  /** Events handed to the kernel. */
  readonly sent: number;
  /** Acknowledged; without acks, taken by the kernel. */
  readonly kept: number;
  /** Bytes of the packed events that are kept. */
  readonly bytes: number;
}

/** A load under way. */
export interface Load {
  /** How far it is now. */
  progress(): LoadProgress;
  /** Resolves when everything is kept. Rejects with why a connection has failed, all being closed. */
  readonly done: Promise<LoadProgress>;
}

/** Events that are alike but for a number, so that they compress about as logs do. */
function eventsOf(count: number, size: number): EventStream {
  const packer = new EventPacker();
  const message = 'The quick brown fox jumps over the lazy dog. '.repeat(Math.ceil(size / 45));
  for (let n = 0; n < count; n++) {
    packer.add(undefined, { message: message.slice(0, size), number: n });
  }
  return packer.take();
}

/** Connects, and sends events until the time is over. @throws why it cannot connect */
export async function startLoad(options: LoadOptions): Promise<Load> {
  const { connect, connections = 1 } = options;
  const opening = await Promise.allSettled(Array.from({ length: connections }, connect));
  const senders = opening.filter((one) => one.status === 'fulfilled').map(({ value }) => value);
  const failed = opening.find((one) => one.status === 'rejected');
  if (failed !== undefined) {
    for (const sender of senders) sender.destroy();
    throw failed.reason;
  }
  return new RunningLoad(options, senders);
}

class RunningLoad implements Load {
  readonly done: Promise<LoadProgress>;
  readonly #options: LoadOptions;
  readonly #senders: readonly ForwardSender[];
  readonly #start = performance.now();
  readonly #pacer: Pacer;
  /** Bytes of one event, on average. */
  #eventBytes = 0;
  #end: number | undefined;

  constructor(options: LoadOptions, senders: readonly ForwardSender[]) {
    this.#options = options;
    this.#senders = senders;
    this.#pacer = new Pacer(options.rate ?? Infinity, this.#start);
    this.done = this.#run();
  }

  progress(): LoadProgress {
    const sum = (value: (sender: ForwardSender) => number): number =>
      this.#senders.reduce((total, sender) => total + value(sender), 0);
    const kept = sum((sender) => sender.kept);
    return {
      seconds: ((this.#end ?? performance.now()) - this.#start) / 1000,
      sent: sum((sender) => sender.sent),
      kept,
      bytes: Math.round(kept * this.#eventBytes),
    };
  }

  async #run(): Promise<LoadProgress> {
    try {
      await Promise.all(this.#senders.map((sender) => this.#send(sender)));
      return this.progress();
    } finally {
      this.#end = performance.now();
      for (const sender of this.#senders) sender.destroy();
    }
  }

  async #send(sender: ForwardSender): Promise<void> {
    const { tag, size = 200, seconds = 10, signal } = this.#options;
    const batch = this.#pacer.batch(this.#senders.length);
    const end = this.#start + seconds * 1000;
    // The same bytes are sent again and again: packing them costs the generator, not the server.
    const stream = eventsOf(batch, size);
    this.#eventBytes = stream.bytes.length / batch;
    for (;;) {
      const now = performance.now();
      const due = this.#pacer.take(batch, now);
      const wait = Math.min(due, end - now);
      // Ended early, the sleep has nothing to say: the signal is asked next.
      if (wait > 0) await sleep(wait, undefined, { signal }).catch(() => undefined);
      if (due > wait || wait < 0 || signal?.aborted === true) break;
      await sender.send(tag, stream);
    }
    await sender.end();
  }
}
