export { AckReader, encodeAck } from './ack.js';
export { AckBatch } from './ack-batch.js';
export {
  ClientHandshake,
  type ClientHandshakeOptions,
  type ClientHandshakeStep,
} from './client-handshake.js';
export { supportedCompressions } from './decompress.js';
export {
  encodeForward,
  encodeMessage,
  encodePackedForward,
  encodePackedForwardParts,
  type Events,
  type ForwardOption,
} from './encode.js';
export { ForwardProtocolError, type ForwardProtocolErrorCode } from './errors.js';
export { LARGEST_HANDSHAKE } from './handshake-messages.js';
export type { MakingRoom } from './making-account.js';
export type { ForwardMessage, ForwardMode, ForwardSignal, MessageMemory } from './message.js';
export { ForwardReader } from './reader.js';
export type { ForwardReaderOptions, Refusal } from './reader-options.js';
export {
  ForwardSecurity,
  type ForwardClientRule,
  type ForwardSecurityOptions,
  type ForwardUser,
} from './security.js';
export { ServerHandshake, type ServerHandshakeResult } from './server-handshake.js';
