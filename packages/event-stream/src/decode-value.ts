import { decodeAt, type Value } from './decode.js';
import { EventStreamError } from './errors.js';
import { INCOMPLETE, MAX_DEPTH, skipValue } from './packed/msgpack.js';
import { isTooDeep } from './packed/scan.js';

/**
 * Decodes one MessagePack value from anywhere. What it gives is as iteration over an EventStream
 * gives it; Buffers in it are views on `bytes`.
 *
 * @throws {@link EventStreamError} where the bytes are not one whole value, or one that is nested
 *   more than 128 deep
 */
export function decodeValue(bytes: Uint8Array): Value {
  const end = skipValue(bytes, 0, bytes.length);
  if (end === INCOMPLETE) {
    throw new EventStreamError('ERR_SLUICE_MSGPACK_TRUNCATED', 'the value is cut short');
  }
  if (end < 0) throw new EventStreamError('ERR_SLUICE_MSGPACK_MALFORMED', 'not MessagePack');
  if (end < bytes.length) {
    throw new EventStreamError('ERR_SLUICE_MSGPACK_MALFORMED', 'more bytes follow the value', end);
  }
  if (isTooDeep(bytes, 0, end)) {
    throw new EventStreamError(
      'ERR_SLUICE_MSGPACK_MALFORMED',
      `the value is nested more than ${MAX_DEPTH} deep`,
    );
  }
  return decodeAt(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), 0);
}
