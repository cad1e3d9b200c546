import type { ForwardMessage, ForwardMode } from '@sluice/forward-protocol';
import type { PluginStatistics, Statistic } from '@sluice/plugin';

/** What was received: counts since the start. */
export interface ForwardCount {
  /** Messages of the protocol, each of which holds one event or many. */
  messages: number;
  /** Events in them, without invalid ones. */
  events: number;
  /** Bytes on the wire. */
  bytes: number;
}

/** A snapshot of what an input has done. */
export interface ForwardStatistics {
  /** By the shape in which they came. */
  modes: Record<ForwardMode, ForwardCount>;
  /**
   * By the first part of the tag as it goes on, `app` of `app.access`. At most 1,000 of them, of at
   * most 128 characters; all others are counted under `*`.
   */
  tagPrefixes: Record<string, ForwardCount>;
  /** Acks sent. */
  acks: number;
  /** TCP heartbeats (a bare nil) and UDP heartbeats. */
  heartbeats: number;
  /** Entries left out because they are not events. */
  invalidEvents: number;
  /** Messages that were dropped without an ack, by reason. */
  refusedMessages: Record<string, number>;
  /** Connections that were closed because of what their peer sent or did not send, by reason. */
  closedConnections: Record<string, number>;
  /** Messages that an output did not keep; they were not acknowledged. */
  notKept: number;
  /** Bytes of messages that were handed on and are not kept yet, of all connections. */
  inFlightBytes: number;
  /** Bytes that messages hold, or have claimed, that have come in part, of all connections. */
  unfinishedBytes: number;
  /** Bytes that payloads which are being inflated may take. */
  inflatingBytes: number;
  /** How often a connection was not read for a while, by reason. */
  waits: Record<WaitReason, number>;
  /** Warnings that were left out, so that the log stays short. */
  suppressedWarnings: number;
}

/** Why a connection was not read for a while. */
export type WaitReason =
  /** Its messages, or those of all, were not kept yet: `in_flight_limit`, `total_in_flight_limit`. */
  | 'in_flight'
  /** A large message waited for its turn. */
  | 'unfinished'
  /** A payload waited for its turn to be inflated. */
  | 'inflating'
  /** The peer did not read its acks. */
  | 'unread_acks';

/** What is known outside of {@link Statistics}. */
export type Gauges = Pick<
  ForwardStatistics,
  'inFlightBytes' | 'unfinishedBytes' | 'inflatingBytes' | 'suppressedWarnings'
> & { waits: Pick<ForwardStatistics['waits'], 'unfinished' | 'inflating'> };

const MOST_PREFIXES = 1000;
const LONGEST_PREFIX = 128;
const MOST_TAGS = 4096;
// Longer tags, which a larger tag_size_limit lets in, are looked up anew each time.
const LONGEST_TAG = 1024;

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
  readonly waits = { in_flight: 0, unread_acks: 0 };
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
      if (message.tag.length <= LONGEST_TAG) this.#tags.set(message.tag, entry);
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

  snapshot({ waits, ...gauges }: Gauges): ForwardStatistics {
    const { acks, heartbeats, invalidEvents, notKept } = this;
    return {
      modes: structuredClone(this.#modes),
      tagPrefixes: structuredClone(Object.fromEntries(this.#prefixes)),
      acks,
      heartbeats,
      invalidEvents,
      refusedMessages: Object.fromEntries(this.#refused),
      closedConnections: Object.fromEntries(this.#closed),
      notKept,
      ...gauges,
      waits: { ...this.waits, ...waits },
    };
  }

  #prefix(tag: string): ForwardCount {
    const dot = tag.indexOf('.');
    let prefix = dot < 0 ? tag : tag.slice(0, dot);
    if (prefix.length > LONGEST_PREFIX) prefix = '*';
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
      waits: { label: 'reason', values: received.waits },
      suppressed_warnings: received.suppressedWarnings,
    },
    gauges: {
      in_flight_bytes: received.inFlightBytes,
      unfinished_bytes: received.unfinishedBytes,
      inflating_bytes: received.inflatingBytes,
    },
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
