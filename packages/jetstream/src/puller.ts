import type { Consumer, ConsumerMessages, JsMsg } from '@nats-io/jetstream';
import type { PluginContext } from '@sluice/plugin';
import type { Session } from './connection.js';
import { explained } from './errors.js';

/** Milliseconds that a request for messages stands. */
const EXPIRES = 30_000;
/** Milliseconds between signs of life of the server; after two that are missing it is asked anew. */
const HEARTBEAT = 2000;
const AFTER_ERROR = 500;
/**
 * Messages of a request that is limited by bytes: the client's own limit then. The server ends such a
 * request without a word, so the client would wait for its heartbeats.
 */
const BATCH = 100;

export interface PullerOptions {
  readonly stream: string;
  readonly durable: string;
  /** Resolves with the bytes that may come now. */
  readonly room: () => Promise<number>;
  readonly take: (message: JsMsg) => void;
}

/** Asks for messages, one request after another, for as much as there is room for. */
export class Puller {
  #messages: ConsumerMessages | undefined;
  #stopped = false;
  #wake: (() => void) | undefined;
  #running: Promise<void> | undefined;

  constructor(
    private readonly session: Session,
    private readonly options: PullerOptions,
    private readonly log: PluginContext['log'],
    private readonly unanswered: () => void,
  ) {}

  start(): void {
    this.#running = this.#run();
  }

  /** Asks for nothing more; resolves when nothing more comes. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#wake?.();
    this.#messages?.stop();
    await this.#running;
  }

  // A method, because it changes while `#run` waits.
  #isStopped(): boolean {
    return this.#stopped;
  }

  async #run(): Promise<void> {
    const { stream, durable, room, take } = this.options;
    let consumer: Consumer | undefined;
    let large = false;
    for (;;) {
      const bytes = await room();
      if (this.#isStopped()) return;
      let came = 0;
      try {
        consumer ??= await this.session.js.consumers.get(stream, durable);
        const limit = large ? { max_messages: 1 } : { max_bytes: bytes };
        large = false;
        const request = { ...limit, expires: EXPIRES, idle_heartbeat: HEARTBEAT };
        this.#messages = await consumer.fetch(request);
        // `stop` may have come while there were no messages to stop.
        if (this.#isStopped()) this.#messages.stop();
        for await (const message of this.#messages) {
          take(message);
          if (++came === BATCH) break;
        }
      } catch (error) {
        if (this.#isStopped()) return;
        if (/message size exceeds maxbytes/i.test((error as Error).message)) {
          // What is next does not fit into the rest; it is fetched alone.
          large = came === 0;
          continue;
        }
        consumer = undefined;
        await this.#after(error);
      }
    }
  }

  async #after(error: unknown): Promise<void> {
    const { message } = error as Error;
    // What a request that a server has forgotten ends with is nothing new: it is made again.
    if (/heartbeats missed|leadership change|server shutdown/i.test(message)) this.unanswered();
    else {
      const { stream, durable } = this.options;
      const reason = explained(error, `${stream}, consumer ${durable}`).message;
      this.log.warn({ stream, durable, reason }, 'messages cannot be fetched; trying again');
    }
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, AFTER_ERROR);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
