import type { JsMsg } from '@nats-io/jetstream';
import { EventStream } from '@sluice/event-stream';
import { Input, KEPT, type InputContext, type PluginStatistics } from '@sluice/plugin';
import { Connection, type Session } from './connection.js';
import { setUpConsumer } from './consumer-setup.js';
import { buryMessage } from './dead-letters.js';
import { Deliveries, type Delivery } from './deliveries.js';
import { messageFacts, MESSAGE_ID } from './headers.js';
import type { JetStreamInputConfig } from './input-section.js';
import { Puller } from './puller.js';

/** Milliseconds between two questions for how much is left in the stream. */
const LOOK = 5000;

/** The input `jetstream`: messages of a durable consumer, acknowledged when the outputs have them. */
export class JetStreamInput extends Input {
  readonly #config: JetStreamInputConfig;
  readonly #connection: Connection;
  readonly #deliveries = new Deliveries();
  #puller: Puller | undefined;
  #keepsAcknowledged = true;
  #timers: NodeJS.Timeout[] = [];
  #started = false;
  #stopping = false;
  #counts = { messages: 0, events: 0, bytes: 0, kept: 0, redelivered: 0, again: 0 };
  #failures = { notKept: 0, dead: 0, foreign: 0 };
  #lag = { pending: 0, ackPending: 0 };

  constructor(context: InputContext, config: JetStreamInputConfig) {
    super(context);
    this.#config = config;
    this.#connection = new Connection(config, context, {
      prepare: async (session) => {
        const { keepsAcknowledged } = await setUpConsumer(session, config, this.log);
        this.#keepsAcknowledged = keepsAcknowledged;
      },
      ready: (session) => this.#pull(session),
      lost: () => this.#lost(),
    });
  }

  /** Connects; messages come when all plugins have started. */
  override async start(): Promise<void> {
    await this.#connection.start();
    this.#timers.push(
      setInterval(() => this.#deliveries.working(), (this.#config.ackWait * 1000) / 3),
      setInterval(() => void this.#look(), LOOK),
    );
  }

  override afterStart(): void {
    this.#started = true;
    const { session } = this.#connection;
    if (session !== undefined) this.#pull(session);
  }

  override async stop(): Promise<void> {
    this.#stopping = true;
    this.#deliveries.wake();
    await this.#puller?.stop();
  }

  /** Waits for what the outputs have not kept yet. */
  override async shutdown(): Promise<void> {
    await this.#deliveries.until(() => this.#deliveries.size === 0);
  }

  override async close(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    await this.#connection.close();
  }

  override statistics(): PluginStatistics {
    const { messages, events, bytes, kept, redelivered, again } = this.#counts;
    const { notKept, dead, foreign } = this.#failures;
    return {
      counters: {
        messages,
        events,
        bytes,
        kept_messages: kept,
        redelivered_messages: redelivered,
        known_messages: again,
        not_kept: notKept,
        dead_letters: dead,
        foreign_messages: foreign,
        reconnects: this.#connection.reconnects,
      },
      gauges: {
        lag_messages: this.#lag.pending,
        ack_pending_messages: this.#lag.ackPending,
        in_flight_messages: this.#deliveries.size,
        in_flight_bytes: this.#deliveries.bytes,
      },
      servers: this.#connection.statistics(),
    };
  }

  #pull(session: Session): void {
    if (!this.#started || this.#stopping) return;
    const { stream, durable, inFlightLimitSize: limit } = this.#config;
    const deliveries = this.#deliveries;
    const room = async (): Promise<number> => {
      await deliveries.until(
        () => this.#stopping || deliveries.size === 0 || deliveries.bytes <= limit / 2,
      );
      return Math.max(limit - deliveries.bytes, 1);
    };
    const puller = new Puller(
      session,
      { stream, durable, room, take: (message) => this.#take(message) },
      this.log,
      () => void this.#connection.probe(),
    );
    this.#puller = puller;
    puller.start();
    void this.#look();
  }

  #lost(): void {
    void this.#puller?.stop();
    this.#puller = undefined;
  }

  #take(message: JsMsg): void {
    if (this.#stopping) {
      message.nak(); // for another one
      return;
    }
    const delivery = this.#deliveries.take(message);
    if (message.redelivered) this.#counts.redelivered++;
    if (delivery === 'kept') message.ack();
    if (typeof delivery === 'string') {
      this.#counts.again++;
      return;
    }
    this.#counts.messages++;
    this.#counts.bytes += delivery.bytes;
    const { maxDeliver = Infinity } = this.#config;
    const { deliveryCount } = message.info;
    if (deliveryCount > maxDeliver) {
      // Whoever had it the last time has died over it, or was too slow.
      void this.#giveUp(delivery, `not kept in ${deliveryCount - 1} attempts`);
      return;
    }
    this.#emit(delivery);
  }

  #emit(delivery: Delivery): void {
    const { message } = delivery;
    let kept;
    try {
      const read = readMessage(message);
      if (typeof read === 'string') {
        void this.#foreign(delivery, read);
        return;
      }
      this.#counts.events += read.stream.count;
      kept = read.stream.count === 0 ? KEPT : this.router.emit(read.tag, read.stream);
    } catch (error) {
      this.#failed(delivery, error as Error);
      return;
    }
    if (kept === KEPT) {
      this.#kept(delivery);
      return;
    }
    kept.then(
      () => this.#kept(delivery),
      (error: unknown) => this.#failed(delivery, error as Error),
    );
  }

  #kept(delivery: Delivery): void {
    delivery.message.ack();
    this.#counts.kept++;
    this.#deliveries.done(delivery, true);
  }

  #failed(delivery: Delivery, error: Error): void {
    this.#failures.notKept++;
    const { deliveryCount } = delivery.message.info;
    if (deliveryCount >= (this.#config.maxDeliver ?? Infinity)) {
      void this.#giveUp(delivery, error.message);
      return;
    }
    this.log.warn(
      { ...place(delivery.message), attempts: deliveryCount, reason: error.message },
      'a message was not kept; it comes again',
    );
    this.#later(delivery);
  }

  /** Gives it back, to come again after a while. */
  #later(delivery: Delivery): void {
    const { retryWait, retryMaxInterval } = this.#config;
    const doubled = retryWait * 2 ** (delivery.message.info.deliveryCount - 1);
    delivery.message.nak(Math.min(doubled, retryMaxInterval) * 1000);
    this.#deliveries.done(delivery, false);
  }

  /** A message that no output of ours has written, or that is broken. */
  async #foreign(delivery: Delivery, reason: string): Promise<void> {
    const { message } = delivery;
    this.#failures.foreign++;
    if (this.#config.deadLetterSubject !== undefined) {
      await this.#giveUp(delivery, reason);
      return;
    }
    const fields = { ...place(message), subject: message.subject, reason };
    if (this.#keepsAcknowledged) {
      this.log.warn(fields, 'a message is not ours; it stays in the stream and is passed over');
      message.term();
      this.#deliveries.done(delivery, true);
      return;
    }
    // This stream deletes what is done with: it is kept, and asked about again.
    this.log.warn(
      fields,
      'a message is not ours; it is left where it is and comes again (set dead_letter_subject)',
    );
    this.#later(delivery);
  }

  async #giveUp(delivery: Delivery, reason: string): Promise<void> {
    const { message } = delivery;
    const subject = this.#config.deadLetterSubject!;
    const fields = { ...place(message), subject, reason };
    try {
      const { session } = this.#connection;
      if (session === undefined) throw new Error('there is no connection');
      await buryMessage(session, subject, message, reason);
    } catch (error) {
      this.log.error(
        { ...fields, error: (error as Error).message },
        'a message is a dead letter, but no stream takes it; it comes again',
      );
      this.#later(delivery);
      return;
    }
    this.log.warn(fields, 'a message is given up; it is a dead letter now');
    this.#failures.dead++;
    delivery.message.term();
    this.#deliveries.done(delivery, true);
  }

  /** How much is left in the stream; what cannot be asked for stays as it was. */
  async #look(): Promise<void> {
    const { session } = this.#connection;
    if (session === undefined) return;
    try {
      const info = await session.jsm.consumers.info(this.#config.stream, this.#config.durable);
      this.#lag = { pending: info.num_pending, ackPending: info.num_ack_pending };
    } catch (error) {
      this.log.debug({ reason: (error as Error).message }, 'the consumer does not answer');
    }
  }
}

/** The events of a message, or why it is none of ours. */
function readMessage(message: JsMsg): { tag: string; stream: EventStream } | string {
  const facts = messageFacts(message.headers);
  if (facts === undefined) return 'it has no Sluice-Tag and Sluice-Events headers';
  let found;
  try {
    found = EventStream.scan(message.data);
  } catch (error) {
    return `its data are not packed events: ${(error as Error).message}`;
  }
  const { stream, invalid } = found;
  if (invalid > 0 || stream.count !== facts.events) {
    return `it says ${facts.events} events, and has ${stream.count} and ${invalid} that are none`;
  }
  const id = message.headers?.get(MESSAGE_ID);
  return { tag: facts.tag, stream: id === '' ? stream : stream.withChunkId(id) };
}

function place({ info }: JsMsg): { stream: string; sequence: number } {
  return { stream: info.stream, sequence: info.streamSequence };
}
