import { ForwardProtocolError } from '../errors.js';

/** What a peer sends is not JSON. */
export function malformed(message: string): ForwardProtocolError {
  return new ForwardProtocolError('ERR_SLUICE_FORWARD_MALFORMED', `not JSON: ${message}`);
}
