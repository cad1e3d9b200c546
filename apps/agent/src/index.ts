export { main } from './cli/main.js';
export { loadPlugins } from './load-plugins.js';
export type { LoadPluginsOptions } from './load-plugins.js';
export { createLog, logLevels } from '@sluice/log';
export type {
  AgentLog,
  LineListener,
  LineParts,
  LogLevel,
  LogOptions,
  RootLog,
  WarningListener,
} from '@sluice/log';
export { buildPipeline } from './pipeline/build-pipeline.js';
export type { PipelineOptions } from './pipeline/build-pipeline.js';
export type { Pipeline } from './pipeline/pipeline.js';
export { compileTagPattern, TagPatternError } from '@sluice/plugin';
export { runAgent } from './run-agent.js';
export type { AgentServer, EmbeddedAgent, RunAgentOptions, RunningAgent } from './run-agent.js';
