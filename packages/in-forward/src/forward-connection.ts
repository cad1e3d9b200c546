import {
  encodeAck,
  ForwardReader,
  type ForwardMessage,
  type Refusal,
} from '@sluice/forward-protocol';
import type { Router } from '@sluice/plugin';
import type { Connection, Logger } from '@sluice/server';
import { InFlight } from './in-flight.js';
import type { ForwardConfig } from './section.js';

/** What all connections of one input share. */
export interface ForwardContext {
  readonly config: ForwardConfig;
  readonly log: Logger;
  readonly router: Router;
  /** Bytes in flight of all connections together. */
  readonly inFlight: InFlight;
  /** The tag under which a message goes on. */
  readonly tagOf: (tag: string) => string;
}

/** Bytes that one connection may have in flight before its socket is paused. */
const connectionLimit = 16 * 1024 * 1024;

/** One peer that sends events: its bytes become messages, its kept messages become acks. */
export class ForwardConnection {
  readonly #reader: ForwardReader;
  readonly #inFlight: InFlight;
  readonly #pending = new Set<Promise<void>>();
  #acks: Buffer[] = [];
  #reading = false;
  #failed = false;

  constructor(
    readonly connection: Connection,
    readonly context: ForwardContext,
  ) {
    const { config } = context;
    this.#inFlight = new InFlight(connectionLimit, context.inFlight);
    this.#reader = new ForwardReader({
      onMessage: (message) => this.#message(message),
      onRefused: (refusal) => this.#refused(refusal),
      decompressionSizeLimit: config.decompressionSizeLimit,
      skipInvalidEvents: config.skipInvalidEvent,
      ...(config.chunkSizeLimit !== undefined && { chunkSizeLimit: config.chunkSizeLimit }),
    });
    connection.on('data', (data) => this.#data(data));
    // The peer has said its last; the acks of what is in flight still go to it.
    connection.on('end', () => this.#settled());
  }

  #data(data: Buffer): void | Promise<void> {
    if (this.#failed) return;
    this.#reading = true;
    try {
      const inflating = this.#reader.push(data);
      if (inflating !== undefined) return this.#inflate(inflating);
    } catch (error) {
      this.#fail(error);
    }
    this.#reading = false;
    this.#writeAcks();
    return this.#inFlight.room();
  }

  async #inflate(inflating: Promise<void>): Promise<void> {
    try {
      await inflating;
    } catch (error) {
      this.#fail(error);
    }
    this.#reading = false;
    this.#writeAcks();
    await this.#inFlight.room();
  }

  #message(message: ForwardMessage): void {
    if (this.#failed) return;
    const { config, log, router } = this.context;
    const { peer } = this.connection;
    if (message.size > (config.chunkSizeWarnLimit ?? Infinity)) {
      log.warn(
        { peer, tag: message.tag, size: message.size, limit: config.chunkSizeWarnLimit },
        'message is larger than chunk_size_warn_limit',
      );
    }
    if (message.invalid > 0) {
      log.warn({ peer, tag: message.tag, invalid: message.invalid }, 'invalid events are skipped');
    }
    if (message.signal !== 'logs') {
      log.warn({ peer, tag: message.tag }, `${message.signal} are no events: they are dropped`);
    }
    if (message.stream.count === 0) {
      this.#kept(message);
      return;
    }
    const kept = router.emit(this.context.tagOf(message.tag), message.stream);
    if (kept === undefined) this.#kept(message);
    else this.#wait(message, kept);
  }

  #wait(message: ForwardMessage, kept: Promise<void>): void {
    this.#inFlight.add(message.size);
    const done = kept.then(
      () => this.#kept(message),
      (error: unknown) => this.#fail(error),
    );
    this.#pending.add(done);
    void done.then(() => {
      this.#pending.delete(done);
      this.#inFlight.remove(message.size);
    });
  }

  #kept(message: ForwardMessage): void {
    const { chunk, format } = message;
    if (chunk !== undefined) this.#acks.push(encodeAck(chunk, format));
    // While a read is being worked off its acks are collected, and go out as one write.
    if (!this.#reading) this.#writeAcks();
    if (this.context.config.denyKeepalive) this.connection.closeAfterWriteComplete();
  }

  #writeAcks(): void {
    if (this.#acks.length === 0) return;
    const acks = this.#acks;
    this.#acks = [];
    this.connection.write(acks.length === 1 ? acks[0] : Buffer.concat(acks));
  }

  async #settled(): Promise<void> {
    while (this.#pending.size > 0) await Promise.all(this.#pending);
  }

  #refused(refusal: Refusal): void {
    const { reason, message, tag, size } = refusal;
    this.context.log.warn(
      { peer: this.connection.peer, reason, tag, size },
      `message dropped and not acknowledged: ${message}`,
    );
  }

  /** The bytes make no sense, or the outputs could not keep them: the peer has to start anew. */
  #fail(error: unknown): void {
    if (this.#failed) return;
    this.#failed = true;
    const reason = error instanceof Error ? error.message : String(error);
    this.context.log.warn(
      { peer: this.connection.peer, reason },
      `connection closed: ${reason}; what is not acknowledged was not kept`,
    );
    this.#writeAcks();
    this.connection.closeAfterWriteComplete();
  }
}
