import { EventStream, type EventInput } from '@sluice/event-stream';
import type { ClientHandshakeOptions } from '@sluice/forward-protocol';
import { Chunk, type Compress } from './chunk.js';
import { targetOf, type TargetOptions } from './connect.js';
import { ForwardClientError } from './errors.js';
import { Link } from './link.js';

/** Where a {@link ForwardSender} sends to, and how. */
export interface ForwardSenderOptions extends TargetOptions {
  /** Shared key, and user where the server asks for one. Default: no handshake. */
  readonly handshake?: ClientHandshakeOptions | undefined;
  /** Have every chunk acknowledged. Fluentd: `require_ack_response`. Default: true. */
  readonly ack?: boolean;
  /** Fluentd: `compress`. Default: `text`, which is none. */
  readonly compress?: Compress;
  /** Chunks under way at a time. Default: 8. */
  readonly window?: number;
  /** Seconds to connect, with TLS and handshake. Fluentd: `connect_timeout`. Default: 10. */
  readonly connectTimeout?: number;
  /** Seconds in which the server must take bytes. Fluentd: `send_timeout`. Default: 60. */
  readonly sendTimeout?: number;
  /** Seconds for an acknowledgement. Fluentd: `ack_response_timeout`. Default: 190. */
  readonly ackTimeout?: number;
}

/** Sends chunks to one server over one connection. What fails is not tried again: that is for its owner. */
export class ForwardSender {
  /** Events given to `send`. */
  sent = 0;
  /** Events that the server has acknowledged; without acks, that the kernel has taken. */
  kept = 0;
  readonly #link: Link;
  #ready = false;
  #closed = false;
  #ending = false;
  #failure: Error | undefined;
  #changed: (() => void)[] = [];

  private constructor(options: ForwardSenderOptions) {
    const target = targetOf(options);
    const ack = options.ack ?? true;
    const change = (): void => this.#change();
    this.#link = new Link(
      {
        target,
        handshake: options.handshake,
        compress: options.compress ?? 'text',
        ack,
        keepalive: true,
        keepaliveTimeout: Infinity,
        connectTimeout: (options.connectTimeout ?? 10) * 1000,
        sendTimeout: (options.sendTimeout ?? 60) * 1000,
        ackTimeout: (options.ackTimeout ?? 190) * 1000,
        window: options.window ?? 8,
      },
      {
        ready: () => {
          this.#ready = true;
          change();
        },
        kept: (chunk) => {
          this.kept += chunk.events;
          chunk.resolve();
          change();
        },
        room: change,
        retired: change,
        closed: (returned, error, socketError) => {
          this.#closed = true;
          // Without acks, a reset may have thrown away what was "kept".
          const bad = returned.length > 0 || !this.#ending || !ack;
          const closed = new ForwardClientError(
            'ERR_SLUICE_FORWARD_CLOSED',
            'the server closed the connection',
            target.peer,
          );
          this.#failure ??= error ?? (bad ? socketError : undefined);
          if (!this.#ending || returned.length > 0) this.#failure ??= closed;
          for (const chunk of returned) chunk.reject(this.#failure ?? closed);
          change();
        },
      },
    );
  }

  /**
   * Connects.
   *
   * @throws ForwardClientError, the system's error, or a ForwardProtocolError where the handshake fails
   */
  static async connect(options: ForwardSenderOptions = {}): Promise<ForwardSender> {
    const sender = new ForwardSender(options);
    await sender.#until(() => sender.#ready);
    return sender;
  }

  /**
   * Sends one chunk. The bytes of a stream must not change until it is kept, which `end` waits for.
   *
   * @returns resolves when another chunk may follow
   * @throws why the connection is over; then what is not counted in `kept` may be lost
   */
  async send(tag: string, events: EventStream | Iterable<EventInput>): Promise<void> {
    const stream = events instanceof EventStream ? events : EventStream.fromEvents(events);
    if (stream.count === 0) return;
    await this.#until(() => this.#link.hasRoom);
    const chunk = new Chunk(tag);
    chunk.add(stream);
    this.sent += stream.count;
    this.#link.send(chunk);
    await this.#until(() => this.#link.hasRoom);
  }

  /** Waits until everything is kept, and closes. @throws why that is not so */
  async end(): Promise<void> {
    this.#ending = true;
    if (!this.#closed) this.#link.retire();
    await this.#until(() => this.#closed);
  }

  /** Closes at once. */
  destroy(): void {
    if (!this.#closed) this.#link.fail(new Error('the sender has been closed'));
  }

  async #until(condition: () => boolean): Promise<void> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure;
      if (condition()) return;
      await new Promise<void>((resolve) => this.#changed.push(resolve));
    }
  }

  #change(): void {
    const waiting = this.#changed;
    this.#changed = [];
    for (const resolve of waiting) resolve();
  }
}
