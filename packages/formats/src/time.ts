// Times as text, without the weight of formatters and sections.
export { formatNanoseconds, formatSeconds } from './local-time.js';
export { compileStrftime, StrftimeError } from './strftime.js';
export type { TimeFormat } from './strftime.js';
export { localOffset, TimeZoneError, utcOffset, zoneOffset } from './time-zone.js';
export type { ZoneOffset } from './time-zone.js';
