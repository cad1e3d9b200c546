/**
 * To be thrown by an output whose destination will never take these events, however often they are
 * written: a `<buffer>` gives the chunk up at once instead of trying again. Fluentd:
 * `UnrecoverableError`.
 */
export class UnrecoverableError extends Error {
  /** For programs: it stays where the text of the message changes. */
  readonly code = 'ERR_SLUICE_UNRECOVERABLE';
  /** What a stack trace begins with. */
  override readonly name = 'UnrecoverableError';
}

/** Whether an error is one, whichever copy of this package made it. */
export function isUnrecoverable(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_SLUICE_UNRECOVERABLE';
}
