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
} from './msgpack.js';
export { decodeAt } from '../decode.js';
export { EntryCursor } from './entry-cursor.js';
export { scanEntries, type ScanResult } from './scan.js';
export { repairEntries, repairSteps, repairedSize } from './repair.js';
export { floatText, inspectAt, textAt } from './ruby-text.js';
export { descend, findFields, isText, packField, type PackedField } from './fields.js';
export {
  packFields,
  packPair,
  setFields,
  setFieldsSteps,
  type ChangingField,
  type PackedFields,
} from './set-fields.js';
export { endOfTimes } from './end-of-times.js';
export { valueText } from './value-text.js';
export { loopShare, LoopShare, type LoopShareOptions, type LoopUser } from '../loop-share.js';
