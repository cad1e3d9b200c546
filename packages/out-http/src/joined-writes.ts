import { EventStream } from '@sluice/event-stream';

interface Group {
  readonly streams: EventStream[];
  bytes: number;
  readonly done: Promise<void>;
}

/** Streams of one tag that wait are joined up to this size, in bytes. */
const groupBytes = 1024 * 1024;

/**
 * Without a buffer: one request for each tag is under way at a time, and what comes meanwhile goes
 * into the next one together. Streams keep their order.
 */
export class JoinedWrites {
  readonly #send: (tag: string, stream: EventStream) => Promise<void>;
  /** By tag, the group that still takes streams. */
  readonly #waiting = new Map<string, Group>();
  /** By tag, the end of the last group. */
  readonly #last = new Map<string, Promise<void>>();

  constructor(send: (tag: string, stream: EventStream) => Promise<void>) {
    this.#send = send;
  }

  /** The stream's bytes are looked at until what this returns has settled. */
  write(tag: string, stream: EventStream): Promise<void> {
    const waiting = this.#waiting.get(tag);
    if (waiting !== undefined && waiting.bytes + stream.bytes.length <= groupBytes) {
      waiting.streams.push(stream);
      waiting.bytes += stream.bytes.length;
      return waiting.done;
    }
    const before = this.#last.get(tag) ?? Promise.resolve();
    const streams = [stream];
    const group: Group = {
      streams,
      bytes: stream.bytes.length,
      done: this.#run(tag, streams, before),
    };
    this.#waiting.set(tag, group);
    const end = group.done.catch(() => undefined);
    this.#last.set(tag, end);
    void end.then(() => {
      if (this.#last.get(tag) === end) this.#last.delete(tag);
    });
    return group.done;
  }

  async #run(tag: string, streams: EventStream[], before: Promise<void>): Promise<void> {
    await before;
    // A later group may be waiting already, where this one was full.
    if (this.#waiting.get(tag)?.streams === streams) this.#waiting.delete(tag);
    const [first] = streams;
    if (streams.length === 1) return this.#send(tag, first);
    const bytes = Buffer.concat(streams.map((stream) => stream.bytes));
    const count = streams.reduce((sum, stream) => sum + stream.count, 0);
    return this.#send(tag, EventStream.fromScanned(bytes, count));
  }
}
