/** Why events were not sent on. */
export type ForwardOutputErrorCode =
  /** No server has taken a chunk within `retry_timeout`, or behind a buffer: none is available. */
  | 'ERR_SLUICE_FORWARD_UNAVAILABLE'
  /** More than `queue_limit_size` waits. */
  | 'ERR_SLUICE_FORWARD_OVERFLOW'
  /** The output has been closed, or has not been started. */
  | 'ERR_SLUICE_FORWARD_STOPPED';

/** Events that were not sent on. What is wrong with a server is a `ForwardClientError`. */
export class ForwardOutputError extends Error {
  /** What a stack trace begins with. */
  override readonly name = 'ForwardOutputError';

  constructor(
    /** For programs: it stays where the text of the message changes. */
    readonly code: ForwardOutputErrorCode,
    message: string,
  ) {
    super(message);
  }
}
