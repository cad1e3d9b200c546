/** The server did not take the events, but may do so later: they are sent again. */
export class HttpOutputError extends Error {
  override readonly name = 'HttpOutputError';

  constructor(
    readonly code: 'ERR_SLUICE_HTTP_RESPONSE' | 'ERR_SLUICE_HTTP_UNREACHABLE',
    message: string,
    /** Where the events were sent to. */
    readonly endpoint: string,
    /** The status of the answer; undefined where there was none. */
    readonly status?: number,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
