/** Thrown when the buffer is full. Fluentd: `BufferOverflowError`. */
export class BufferOverflowError extends Error {
  /** What a stack trace begins with. */
  override readonly name = 'BufferOverflowError';
  /** For programs: it stays where the text of the message changes. */
  readonly code = 'ERR_SLUICE_BUFFER_OVERFLOW';

  constructor(
    /** Id of the output whose buffer it is. */
    readonly plugin: string,
    /** `total_limit_size`, bytes. */
    readonly limit: number,
  ) {
    super(`${plugin}: the buffer is full, total_limit_size ${limit} bytes`);
  }
}

/** Thrown for events that come after the buffer has been shut down. */
export class BufferClosedError extends Error {
  /** What a stack trace begins with. */
  override readonly name = 'BufferClosedError';
  /** For programs: it stays where the text of the message changes. */
  readonly code = 'ERR_SLUICE_BUFFER_CLOSED';

  constructor(
    /** Id of the output whose buffer it is. */
    readonly plugin: string,
  ) {
    super(`${plugin}: the buffer is shut down`);
  }
}
