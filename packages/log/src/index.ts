export { createLog } from './create-log.js';
export type {
  AgentLog,
  LineListener,
  LineParts,
  LogOptions,
  RootLog,
  WarningListener,
} from './create-log.js';
export { logLevels } from './levels.js';
export type { LogLevel } from './levels.js';
export { fieldText } from './text-lines.js';
