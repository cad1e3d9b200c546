import { ForwardClientError } from './errors.js';

/** What OpenSSL says of an answer that is not TLS. */
const NOT_TLS = /wrong version number|packet length too long|http request/;
/** The alert of a server that wants a client certificate: TLS 1.3 has one of its own. */
const CERTIFICATE_WANTED = 'alert certificate required';
/** TLS 1.2 has one alert for this and for other reasons. */
const REFUSED = 'alert handshake failure';
/** A record of TLS: its type (an alert, or a part of the handshake), then the version's first byte. */
const ALERT = 0x15;
const HANDSHAKE = 0x16;
const MAJOR_VERSION = 0x03;

/**
 * Says in words of this package why TLS failed; other errors stay as they are.
 *
 * @param phase the handshake, or what comes after it
 */
export function explainTls(error: Error, peer: string, phase: 'handshake' | 'established'): Error {
  if (error instanceof ForwardClientError) return error;
  const { code = '', reason } = error as NodeJS.ErrnoException & { reason?: string };
  const why = reason ?? error.message;
  if (NOT_TLS.test(why)) {
    return new ForwardClientError(
      'ERR_SLUICE_FORWARD_NO_TLS',
      'the server does not speak TLS',
      peer,
      { cause: error },
    );
  }
  if (phase === 'handshake' && (code === 'ECONNRESET' || code === 'EPIPE')) {
    return new ForwardClientError(
      'ERR_SLUICE_FORWARD_NO_TLS',
      'the server closed the connection during the TLS handshake, as one does that does not speak TLS',
      peer,
      { cause: error },
    );
  }
  if (why.includes(CERTIFICATE_WANTED)) {
    return new ForwardClientError(
      'ERR_SLUICE_FORWARD_CERTIFICATE_NEEDED',
      'the server asks for a client certificate',
      peer,
      { cause: error },
    );
  }
  if (reason === undefined) return error;
  const perhaps = reason.includes(REFUSED)
    ? ', perhaps because it asks for a client certificate'
    : '';
  return new ForwardClientError('ERR_SLUICE_FORWARD_TLS', `TLS failed: ${reason}${perhaps}`, peer, {
    cause: error,
  });
}

/** Whether bytes that a plain connection got are TLS. */
export function looksLikeTls(data: Buffer): boolean {
  return (data[0] === ALERT || data[0] === HANDSHAKE) && data[1] === MAJOR_VERSION;
}
