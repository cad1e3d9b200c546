/** Thrown when the buffer is full. Fluentd: `BufferOverflowError`. */
export class BufferOverflowError extends Error {
  override readonly name = 'BufferOverflowError';
  readonly code = 'ERR_SLUICE_BUFFER_OVERFLOW';

  constructor(
    readonly plugin: string,
    /** `total_limit_size`, bytes. */
    readonly limit: number,
  ) {
    super(`${plugin}: the buffer is full, total_limit_size ${limit} bytes`);
  }
}

/** Thrown for events that come after the buffer has been shut down. */
export class BufferClosedError extends Error {
  override readonly name = 'BufferClosedError';
  readonly code = 'ERR_SLUICE_BUFFER_CLOSED';

  constructor(readonly plugin: string) {
    super(`${plugin}: the buffer is shut down`);
  }
}
