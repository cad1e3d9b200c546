import { EventStream, printable } from '@sluice/event-stream';
import { EntryCursor } from '@sluice/event-stream/packed';

/** Events of one stream that are looked at, the last ones. */
const most = 20;
/** Bytes of one stream that are remembered. */
const mostBytes = 64 * 1024;
/** Seconds that the chart shows. */
const kept = 60;

interface Remembered {
  readonly tag: string;
  readonly events: EventStream;
}

/**
 * Counts events, and remembers the last ones. However many come, it looks at few: those of a stream's
 * end are copied, and decoded when somebody wants to see them.
 */
export class RecentEvents {
  /** Since the start. */
  events = 0;
  /** Of packed events, since the start. */
  bytes = 0;
  readonly #limit: number;
  #last: Remembered[] = [];
  #seconds: { second: number; events: number }[] = [];

  /** @param limit how many events are remembered */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Takes the events of a stream. */
  add(tag: string, stream: EventStream): void {
    if (stream.count === 0) return;
    this.events += stream.count;
    this.bytes += stream.bytes.length;
    this.#count(stream.count);
    this.#last.push({ tag, events: endOf(stream) });
    // Streams have an event at least, so that there are never more of them than of events.
    if (this.#last.length > this.#limit) this.#last.shift();
  }

  /** Events of each of the last seconds, the one that goes on last. */
  history(now = Date.now()): number[] {
    const current = Math.floor(now / 1000);
    const counts = new Map(this.#seconds.map(({ second, events }) => [second, events]));
    const first = this.#seconds.at(0)?.second ?? current;
    const start = Math.max(first, current - kept + 1);
    return Array.from({ length: current - start + 1 }, (_, n) => counts.get(start + n) ?? 0);
  }

  /** The last events as lines of time, tag and JSON, the latest last, and forgets them if `take`. */
  lines({ take = false } = {}): string[] {
    const lines = this.#last.flatMap(({ tag, events }) => eventLines(tag, events));
    if (take) this.#last = [];
    return lines.slice(-this.#limit);
  }

  #count(events: number): void {
    const second = Math.floor(Date.now() / 1000);
    const last = this.#seconds.at(-1);
    if (last?.second === second) last.events += events;
    else this.#seconds.push({ second, events });
    if (this.#seconds.length > kept) this.#seconds.shift();
  }
}

/** A copy of a stream's last events. */
function endOf(stream: EventStream): EventStream {
  const starts: number[] = [];
  const entry = new EntryCursor(stream.bytes);
  while (entry.next()) {
    starts.push(entry.start);
    if (starts.length > most) starts.shift();
  }
  const { bytes } = stream;
  const from = starts.findIndex((start) => bytes.length - start <= mostBytes);
  if (from < 0) return EventStream.empty;
  const end = Buffer.from(bytes.subarray(starts[from]));
  return EventStream.fromScanned(end, starts.length - from);
}

function eventLines(tag: string, events: EventStream): string[] {
  if (events.count === 0) return [`${printable(tag, 100)}: an event of more than 64 kB`];
  const records = events.toJsonLines().toString().trimEnd().split('\n');
  return [...events].map(({ time }, index) => {
    const at = new Date(time.seconds * 1000).toISOString().slice(0, 19).replace('T', ' ');
    return `${at} ${printable(tag, 100)}: ${printable(records[index], 2000)}`;
  });
}
