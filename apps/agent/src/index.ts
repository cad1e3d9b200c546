export { builtInPlugins } from './built-in-plugins.js';
export { main } from './cli/main.js';
export { createLog, logLevels } from './log.js';
export type { AgentLog, LogLevel, LogOptions } from './log.js';
export { Pipeline } from './pipeline/pipeline.js';
export type { PipelineOptions } from './pipeline/pipeline.js';
export { PluginRegistry } from './pipeline/plugin-registry.js';
export { compileTagPattern, TagPatternError } from './routing/tag-pattern.js';
