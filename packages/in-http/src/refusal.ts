/** A request that is not taken, with the answer for its client. */
export class RequestRefusal extends Error {
  override readonly name = 'RequestRefusal';
  readonly code = 'ERR_SLUICE_HTTP_REFUSED';

  constructor(
    /** The status of the answer. */
    readonly status: number,
    /** The text of the answer, below its status. */
    readonly reason: string,
    /** Further headers of the answer. */
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(reason);
  }
}

/** Seconds after which a client is asked to come again. */
const retryAfter = '1';

/** The answer for a client that has done nothing wrong: the events may be sent again. */
export function busy(reason: string): RequestRefusal {
  return new RequestRefusal(503, reason, { 'Retry-After': retryAfter });
}
