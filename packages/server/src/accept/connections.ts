import type { ConnectionState } from '../connection/state.js';

/** The connections of one server that are open. @internal */
export class Connections implements Iterable<ConnectionState> {
  readonly #all = new Set<ConnectionState>();
  #whenEmpty: (() => void) | undefined;

  get size(): number {
    return this.#all.size;
  }

  add(connection: ConnectionState): void {
    this.#all.add(connection);
  }

  /** False where it is not among them. */
  delete(connection: ConnectionState): boolean {
    const deleted = this.#all.delete(connection);
    if (this.#all.size === 0) this.#whenEmpty?.();
    return deleted;
  }

  /** Resolves when the last one is gone. */
  empty(): Promise<void> {
    if (this.#all.size === 0) return Promise.resolve();
    return new Promise((resolve) => (this.#whenEmpty = resolve));
  }

  [Symbol.iterator](): Iterator<ConnectionState> {
    return this.#all.values();
  }
}
