export { AckReader, encodeAck } from './ack.js';
export { encodeForward, encodeMessage, encodePackedForward, type ForwardOption } from './encode.js';
export { ForwardProtocolError, type ForwardProtocolErrorCode } from './errors.js';
export type { ForwardMessage, ForwardMode, ForwardSignal } from './message.js';
export { ForwardReader, type ForwardReaderOptions, type Refusal } from './reader.js';
