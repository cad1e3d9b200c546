export { compileRuby, compileRubyText, type Expression } from './compile.js';
export { RubyError, RubySyntaxError } from './errors.js';
export { parseJson } from './json.js';
export { eventNames } from './names.js';
export { timeText } from './runtime.js';
export { fromPacked, packValue } from './packed.js';
export {
  Opaque,
  RubyRange,
  RubySymbol,
  RubyTime,
  textOf,
  type RubyHash,
  type Value,
} from './values.js';
