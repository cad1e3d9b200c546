import { EventStream } from '@sluice/event-stream';

/** Events of one tag in memory. */
export class BufferChunk {
  readonly since = performance.now();
  bytes = 0;
  events = 0;
  /** Failed attempts to write it. */
  failures = 0;
  /** When the first attempt failed. */
  failingSince: number | undefined;
  /** Not to be tried before. */
  notBefore = 0;
  readonly #parts: Buffer[] = [];
  #stream: EventStream | undefined;

  constructor(readonly tag: string) {}

  add(stream: EventStream): void {
    this.#parts.push(Buffer.from(stream.bytes)); // the stream's bytes are not ours for long
    this.bytes += stream.bytes.length;
    this.events += stream.count;
  }

  /** All of its events; nothing may be added afterwards. */
  get stream(): EventStream {
    this.#stream ??= EventStream.fromScanned(
      this.#parts.length === 1 ? this.#parts[0] : Buffer.concat(this.#parts),
      this.events,
    );
    this.#parts.length = 0;
    return this.#stream;
  }
}
