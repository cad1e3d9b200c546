export type { Command, CommandLine, Flag } from './command.js';
export { completionScript, shells } from './completion.js';
export type { Shell } from './completion.js';
export { parseFlags, UsageError } from './parse-flags.js';
export type { FlagValues } from './parse-flags.js';
export { usage, usageOf } from './usage.js';
