import {
  AckBatch,
  ForwardProtocolError,
  ForwardReader,
  ServerHandshake,
  type ForwardMessage,
  type ForwardSecurity,
  type Refusal,
  type ServerHandshakeResult,
} from '@sluice/forward-protocol';
import { checkKeeping, KEPT, type Router } from '@sluice/plugin';
import type { Connection, Logger } from '@sluice/server';
import { InFlight } from './in-flight.js';
import type { ForwardConfig } from './section.js';
import type { Statistics } from './statistics.js';

/** What all connections of one input share. */
export interface ForwardContext {
  readonly config: ForwardConfig;
  readonly log: Logger;
  readonly router: Router;
  /** Title of the server, for log lines. */
  readonly title: string;
  /** Bytes in flight of all connections together. */
  readonly inFlight: InFlight;
  readonly statistics: Statistics;
  readonly security: ForwardSecurity | undefined;
}

/** One peer that sends events: its bytes become messages, its kept messages become acks. */
export class ForwardConnection {
  readonly #reader: ForwardReader;
  readonly #inFlight: InFlight;
  #handshake: ServerHandshake | undefined;
  #handshakeTimer: NodeJS.Timeout | undefined;
  #acks: AckBatch | undefined;
  #fields: Record<string, string> | undefined;
  #naming: Promise<void> | undefined;
  /** Messages that are not kept yet. */
  #waiting = 0;
  #settled: (() => void) | undefined;
  #unfinished = 0;
  #reading = false;
  #flushing = false;
  /** Nothing more is read. */
  #done = false;
  /** The connection is being closed. */
  #closing = false;

  constructor(
    readonly connection: Connection,
    readonly context: ForwardContext,
  ) {
    const { config, security, statistics } = context;
    this.#inFlight = new InFlight(config.inFlightLimit, context.inFlight);
    this.#reader = new ForwardReader({
      onMessage: (message) => this.#message(message),
      onRefused: (refusal) => this.#refused(refusal),
      onHeartbeat: () => {
        statistics.heartbeats++;
      },
      decompressionSizeLimit: config.decompressionSizeLimit,
      skipInvalidEvents: config.skipInvalidEvent,
      tagSizeLimit: config.tagSizeLimit,
      // A peer that speaks JSON cannot show its key.
      json: security === undefined,
      ...(config.chunkSizeLimit !== undefined && { chunkSizeLimit: config.chunkSizeLimit }),
    });
    this.#nameSource();
    if (security !== undefined) this.#shakeHands(security);
    connection.on('data', (data) => this.#data(data));
    // The peer has said its last; the acks of what is in flight still go to it.
    connection.on('end', () => this.#whenSettled());
    connection.on('close', () => this.#forget());
  }

  /** The peer's address and name, which go into each record. */
  #nameSource(): void {
    const { sourceAddressKey, sourceHostnameKey } = this.context.config;
    const { connection } = this;
    if (sourceAddressKey === undefined && sourceHostnameKey === undefined) return;
    this.#fields = {};
    if (sourceAddressKey !== undefined) this.#fields[sourceAddressKey] = connection.remoteAddr;
    if (sourceHostnameKey === undefined) return;
    const name = connection.resolveRemoteHost();
    if (typeof name === 'string') {
      this.#fields[sourceHostnameKey] = name;
      return;
    }
    this.#naming = name.then((host) => {
      this.#fields![sourceHostnameKey] = host;
      this.#naming = undefined;
    });
  }

  #shakeHands(security: ForwardSecurity): void {
    const { connection, context } = this;
    const { handshakeTimeout, denyKeepalive } = context.config;
    this.#handshake = new ServerHandshake(security, {
      address: connection.protocol === 'unix' ? 'unix' : connection.remoteAddr,
      keepalive: !denyKeepalive,
    });
    connection.write(this.#handshake.helo());
    this.#handshakeTimer = setTimeout(() => {
      this.#refuse('handshake_timeout', `no PING within ${handshakeTimeout} seconds`);
      connection.close();
    }, handshakeTimeout * 1000);
    this.#handshakeTimer.unref();
  }

  #data(data: Buffer): void | Promise<void> {
    if (this.#done) return;
    // Until its name is known nothing of the peer goes on: the socket waits.
    if (this.#naming !== undefined) return this.#naming.then(() => this.#data(data));
    if (this.#handshake !== undefined) return this.#ping(this.#handshake, data);
    this.#reading = true;
    try {
      const inflating = this.#reader.push(data);
      if (inflating !== undefined) return this.#inflate(inflating);
    } catch (error) {
      this.#fail(error);
    }
    return this.#afterRead();
  }

  async #inflate(inflating: Promise<void>): Promise<void> {
    // Acks that become due meanwhile are not held up by it.
    this.#reading = false;
    this.#writeAcks();
    try {
      await inflating;
    } catch (error) {
      this.#fail(error);
    }
    await this.#afterRead();
  }

  #afterRead(): void | Promise<void> {
    this.#reading = false;
    this.#writeAcks();
    this.#countUnfinished();
    return this.#inFlight.room();
  }

  #ping(handshake: ServerHandshake, data: Buffer): void | Promise<void> {
    let result: ServerHandshakeResult | undefined;
    try {
      result = handshake.push(data);
    } catch (error) {
      this.#refuse('handshake', (error as Error).message);
      this.connection.closeAfterWriteComplete();
      return;
    }
    if (result === undefined) return;
    clearTimeout(this.#handshakeTimer);
    this.#handshake = undefined;
    this.connection.write(result.reply);
    if (!result.ok) {
      const { reason, hostname, username } = result;
      this.#refuse('handshake', reason, { hostname, username });
      this.connection.closeAfterWriteComplete();
      return;
    }
    const { hostname, username } = result;
    this.context.log.debug({ peer: this.connection.peer, hostname, username }, 'handshake done');
    if (result.rest.length > 0) return this.#data(result.rest);
  }

  #message(message: ForwardMessage): void {
    if (this.#done) return;
    const { config, log, router, statistics, title } = this.context;
    const { peer } = this.connection;
    if (message.size > (config.chunkSizeWarnLimit ?? Infinity)) {
      log.warn(
        { title, peer, tag: message.tag, size: message.size, limit: config.chunkSizeWarnLimit },
        'message is larger than chunk_size_warn_limit',
      );
    }
    if (message.signal !== 'logs') {
      this.#refused({
        reason: 'fluent_signal',
        message: `${message.signal} are no events`,
        tag: message.tag,
        size: message.size,
      });
      if (config.denyKeepalive) this.#finish();
      return;
    }
    if (message.invalid > 0) {
      const reason = message.invalidTag ? 'the tag is not a string' : 'not [time, record]';
      log.warn(
        { title, peer, tag: message.tag, invalid: message.invalid, reason },
        'invalid events are skipped',
      );
    }
    const tag = statistics.message(message);
    let { stream } = message;
    if (stream.count === 0) {
      this.#kept(message.ackId, message.format);
      return;
    }
    if (this.#fields !== undefined) stream = stream.withFields(this.#fields);
    const kept = checkKeeping(router.emit(tag, stream), title, 'emit');
    if (kept === KEPT) {
      this.#kept(message.ackId, message.format);
    } else {
      // The message's bytes are the stream's; inflated, they are more.
      this.#wait(message, kept, Math.max(message.size, stream.bytes.length));
      if (config.denyKeepalive) this.#done = true;
    }
  }

  #wait({ ackId, format }: ForwardMessage, kept: Promise<void>, size: number): void {
    this.#inFlight.add(size);
    this.#waiting++;
    kept
      .then(
        () => this.#kept(ackId, format),
        (error: unknown) => {
          this.context.statistics.notKept++;
          this.#fail(error);
        },
      )
      .finally(() => {
        this.#inFlight.remove(size);
        if (--this.#waiting === 0) this.#settled?.();
      })
      .catch((error: unknown) => this.#fail(error));
  }

  #kept(ackId: string | undefined, format: 'msgpack' | 'json'): void {
    if (ackId !== undefined) {
      this.#acks ??= new AckBatch(format);
      this.#acks.addPacked(ackId);
      this.context.statistics.acks++;
      // While a read is being worked off its acks are collected, and go out as one write; those
      // of promises that are fulfilled in the same turn likewise.
      if (!this.#reading && !this.#flushing) {
        this.#flushing = true;
        process.nextTick(() => {
          this.#flushing = false;
          this.#writeAcks();
        });
      }
    }
    if (this.context.config.denyKeepalive) this.#finish();
  }

  #writeAcks(): void {
    const acks = this.#acks?.take();
    if (acks !== undefined) this.connection.write(acks);
  }

  /** The peer gets its acks, then the connection is closed. */
  #finish(): void {
    this.#done = true;
    this.#closing = true;
    this.#writeAcks();
    this.connection.closeAfterWriteComplete();
  }

  #whenSettled(): void | Promise<void> {
    if (this.#waiting === 0) return;
    return new Promise<void>((resolve) => {
      this.#settled = () => {
        this.#writeAcks();
        resolve();
      };
    });
  }

  /** Bytes of unfinished messages count on the account of all connections. */
  #countUnfinished(): void {
    const { statistics, config } = this.context;
    const bytes = this.#done ? 0 : this.#reader.bufferedBytes;
    statistics.unfinishedBytes += bytes - this.#unfinished;
    const grown = bytes > this.#unfinished;
    this.#unfinished = bytes;
    if (!grown || statistics.unfinishedBytes <= config.totalInFlightLimit) return;
    // Waiting would not help: a message that is cut needs its rest to become less.
    this.#refuse('unfinished_limit', 'unfinished messages of all peers exceed the limit');
    this.connection.close();
  }

  #forget(): void {
    clearTimeout(this.#handshakeTimer);
    this.#done = true;
    this.#closing = true;
    this.context.statistics.unfinishedBytes -= this.#unfinished;
    this.#unfinished = 0;
  }

  #refused(refusal: Omit<Refusal, 'reason'> & { reason: string }): void {
    const { reason, message, tag, size } = refusal;
    const { log, statistics, title } = this.context;
    statistics.refused(reason);
    log.warn(
      { title, peer: this.connection.peer, reason, tag, size },
      `message dropped and not acknowledged: ${message}`,
    );
  }

  /** Counts and logs why the connection is closed. */
  #refuse(kind: string, reason: string, more: Record<string, unknown> = {}): void {
    const { log, statistics, title } = this.context;
    this.#done = true;
    this.#closing = true;
    statistics.closed(kind);
    log.warn(
      { title, peer: this.connection.peer, reason, ...more },
      `connection closed: ${reason}`,
    );
  }

  /** The bytes make no sense, or the outputs could not keep them: the peer has to start anew. */
  #fail(error: unknown): void {
    if (this.#closing) return;
    const reason = error instanceof Error ? error.message : String(error);
    this.#refuse(
      error instanceof ForwardProtocolError ? 'protocol' : 'not_kept',
      `${reason}; what is not acknowledged was not kept`,
    );
    this.#writeAcks();
    this.connection.closeAfterWriteComplete();
  }
}
