/** The type of {@link KEPT}. */
export type Kept = 'kept';

/**
 * What `emit` and `write` return when the events are kept already: nothing has to be awaited.
 *
 * It is a word rather than a symbol: a plugin with a copy of this package of its own returns the same
 * value, and `() => KEPT` keeps its type.
 */
export const KEPT: Kept = 'kept';

/**
 * Whether events are kept: {@link KEPT} when they are, or a promise that resolves when they are and
 * rejects when they cannot be. An `async` method returns the latter without further ado; a method
 * that returns nothing does not type-check.
 */
export type Keeping = Kept | Promise<void>;

/** Thrown when a plugin returned neither {@link KEPT} nor a promise: nothing is acknowledged then. */
export class NotAPromiseError extends Error {
  /** For programs: it stays where the text of the message changes. */
  readonly code = 'ERR_SLUICE_NOT_A_PROMISE';
  /** What a stack trace begins with. */
  override readonly name = 'NotAPromiseError';

  constructor(
    /** The id of the plugin. */
    readonly plugin: string,
    /** The method that was called: `write` or `emit`. */
    readonly method: string,
    /** What it returned. */
    readonly returned: unknown,
  ) {
    const got = returned === null ? 'null' : typeof returned;
    super(
      `plugin ${plugin}: ${method} must return KEPT or a promise, but returned ${got}. ` +
        `Return KEPT when the events are kept already, or make ${method} async`,
    );
  }
}

/**
 * Checks what a plugin's method returned.
 *
 * @throws {@link NotAPromiseError} for anything but {@link KEPT} and a promise
 */
export function checkKeeping(kept: unknown, plugin: string, method: string): Keeping {
  if (kept === KEPT) return KEPT;
  const promise = kept as Promise<void> | null | undefined;
  if (typeof promise?.then === 'function') return promise;
  throw new NotAPromiseError(plugin, method, kept);
}

/**
 * Waits for all, so that nothing still reads the bytes of a stream when the first error is reported.
 *
 * @throws the first error, after all have settled
 */
export async function allKept(pending: readonly Promise<void>[]): Promise<void> {
  for (const result of await Promise.allSettled(pending)) {
    if (result.status === 'rejected') throw result.reason;
  }
}
