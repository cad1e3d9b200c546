import type { EventStream } from '@sluice/event-stream';
import { checkKeeping, KEPT, type Keeping, type StoredChunk } from '@sluice/plugin';

/** What the buffer knows of one chunk. Times are milliseconds of the clock's `elapsed`. */
export class HeldChunk {
  /** Bytes and events, those that are being appended included. */
  bytes: number;
  events: number;
  /** Attempts to write it, those that hang and count no longer among them. */
  attempts = 0;
  /** Failed attempts to write it. */
  failures = 0;
  /** When the first attempt failed. */
  failingSince = 0;
  /** Not to be tried before. */
  notBefore = 0;
  /** Why the last attempt failed. */
  reason = '';
  /** It goes to `<secondary>` from now on. */
  secondary = false;
  /** The buffer no longer holds it. */
  gone = false;
  #sealed: boolean;
  #appending = 0;
  #settled: (() => void) | undefined;

  /**
   * @param key what its events have in common
   * @param since when it was begun
   * @param storeId names the store in errors
   * @param sealed it is of an earlier process
   */
  constructor(
    readonly stored: StoredChunk,
    readonly key: string,
    readonly since: number,
    readonly storeId: string,
    sealed = false,
  ) {
    this.#sealed = sealed;
    this.bytes = stored.bytes;
    this.events = stored.events;
  }

  get tag(): string {
    return this.stored.metadata.tag;
  }

  /** Adds events. Sizes are those of the appends that have not failed. */
  append(stream: EventStream): Keeping {
    const size = stream.bytes.length;
    const kept = checkKeeping(this.stored.append(stream), this.storeId, 'append');
    this.bytes += size;
    this.events += stream.count;
    if (kept === KEPT) return KEPT;
    this.#appending += 1;
    kept.then(
      () => this.#left(),
      () => {
        this.bytes -= size;
        this.events -= stream.count;
        this.#left();
      },
    );
    return kept;
  }

  /** Whether an append has not settled yet. */
  get appending(): boolean {
    return this.#appending > 0;
  }

  /** Waits for the appends that are under way, and takes no more. @throws what the store throws */
  async seal(): Promise<void> {
    if (this.#appending > 0) await new Promise<void>((resolve) => (this.#settled = resolve));
    if (this.#sealed) return;
    await this.stored.seal();
    this.#sealed = true;
  }

  #left(): void {
    this.#appending -= 1;
    if (this.#appending === 0) this.#settled?.();
  }
}
