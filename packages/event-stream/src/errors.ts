/** What can be wrong with the bytes of an event stream. */
export type EventStreamErrorCode =
  'ERR_SLUICE_MSGPACK_TRUNCATED' | 'ERR_SLUICE_MSGPACK_MALFORMED' | 'ERR_SLUICE_EVENT_INVALID';

/** Bytes that are not an event stream: cut short, not MessagePack, or entries of another shape. */
export class EventStreamError extends Error {
  /** What a stack trace begins with. */
  override readonly name = 'EventStreamError';

  constructor(
    /** For programs: it stays where the text of the message changes. */
    readonly code: EventStreamErrorCode,
    message: string,
    /** Where in the given bytes the fault lies. */
    readonly offset?: number,
  ) {
    super(offset === undefined ? message : `${message} (at byte ${offset})`);
  }
}
