import type { EventStream } from '@sluice/event-stream';
import { Chunk } from '@sluice/forward-client';

/** Chunks that wait for a server, in their order; those that came back go before the others. */
export class WaitingChunks {
  readonly #new = new Set<Chunk>();
  readonly #again = new Set<Chunk>();
  /** The chunk of each tag that still takes streams. */
  readonly #open = new Map<string, Chunk>();

  /** @param limit bytes up to which streams of one tag are joined */
  constructor(private readonly limit: number) {}

  get size(): number {
    return this.#new.size + this.#again.size;
  }

  get empty(): boolean {
    return this.size === 0;
  }

  /**
   * Joins a stream to the waiting chunk of its tag, or makes a chunk for it.
   *
   * @param id the chunk's id, which no other stream shares. Default: random, and it may be joined
   */
  add(tag: string, stream: EventStream, id: string | undefined): Chunk {
    let chunk = id === undefined ? this.#open.get(tag) : undefined;
    if (chunk === undefined || chunk.bytes + stream.bytes.length > this.limit) {
      chunk = new Chunk(tag, id);
      this.#new.add(chunk);
      // What comes later goes into a chunk after this one: the order of a tag is kept.
      if (id === undefined) this.#open.set(tag, chunk);
      else this.#open.delete(tag);
    }
    chunk.add(stream);
    return chunk;
  }

  /** The next one; only where it is not empty. */
  take(): Chunk {
    const [chunk] = this.#again.size > 0 ? this.#again : this.#new;
    this.remove(chunk);
    return chunk;
  }

  /** One that was taken waits again. */
  takeBack(chunk: Chunk): void {
    this.#again.add(chunk);
  }

  remove(chunk: Chunk): void {
    this.#again.delete(chunk);
    this.#new.delete(chunk);
    if (this.#open.get(chunk.tag) === chunk) this.#open.delete(chunk.tag);
  }

  all(): Chunk[] {
    return [...this.#again, ...this.#new];
  }

  /** The one that has been sent most often without success. */
  mostAttempts(): Chunk | undefined {
    let worst: Chunk | undefined;
    for (const chunk of this.#again) {
      if (chunk.attempts > (worst?.attempts ?? 0)) worst = chunk;
    }
    return worst;
  }
}
