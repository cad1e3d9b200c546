export { EventTime } from './event-time.js';
export { EventStream, type Event } from './event-stream.js';
export { EventStreamError, type EventStreamErrorCode } from './errors.js';
export { ExtensionValue, decodeValue, type EventRecord, type Value } from './decode.js';
export { encodeValue, toEventTime, writeEventTime, type EventInput } from './encode.js';
export { type JsonLinesOptions } from './json-lines.js';
export {
  INCOMPLETE,
  MALFORMED,
  MAX_DEPTH,
  ValueSkipper,
  bodySize,
  childCount,
  headSize,
  isArray,
  isBinary,
  isMap,
  isString,
  skipValue,
  u32,
} from './msgpack.js';
export {
  ENTRY_INVALID,
  ENTRY_VALID,
  ENTRY_ZERO_TIME,
  classifyTime,
  resetScan,
  scanCounts,
  scanEntries,
  type ScanCounts,
} from './scan.js';
export { repairEntries } from './rewrite.js';
