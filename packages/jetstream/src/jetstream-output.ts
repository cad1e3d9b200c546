import type { EventStream } from '@sluice/event-stream';
import {
  allKept,
  KEPT,
  Output,
  type Keeping,
  type PluginContext,
  type PluginStatistics,
} from '@sluice/plugin';
import { Connection, type Session } from './connection.js';
import { JetStreamPluginError } from './errors.js';
import { MessageIds } from './message-id.js';
import type { JetStreamOutputConfig } from './output-section.js';
import { Publisher } from './publisher.js';
import { splitAtEntries } from './split.js';
import { setUpStream } from './stream-setup.js';
import { SubjectTemplate } from './subject.js';

/** What the headers of a message have besides the tag, generously. `max_payload` is with headers. */
const HEADERS = 512;
const USUAL_MAX_PAYLOAD = 1024 * 1024;

/** The output `jetstream`: each stream of events is one message, or several where it is too large. */
export class JetStreamOutput extends Output {
  readonly #config: JetStreamOutputConfig;
  readonly #subjects: SubjectTemplate;
  readonly #ids = new MessageIds();
  readonly #publisher: Publisher;
  readonly #connection: Connection;
  #maxPayload = USUAL_MAX_PAYLOAD;
  #bytes = 0;
  #overflowing = false;
  #counts = { events: 0, refused: 0, split: 0 };

  constructor(context: PluginContext, config: JetStreamOutputConfig) {
    super(context);
    this.#config = config;
    this.#subjects = new SubjectTemplate(config.subject);
    this.#publisher = new Publisher(
      {
        stream: config.stream,
        window: config.publishWindow,
        publishTimeout: config.publishTimeout * 1000,
        retryTimeout: config.retryTimeout * 1000,
      },
      this.log,
      () => void this.#connection.probe(),
    );
    this.#connection = new Connection(config, context, {
      prepare: (session) => setUpStream(session, config, this.#subjects.pattern, this.log),
      ready: (session) => this.#ready(session),
      lost: () => this.#publisher.disconnected(),
    });
  }

  override start(): Promise<void> {
    return this.#connection.start();
  }

  /**
   * Publishes the events.
   *
   * @returns a promise that resolves when the stream has acknowledged them, all of its replicas that
   *   JetStream asks for; it rejects with {@link JetStreamPluginError} when the stream refuses them,
   *   or no acknowledgement came within `retry_timeout`
   */
  write(tag: string, stream: EventStream): Keeping {
    if (stream.count === 0) return KEPT;
    const size = stream.bytes.length;
    const limit = this.#config.queueLimitSize;
    if (this.#bytes > 0 && this.#bytes + size > limit) return Promise.reject(this.#overflow());
    this.#overflowing = false;
    return this.#publish(tag, stream);
  }

  async #publish(tag: string, stream: EventStream): Promise<void> {
    const { length } = stream.bytes;
    this.#bytes += length;
    try {
      const subject = this.#subjects.for(tag);
      const id = this.#ids.for(tag, subject, stream);
      // A character of a tag is three bytes of a header at most, each byte of its UTF-8 being escaped.
      const room = this.#maxPayload - HEADERS - 3 * Buffer.byteLength(tag);
      const parts = splitAtEntries(stream, room);
      if (parts.length === 1) {
        const { bytes, count: events } = stream;
        await this.#publisher.publish({ subject, tag, bytes, events, id });
      } else {
        this.#counts.split++;
        // The place of a part names it: after a retry the same part is the same message.
        await allKept(
          parts.map(({ bytes, events, from }) =>
            this.#publisher.publish({
              ...{ subject, tag, bytes, events },
              id: `${id}-${from}+${bytes.length}`,
            }),
          ),
        );
      }
      this.#counts.events += stream.count;
    } catch (error) {
      this.#counts.refused += stream.count;
      const reason = (error as Error).message;
      this.log.warn({ tag, events: stream.count, reason }, 'events are not published');
      throw error;
    } finally {
      this.#bytes -= length;
    }
  }

  override statistics(): PluginStatistics {
    const { published, duplicates, retried, seconds } = this.#publisher.counts;
    const { worst } = this.#publisher;
    return {
      queue: {
        bytes: this.#bytes,
        limit: this.#config.queueLimitSize,
        chunks: this.#publisher.waiting,
      },
      ...(worst !== undefined && {
        retry: {
          steps: worst.attempts,
          start: (performance.timeOrigin + worst.since) / 1000,
          ...(worst.lastError !== undefined && { reason: worst.lastError.message }),
        },
      }),
      counters: {
        events: this.#counts.events,
        refused_events: this.#counts.refused,
        published_messages: published,
        duplicate_messages: duplicates,
        retried_messages: retried,
        split_chunks: this.#counts.split,
        publish_seconds: seconds,
        reconnects: this.#connection.reconnects,
      },
      gauges: {
        messages_under_way: this.#publisher.underWay,
        publish_latency_seconds: this.#publisher.latency,
      },
      servers: this.#connection.statistics(),
    };
  }

  override async close(): Promise<void> {
    this.#publisher.close();
    await this.#connection.close();
  }

  #ready(session: Session): void {
    this.#maxPayload = session.nc.info?.max_payload ?? USUAL_MAX_PAYLOAD;
    this.#publisher.connected(session);
  }

  #overflow(): JetStreamPluginError {
    const limit = this.#config.queueLimitSize;
    const message = `more than queue_limit_size ${limit} bytes wait to be published`;
    if (!this.#overflowing) this.log.warn({ bytes: this.#bytes }, message);
    this.#overflowing = true;
    return new JetStreamPluginError('ERR_SLUICE_JETSTREAM_OVERFLOW', message);
  }
}
