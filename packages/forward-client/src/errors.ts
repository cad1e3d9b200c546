/** What is wrong with a server, or with the way to it. */
export type ForwardClientErrorCode =
  /** It did not connect, take bytes or acknowledge in time. */
  | 'ERR_SLUICE_FORWARD_TIMEOUT'
  /** It closed the connection during the handshake, or without an answer to what was sent. */
  | 'ERR_SLUICE_FORWARD_CLOSED'
  /** Its certificate is refused. */
  | 'ERR_SLUICE_FORWARD_CERTIFICATE'
  /** It asks for a shared key, and the client has none. */
  | 'ERR_SLUICE_FORWARD_KEY_NEEDED'
  /** It asks for a client certificate, and the client has none, or one that is refused. */
  | 'ERR_SLUICE_FORWARD_CERTIFICATE_NEEDED'
  /** It speaks TLS, and the client does not. */
  | 'ERR_SLUICE_FORWARD_TLS_NEEDED'
  /** The client speaks TLS, and the server does not answer in TLS. */
  | 'ERR_SLUICE_FORWARD_NO_TLS'
  /** TLS failed for another reason, which the message has. */
  | 'ERR_SLUICE_FORWARD_TLS';

/** A server that cannot be used as it was tried to. */
export class ForwardClientError extends Error {
  /** What a stack trace begins with. */
  override readonly name = 'ForwardClientError';

  constructor(
    /** For programs: it stays where the text of the message changes. */
    readonly code: ForwardClientErrorCode,
    message: string,
    /** `host:port` of the server, or the path of its Unix socket. */
    readonly peer: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
