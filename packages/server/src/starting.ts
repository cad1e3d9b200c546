import { asError } from './errors.js';

/**
 * A promise that knows whether anybody has asked for its outcome. One that nobody asks for ends no
 * process by an unhandled rejection.
 * @internal
 */
export class WatchedPromise<T> extends Promise<T> {
  #onAsked: (() => void) | undefined;
  #asked = false;

  /** What `then` and `await` make of it are ordinary promises. */
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  static of<T>(promise: Promise<T>): WatchedPromise<T> {
    const watched = new WatchedPromise<T>((resolve, reject) => {
      promise.then(resolve, reject);
    });
    void Promise.prototype.then.call(watched, undefined, () => undefined);
    return watched;
  }

  get asked(): boolean {
    return this.#asked;
  }

  /** Called when somebody asks after all. */
  onAsked(callback: () => void): void {
    this.#onAsked = callback;
  }

  override then<A = T, B = never>(
    fulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    rejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.#asked = true;
    this.#onAsked?.();
    return super.then(fulfilled, rejected);
  }
}

/** A server that did not start. */
interface Failure {
  readonly title: string;
  readonly error: Error;
}

/**
 * Servers that are starting, and the failures that nobody has seen: a `create` without `await` in a
 * plugin's `start` must fail that start, and later ones must reach the log.
 * @internal
 */
export class Starting {
  readonly #titles = new Set<string>();
  readonly #pending = new Set<Promise<void>>();
  readonly #failures = new Set<Failure>();
  readonly #log: (failure: Failure) => void;
  #waiters = 0;
  /** The start has been waited for: nobody looks at failures that come now but the log. */
  #over = false;

  constructor(log: (failure: Failure) => void) {
    this.#log = log;
  }

  has(title: string): boolean {
    return this.#titles.has(title);
  }

  /** Keeps an eye on a start; what it returns goes to the caller of `create`. */
  watch<T>(title: string, start: Promise<T>): Promise<T> {
    this.#titles.add(title);
    const ended = start.finally(() => this.#titles.delete(title));
    const watched = WatchedPromise.of(ended);
    const pending = this.#follow(title, ended, watched);
    this.#pending.add(pending);
    void pending.then(() => this.#pending.delete(pending));
    return watched;
  }

  /** Waits until nothing is starting. Never rejects. */
  async settled(): Promise<void> {
    while (this.#pending.size > 0) await Promise.all(this.#pending);
  }

  /** As `settled`, and rejects with the first failure that nobody has seen. */
  async outcome(): Promise<void> {
    this.#waiters += 1;
    await this.settled();
    this.#waiters -= 1;
    this.#over = true;
    const failures = [...this.#failures];
    this.#failures.clear();
    const first = failures.shift();
    for (const failure of failures) this.#log(failure);
    if (first !== undefined) throw first.error;
  }

  async #follow(
    title: string,
    start: Promise<unknown>,
    watched: WatchedPromise<unknown>,
  ): Promise<void> {
    try {
      await start;
    } catch (error) {
      // A caller that awaits has asked some turns of the microtask queue after its call.
      await new Promise((resolve) => setImmediate(resolve));
      if (!watched.asked) this.#failed(watched, { title, error: asError(error) });
    }
  }

  #failed(watched: WatchedPromise<unknown>, failure: Failure): void {
    // Told at once where nobody waits for the start; a later waitUntilStart() rejects with it, too.
    const awaited = this.#waiters > 0;
    if (!awaited) this.#log(failure);
    if (!awaited && this.#over) return;
    this.#failures.add(failure);
    watched.onAsked(() => this.#failures.delete(failure));
  }
}
