import type { PubAck } from '@nats-io/jetstream';
import type { PluginContext } from '@sluice/plugin';
import type { Session } from './connection.js';
import { explained, JetStreamPluginError } from './errors.js';
import { EVENTS, tagHeader, TAG } from './headers.js';

const FIRST_WAIT = 100;
const LONGEST_WAIT = 2000;
/** Milliseconds between two looks for what has waited too long. */
const CHECK = 100;

export interface PublisherOptions {
  readonly stream: string;
  /** Messages under way. */
  readonly window: number;
  /** Milliseconds to wait for an acknowledgement. */
  readonly publishTimeout: number;
  /** Milliseconds until a message is given up. */
  readonly retryTimeout: number;
}

/** One message, from `publish` until it is acknowledged or given up. */
interface Message {
  readonly subject: string;
  readonly tag: string;
  readonly bytes: Buffer;
  readonly events: number;
  readonly id: string;
  readonly since: number;
  attempts: number;
  lastError: JetStreamPluginError | undefined;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export type MessageInput = Pick<Message, 'subject' | 'tag' | 'bytes' | 'events' | 'id'>;

/**
 * Publishes messages, a window of them at a time, each until it is acknowledged. One whose
 * acknowledgement does not come is sent again under the same id.
 *
 * The bytes of a message are read only while it is under way: a message that waits for a connection,
 * or for its next attempt, is nowhere in the client.
 */
export class Publisher {
  readonly counts = { published: 0, duplicates: 0, retried: 0, seconds: 0 };
  /** Seconds from a message sent to its acknowledgement, a moving average. */
  latency = 0;
  readonly #waiting = new Set<Message>();
  readonly #retrying = new Map<Message, NodeJS.Timeout>();
  #session: Session | undefined;
  /** Attempts under way, each by what ends it when the session is lost. */
  readonly #underWay = new Set<(error: Error) => void>();
  #timer: NodeJS.Timeout | undefined;
  #pumping = false;
  #failing = false;
  #closed = false;

  /**
   * @param unanswered called when an acknowledgement did not come in time
   */
  constructor(
    private readonly options: PublisherOptions,
    private readonly log: PluginContext['log'],
    private readonly unanswered: () => void,
  ) {}

  /** Messages that are not under way. */
  get waiting(): number {
    return this.#waiting.size + this.#retrying.size;
  }

  get underWay(): number {
    return this.#underWay.size;
  }

  /** The message that waits for its next attempt for the longest. */
  get worst(): Readonly<Pick<Message, 'since' | 'attempts' | 'lastError'>> | undefined {
    let worst: Message | undefined;
    for (const messages of [this.#retrying.keys(), this.#waiting]) {
      for (const message of messages) {
        if (message.attempts > (worst?.attempts ?? 0)) worst = message;
      }
    }
    return worst;
  }

  /** From now on messages go out. */
  connected(session: Session): void {
    this.#session = session;
    this.#schedule();
  }

  /** Messages under way are sent again when there is a session. */
  disconnected(): void {
    this.#session = undefined;
    const error = new JetStreamPluginError(
      'ERR_SLUICE_JETSTREAM_UNAVAILABLE',
      'the connection was lost',
    );
    for (const end of this.#underWay) end(error);
  }

  /**
   * @returns a promise for the acknowledgement
   * @throws JetStreamPluginError by rejection: refused, or no acknowledgement in time
   */
  publish(input: MessageInput): Promise<void> {
    if (this.#closed) return Promise.reject(stopped());
    return new Promise((resolve, reject) => {
      const since = performance.now();
      this.#waiting.add({ ...input, since, attempts: 0, lastError: undefined, resolve, reject });
      this.#timer ??= setInterval(() => this.#check(), CHECK);
      // In the same turn where it can: the session is known to stand now.
      this.#pump();
    });
  }

  /** Gives up what is left. */
  close(): void {
    this.#closed = true;
    clearInterval(this.#timer);
    for (const timer of this.#retrying.values()) clearTimeout(timer);
    for (const message of [...this.#retrying.keys(), ...this.#waiting]) message.reject(stopped());
    this.#retrying.clear();
    this.#waiting.clear();
    this.disconnected();
  }

  #schedule(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    setImmediate(() => {
      this.#pumping = false;
      this.#pump();
    });
  }

  #pump(): void {
    const session = this.#session;
    if (session === undefined) return;
    for (const message of this.#waiting) {
      if (this.#underWay.size >= this.options.window) return;
      this.#waiting.delete(message);
      this.#attempt(message, session);
    }
  }

  #attempt(message: Message, session: Session): void {
    const began = performance.now();
    const failed = (error: unknown): void => {
      // It may fail once more, when its time is over though the session was lost before.
      if (!this.#underWay.delete(failed)) return;
      this.#failed(message, explained(error, `publishing to ${message.subject}`));
      this.#schedule();
    };
    this.#underWay.add(failed);
    message.attempts++;
    this.#send(message, session).then(({ duplicate }) => {
      if (!this.#underWay.delete(failed)) return;
      this.#kept(message, duplicate, performance.now() - began);
      this.#pump();
    }, failed);
  }

  #send({ tag, events, subject, bytes, id }: Message, session: Session): Promise<PubAck> {
    const { stream, publishTimeout } = this.options;
    const headers = session.client.transport.headers();
    headers.set(TAG, tagHeader(tag));
    headers.set(EVENTS, String(events));
    return session.js.publish(subject, bytes, {
      headers,
      msgID: id,
      timeout: publishTimeout,
      expect: { streamName: stream },
    });
  }

  #kept(message: Message, duplicate: boolean, milliseconds: number): void {
    const { counts } = this;
    const seconds = milliseconds / 1000;
    counts.published++;
    counts.seconds += seconds;
    if (duplicate) counts.duplicates++;
    this.latency = this.latency === 0 ? seconds : this.latency + (seconds - this.latency) / 16;
    if (this.#failing) {
      this.#failing = false;
      this.log.info({ stream: this.options.stream }, 'publishing works again');
    }
    message.resolve();
  }

  #failed(message: Message, error: JetStreamPluginError): void {
    message.lastError = error;
    if (this.#closed) {
      message.reject(stopped());
      return;
    }
    if (!error.passing) {
      message.reject(error);
      return;
    }
    const late = (error.cause as Error | undefined)?.name === 'TimeoutError';
    if (late) this.unanswered();
    if (this.#late(message)) return;
    if (!this.#failing) {
      this.#failing = true;
      const { id, attempts } = message;
      this.log.warn({ id, attempts, reason: error.message }, 'publishing fails; trying again');
    }
    this.counts.retried++;
    // What has waited for an acknowledgement in vain has waited; who lost the session waits for one.
    if (late || this.#session === undefined) {
      this.#again(message);
      return;
    }
    const wait = Math.min(FIRST_WAIT * 2 ** (message.attempts - 1), LONGEST_WAIT);
    this.#retrying.set(
      message,
      setTimeout(() => this.#again(message), wait),
    );
  }

  #again(message: Message): void {
    this.#retrying.delete(message);
    // Before those that have never been sent.
    const others = [...this.#waiting];
    this.#waiting.clear();
    this.#waiting.add(message);
    for (const other of others) this.#waiting.add(other);
    this.#schedule();
  }

  #check(): void {
    for (const message of [...this.#retrying.keys(), ...this.#waiting]) this.#late(message);
    if (this.waiting > 0 || this.#underWay.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Gives a message up whose time is over. */
  #late(message: Message): boolean {
    const { retryTimeout } = this.options;
    if (performance.now() - message.since <= retryTimeout) return false;
    clearTimeout(this.#retrying.get(message));
    this.#retrying.delete(message);
    this.#waiting.delete(message);
    const why = message.lastError?.message ?? 'there was no connection';
    message.reject(
      new JetStreamPluginError(
        'ERR_SLUICE_JETSTREAM_UNAVAILABLE',
        `not acknowledged within ${retryTimeout / 1000} s (${why})`,
      ),
    );
    return true;
  }
}

function stopped(): JetStreamPluginError {
  return new JetStreamPluginError('ERR_SLUICE_JETSTREAM_STOPPED', 'the output has been stopped');
}
