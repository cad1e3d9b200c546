/** Remembers the newest `limit` strings: enough to say a thing once without growing for ever. */
export class BoundedSet {
  readonly #values = new Set<string>();

  constructor(readonly limit: number) {}

  /** @returns whether the value was new */
  add(value: string): boolean {
    if (this.#values.has(value)) return false;
    if (this.#values.size >= this.limit) {
      const oldest = this.#values.values().next();
      if (!oldest.done) this.#values.delete(oldest.value);
    }
    this.#values.add(value);
    return true;
  }
}
