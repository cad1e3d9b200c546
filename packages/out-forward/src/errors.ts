/** Why a server or a chunk was given up. */
export type ForwardOutputErrorCode =
  /** No server has taken a chunk within `retry_timeout`. */
  | 'ERR_SLUICE_FORWARD_UNAVAILABLE'
  /** More than `queue_limit_size` waits. */
  | 'ERR_SLUICE_FORWARD_OVERFLOW'
  /** A server did not connect, take bytes or acknowledge in time. */
  | 'ERR_SLUICE_FORWARD_TIMEOUT'
  /** A server closed the connection while something was under way. */
  | 'ERR_SLUICE_FORWARD_CLOSED'
  /** The certificate of a server is refused. */
  | 'ERR_SLUICE_FORWARD_CERTIFICATE'
  /** A server sent what it should not have sent. */
  | 'ERR_SLUICE_FORWARD_PEER'
  /** The output has been closed. */
  | 'ERR_SLUICE_FORWARD_STOPPED';

/** Events that were not sent on, or a server that cannot be used. */
export class ForwardOutputError extends Error {
  override readonly name = 'ForwardOutputError';

  constructor(
    readonly code: ForwardOutputErrorCode,
    message: string,
    /** `host:port` of the server, where it is about one. */
    readonly peer?: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
