import {
  ForwardProtocolError,
  ForwardReader,
  type ForwardMessage,
  type ForwardSecurity,
  type MessageMemory,
  type Refusal,
} from '@sluice/forward-protocol';
import type { EventStream } from '@sluice/event-stream';
import { loopShare, type LoopUser } from '@sluice/event-stream/packed';
import { checkKeeping, KEPT, type Budget, type Router } from '@sluice/plugin';
import type { Connection, Logger } from '@sluice/server';
import { AckWriter } from './ack-writer.js';
import { Handshake } from './handshake.js';
import { InFlight, type SharedInFlight } from './in-flight.js';
import { isLarge, type LargeMessages } from './large-messages.js';
import { ConnectionRoom } from './room.js';
import type { ForwardConfig } from './section.js';
import { SourceFields } from './source-fields.js';
import type { Statistics } from './statistics.js';
import type { UnfinishedMessage, UnfinishedMessages, UnfinishedReason } from './unfinished.js';
import type { Warnings } from './warnings.js';

/** What all connections of one input share. */
export interface ForwardContext {
  readonly config: ForwardConfig;
  readonly log: Logger;
  readonly warnings: Warnings;
  readonly router: Router;
  /** Title of the server, for errors. */
  readonly title: string;
  /** Bytes in flight of all connections together, of small messages. */
  readonly memory: SharedInFlight;
  /** What is made of small messages: payloads that are inflated, chunks that are repaired. */
  readonly making: Budget;
  readonly unfinished: UnfinishedMessages;
  readonly large: LargeMessages;
  readonly statistics: Statistics;
  readonly security: ForwardSecurity | undefined;
}

/** Where a connection is in its life. */
type Status =
  /** The peer has to show its key. */
  | 'handshake'
  /** Messages come in, acks go out. */
  | 'open'
  /** Nothing more is read; what is in flight is still acknowledged. */
  | 'draining'
  /** Being closed, or gone. */
  | 'closed';

const UNFINISHED: Readonly<Record<UnfinishedReason, string>> = {
  unfinished_limit: 'an unfinished message stands still while others need its room',
  message_timeout: 'an unfinished message makes no progress within message_timeout',
};

/** One peer that sends events: its bytes become messages, its kept messages become acks. */
export class ForwardConnection {
  #status: Status = 'open';
  readonly #reader: ForwardReader;
  readonly #source: SourceFields | undefined;
  readonly #inFlight: InFlight;
  readonly #acks: AckWriter;
  readonly #unfinished: UnfinishedMessage;
  #handshake: Handshake | undefined;
  readonly #loopUser: LoopUser = { used: 0 };
  /** A message has come to its end in this read. */
  #finishedOne = false;

  constructor(
    readonly connection: Connection,
    readonly context: ForwardContext,
  ) {
    const { config, security, statistics, memory } = context;
    this.#inFlight = new InFlight({
      limit: config.inFlightLimit,
      all: memory,
      large: context.unfinished,
      retain: () => connection.retain(),
    });
    this.#acks = new AckWriter(connection, config.unreadAckLimit);
    this.#unfinished = context.unfinished.join((reason) => {
      this.#refuse(reason, UNFINISHED[reason]);
      connection.close();
    });
    this.#source = SourceFields.of(connection, config);
    this.#reader = new ForwardReader({
      onMessage: (message) => this.#message(message),
      onRefused: (refusal) => this.#refused(refusal),
      onHeartbeat: () => {
        statistics.heartbeats++;
      },
      decompressionSizeLimit: config.decompressionSizeLimit,
      room: new ConnectionRoom(context.making, this.#unfinished),
      skipInvalidEvents: config.skipInvalidEvent,
      // What is read is nobody else's.
      ownsBytes: true,
      tagSizeLimit: config.tagSizeLimit,
      jsonSizeLimit: config.jsonSizeLimit,
      eventSizeLimit: config.eventSizeLimit,
      // A peer that speaks JSON cannot show its key.
      json: security === undefined,
      ...(config.chunkSizeLimit !== undefined && { chunkSizeLimit: config.chunkSizeLimit }),
    });
    if (security !== undefined) this.#shakeHands(security);
    connection.on('data', (data) => this.#data(data));
    // The peer has said its last; the acks of what is in flight still go to it.
    connection.on('end', () => this.#whenSettled());
    connection.on('close', () => this.#forget());
  }

  #shakeHands(security: ForwardSecurity): void {
    const { connection, context } = this;
    this.#status = 'handshake';
    this.#handshake = new Handshake(connection, security, context.config, {
      done: ({ hostname, username }, rest) => {
        this.#status = 'open';
        this.#handshake = undefined;
        context.log.debug({ peer: connection.peer, hostname, username }, 'handshake done');
        return rest.length > 0 ? this.#data(rest) : undefined;
      },
      refused: (reason, peer) => {
        this.#refuse('handshake', reason, peer);
        connection.closeAfterWriteComplete();
      },
      timedOut: (reason) => {
        this.#refuse('handshake_timeout', reason);
        connection.close();
      },
    });
  }

  #data(data: Buffer): void | Promise<void> {
    // Until its name is known nothing of the peer goes on: the socket waits.
    const naming = this.#source?.pending;
    if (naming !== undefined) return naming.then(() => this.#data(data));
    if (this.#status === 'handshake') return this.#handshake!.push(data);
    // Many may read in one turn; those that come too late wait with what they have.
    const room = this.#room();
    return room === undefined ? this.#readInTurn(data) : room.then(() => this.#readInTurn(data));
  }

  /** However many peers send at once, the event loop is held for a short time. */
  #readInTurn(data: Buffer): void | Promise<void> {
    if (!loopShare.busy) return loopShare.run(this.#loopUser, () => this.#read(data));
    return new Promise((resolve) => {
      loopShare.later(this.#loopUser, () => resolve(this.#read(data)));
    });
  }

  #read(data: Buffer): void | Promise<void> {
    if (this.#status !== 'open') return;
    this.#inFlight.startRead(data);
    this.#finishedOne = false;
    this.#acks.hold();
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
    this.#acks.flush();
    this.#unfinished.pause();
    try {
      await inflating;
    } catch (error) {
      this.#fail(error);
    }
    await this.#afterRead();
  }

  /** @returns a promise for when the next read may come */
  #afterRead(): void | Promise<void> {
    this.#acks.flush();
    this.#inFlight.endRead();
    if (this.#status !== 'open') {
      this.#unfinished.leave();
      return;
    }
    const { bufferedBytes, neededBytes } = this.#reader;
    const turn = this.#unfinished.update(bufferedBytes, neededBytes, this.#finishedOne);
    const unread = this.#acks.unread();
    if (turn === undefined && unread === undefined) return this.#room();
    return this.#pause(turn, unread);
  }

  async #pause(turn: Promise<void> | undefined, unread: Promise<void> | undefined): Promise<void> {
    await turn;
    if (unread !== undefined) {
      this.context.statistics.waits.unread_acks++;
      this.#unfinished.pause();
      await unread;
      this.#unfinished.resume();
    }
    await this.#room();
  }

  /** @returns a promise for when there is room for another read, `undefined` if there is now */
  #room(): Promise<void> | undefined {
    const room = this.#inFlight.room();
    if (room === undefined) return undefined;
    this.context.statistics.waits.in_flight++;
    this.#unfinished.pause();
    return room.then(() => this.#unfinished.resume());
  }

  #message(message: ForwardMessage): void | Promise<void> {
    this.#finishedOne = true;
    if (this.#status !== 'open') return;
    const { config, statistics, warnings } = this.context;
    const { peer } = this.connection;
    if (message.size > (config.chunkSizeWarnLimit ?? Infinity)) {
      warnings.warn(
        'chunk_size_warn_limit',
        { peer, tag: message.tag, size: message.size, limit: config.chunkSizeWarnLimit },
        'message is larger than chunk_size_warn_limit',
      );
    }
    if (message.signal !== 'logs') {
      this.#refused({
        reason: 'fluent_signal',
        message: `${message.signal} are not events`,
        tag: message.tag,
        size: message.size,
      });
      if (config.denyKeepalive) this.#finish();
      return;
    }
    if (message.invalid > 0) {
      const reason = message.invalidTag ? 'the tag is not a string' : 'not [time, record]';
      warnings.warn(
        'invalid_events',
        { peer, tag: message.tag, invalid: message.invalid, reason },
        'invalid events are skipped',
      );
    }
    const tag = statistics.message(message);
    const { stream } = message;
    if (stream.count === 0) {
      this.#keptAtOnce(message);
      return;
    }
    if (isLarge(stream)) this.#emitLarge(tag, stream, message);
    else if (this.#source === undefined) this.#emit(tag, stream, message, message.memory);
    else this.#emit(tag, this.#source.addTo(stream), message, undefined);
  }

  /** One after another of the message's parts; those of a peer that has gone come again. */
  #emitLarge(tag: string, stream: EventStream, message: ForwardMessage): void {
    const { router, title, large } = this.context;
    const { ackId } = message;
    const gone = (): boolean => this.#status === 'closed' && ackId !== undefined;
    const kept = large.emit(stream, this.#loopUser, (part) => {
      if (gone()) throw new Error('the peer has gone, and gets no ack');
      const events = this.#source?.addTo(part) ?? part;
      return checkKeeping(router.emit(tag, events), title, 'emit');
    });
    this.#waitFor(kept, stream, message, message.memory);
  }

  #emit(
    tag: string,
    stream: EventStream,
    message: ForwardMessage,
    memory: MessageMemory | undefined,
  ): void {
    const { router, title } = this.context;
    const kept = checkKeeping(router.emit(tag, stream), title, 'emit');
    if (kept === KEPT) this.#keptAtOnce(message);
    else this.#waitFor(kept, stream, message, memory);
  }

  #waitFor(
    kept: Promise<void>,
    stream: EventStream,
    { ackId, format }: ForwardMessage,
    memory: MessageMemory | undefined,
  ): void {
    this.#wait(ackId, format, kept, this.#inFlight.add(stream, memory));
    if (this.context.config.denyKeepalive) this.#status = 'draining';
  }

  #wait(
    ackId: string | undefined,
    format: ForwardMessage['format'],
    kept: Promise<void>,
    settled: (kept: boolean) => void,
  ): void {
    kept
      .then(
        () => {
          this.#kept(ackId, format);
          return true;
        },
        (error: unknown) => {
          this.context.statistics.notKept++;
          this.#fail(error);
          return false;
        },
      )
      .then(settled, () => settled(false));
  }

  #keptAtOnce(message: ForwardMessage): void {
    if (this.#status === 'closed') return;
    if (this.#acks.addOf(message)) this.context.statistics.acks++;
    if (this.context.config.denyKeepalive) this.#finish();
  }

  #kept(ackId: string | undefined, format: ForwardMessage['format']): void {
    if (this.#status === 'closed') return;
    if (ackId !== undefined) {
      this.#acks.add(ackId, format);
      this.context.statistics.acks++;
    }
    if (this.context.config.denyKeepalive) this.#finish();
  }

  /** The peer gets its acks, then the connection is closed. */
  #finish(): void {
    this.#status = 'closed';
    this.#acks.flush();
    this.connection.closeAfterWriteComplete();
  }

  #whenSettled(): void | Promise<void> {
    if (this.#inFlight.waiting === 0) return;
    return new Promise<void>((resolve) => {
      this.#inFlight.onIdle(() => {
        this.#acks.flush();
        resolve();
      });
    });
  }

  #forget(): void {
    this.#status = 'closed';
    this.#handshake?.close();
    this.#unfinished.leave();
    this.#inFlight.close();
    this.#acks.close();
    this.#reader.close();
  }

  #refused(refusal: Omit<Refusal, 'reason'> & { reason: string }): void {
    const { reason, message, tag, size } = refusal;
    const { statistics, warnings } = this.context;
    this.#finishedOne = true;
    statistics.refused(reason);
    warnings.warn(
      reason,
      { peer: this.connection.peer, reason, tag, size },
      `message dropped and not acknowledged: ${message}`,
    );
  }

  /** Counts and logs why the connection is closed. */
  #refuse(kind: string, reason: string, more: Record<string, unknown> = {}): void {
    const { statistics, warnings } = this.context;
    this.#status = 'closed';
    statistics.closed(kind);
    warnings.warn(
      kind,
      { peer: this.connection.peer, reason, ...more },
      `connection closed: ${reason}`,
    );
  }

  /** The bytes make no sense, or the outputs could not keep them: the peer has to start anew. */
  #fail(error: unknown): void {
    if (this.#status === 'closed') return;
    const reason = error instanceof Error ? error.message : String(error);
    this.#refuse(
      error instanceof ForwardProtocolError ? 'protocol' : 'not_kept',
      `${reason}; what is not acknowledged was not kept`,
    );
    this.#acks.flush();
    this.connection.closeAfterWriteComplete();
  }
}
