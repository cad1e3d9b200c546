import type { ForwardMessage, ForwardMode } from '@sluice/forward-protocol';
import type { PluginStatistics, Statistic } from '@sluice/plugin';

/** What was received: counts since the start. */
export interface ForwardCount {
  messages: number;
  events: number;
  /** Bytes on the wire. */
  bytes: number;
}

/** A snapshot of what an input has done. */
export interface ForwardStatistics {
  modes: Record<ForwardMode, ForwardCount>;
  /**
   * By the first part of the tag as it goes on, `app` of `app.access`. At most 1,000 of them; all
   * others are counted under `*`.
   */
  tagPrefixes: Record<string, ForwardCount>;
  /** Acks sent. */
  acks: number;
  /** TCP heartbeats (a bare nil) and UDP heartbeats. */
  heartbeats: number;
  /** Entries left out because they are no events. */
  invalidEvents: number;
  /** Messages that were dropped without an ack, by reason. */
  refusedMessages: Record<string, number>;
  /** Connections that were closed because of what their peer sent or did not send, by reason. */
  closedConnections: Record<string, number>;
  /** Messages that an output did not keep; they were not acknowledged. */
  notKept: number;
  /** Bytes of messages that were handed on and are not kept yet, of all connections. */
  inFlightBytes: number;
  /** Bytes of messages that have come in part, of all connections. */
  unfinishedBytes: number;
}

const MOST_PREFIXES = 1000;
const MOST_TAGS = 4096;

interface TagEntry {
  tag: string;
  count: ForwardCount;
}

/** Counts what comes in, and knows the tag under which each message goes on. */
export class Statistics {
  acks = 0;
  heartbeats = 0;
  invalidEvents = 0;
  notKept = 0;
  unfinishedBytes = 0;
  readonly #modes: Record<ForwardMode, ForwardCount> = {
    message: zero(),
    forward: zero(),
    packed_forward: zero(),
    compressed_packed_forward: zero(),
  };
  readonly #prefixes = new Map<string, ForwardCount>();
  readonly #tags = new Map<string, TagEntry>();
  readonly #refused = new Map<string, number>();
  readonly #closed = new Map<string, number>();

  constructor(private readonly change: (tag: string) => string) {}

  /** Counts a message and gives the tag under which it goes on. */
  message(message: ForwardMessage): string {
    let entry = this.#tags.get(message.tag);
    if (entry === undefined) {
      const tag = this.change(message.tag);
      entry = { tag, count: this.#prefix(tag) };
      // Tags come from peers: they must not fill the memory.
      if (this.#tags.size >= MOST_TAGS) this.#tags.clear();
      this.#tags.set(message.tag, entry);
    }
    const events = message.stream.count;
    add(entry.count, events, message.size);
    add(this.#modes[message.mode], events, message.size);
    this.invalidEvents += message.invalid;
    return entry.tag;
  }

  refused(reason: string): void {
    this.#refused.set(reason, (this.#refused.get(reason) ?? 0) + 1);
  }

  closed(reason: string): void {
    this.#closed.set(reason, (this.#closed.get(reason) ?? 0) + 1);
  }

  snapshot(inFlightBytes: number): ForwardStatistics {
    const { acks, heartbeats, invalidEvents, notKept, unfinishedBytes } = this;
    return {
      modes: structuredClone(this.#modes),
      tagPrefixes: structuredClone(Object.fromEntries(this.#prefixes)),
      acks,
      heartbeats,
      invalidEvents,
      refusedMessages: Object.fromEntries(this.#refused),
      closedConnections: Object.fromEntries(this.#closed),
      notKept,
      inFlightBytes,
      unfinishedBytes,
    };
  }

  #prefix(tag: string): ForwardCount {
    const dot = tag.indexOf('.');
    let prefix = dot < 0 ? tag : tag.slice(0, dot);
    if (!this.#prefixes.has(prefix) && this.#prefixes.size >= MOST_PREFIXES) prefix = '*';
    let count = this.#prefixes.get(prefix);
    if (count === undefined) this.#prefixes.set(prefix, (count = zero()));
    return count;
  }
}

function zero(): ForwardCount {
  return { messages: 0, events: 0, bytes: 0 };
}

function add(count: ForwardCount, events: number, bytes: number): void {
  count.messages++;
  count.events += events;
  count.bytes += bytes;
}

/** The same in the shape that every plugin's statistics have. */
export function pluginStatistics(received: ForwardStatistics): PluginStatistics {
  return {
    counters: {
      ...counts('', 'mode', received.modes),
      ...counts('tag_', 'tag_prefix', received.tagPrefixes),
      acks: received.acks,
      heartbeats: received.heartbeats,
      invalid_events: received.invalidEvents,
      not_kept: received.notKept,
      refused_messages: { label: 'reason', values: received.refusedMessages },
      closed_connections: { label: 'reason', values: received.closedConnections },
    },
    gauges: { in_flight_bytes: received.inFlightBytes, unfinished_bytes: received.unfinishedBytes },
  };
}

function counts(
  by: string,
  label: string,
  table: Record<string, ForwardCount>,
): Record<string, Statistic> {
  const of = (what: keyof ForwardCount): Statistic => ({
    label,
    values: Object.fromEntries(Object.entries(table).map(([key, count]) => [key, count[what]])),
  });
  return {
    [`${by}messages`]: of('messages'),
    [`${by}events`]: of('events'),
    [`${by}bytes`]: of('bytes'),
  };
}
