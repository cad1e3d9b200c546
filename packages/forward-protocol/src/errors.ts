/** Why bytes of a peer were refused. */
export type ForwardProtocolErrorCode =
  /** The bytes are not MessagePack, or not JSON where the connection speaks JSON. */
  | 'ERR_SLUICE_FORWARD_MALFORMED'
  /** A value that is not a message of the protocol: not an array, or too short. */
  | 'ERR_SLUICE_FORWARD_NOT_A_MESSAGE'
  /** Packed entries that end within an entry or are not MessagePack. */
  | 'ERR_SLUICE_FORWARD_BROKEN_ENTRIES'
  /** JSON where only MessagePack is allowed. */
  | 'ERR_SLUICE_FORWARD_JSON_REFUSED'
  /** A handshake message of another shape, out of turn, or too large. */
  | 'ERR_SLUICE_FORWARD_HANDSHAKE'
  /** More was given to a reader that is closed. */
  | 'ERR_SLUICE_FORWARD_CLOSED'
  /** A compressed payload that cannot be inflated. */
  | 'ERR_SLUICE_FORWARD_DECOMPRESSION';

/**
 * The framing of a connection is lost, or its peer breaks the protocol: nothing more can be read
 * from it. The owner of the connection closes it.
 */
export class ForwardProtocolError extends Error {
  /** What a stack trace begins with. */
  override readonly name = 'ForwardProtocolError';

  constructor(
    /** For programs: it stays where the text of the message changes. */
    readonly code: ForwardProtocolErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
