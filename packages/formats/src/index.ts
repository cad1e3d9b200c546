export {
  createInjector,
  formatSections,
  jsonFormatter,
  ltsvFormatter,
  msgpackFormatter,
  outFileFormatter,
  singleValueFormatter,
  stdoutFormatter,
} from './formatters.js';
export { Injector, injectSection } from './inject.js';
export { formatNanoseconds, formatSeconds } from './local-time.js';
export { compileStrftime, mostSeconds, StrftimeError } from './strftime.js';
export type { TimeFormat } from './strftime.js';
export { checkTimeParams, isoFormat, timeParams, timeWriter } from './time-params.js';
export type { TimeWriter } from './time-params.js';
export { localOffset, quarter, TimeZoneError, utcOffset, zoneOffset } from './time-zone.js';
export type { ZoneOffset } from './time-zone.js';
