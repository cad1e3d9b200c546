export { EventTime } from './event-time.js';
export { EventStream, type Event } from './event-stream.js';
export { EventStreamError, type EventStreamErrorCode } from './errors.js';
export { type JsonLinesOptions } from './json-lines.js';
export { encodeValue, type EventInput } from './encode.js';
export { decodeValue } from './decode-value.js';
export { ExtensionValue, type EventRecord, type Value } from './decode.js';
