import { ConfigError } from '@sluice/config';
import { PluginLoadError } from '@sluice/plugin';
import { loadPlugins } from '../load-plugins.js';
import { createLog } from '../log.js';
import { buildPipeline } from '../pipeline/build-pipeline.js';
import type { LaunchOptions } from '../processes/launch-options.js';
import { readConfigs } from './read-configs.js';

/**
 * Checks a configuration as every worker would read it, and what would keep the agent from starting
 * with it: plugins, certificates, ports, folders.
 *
 * @returns the exit code
 */
export async function dryRun(options: LaunchOptions): Promise<number> {
  const log = createLog(options.log);
  const problems = new Set<string>();
  try {
    const configs = await readConfigs({ ...options, log });
    for (const { workerId, root, system } of configs) {
      const registry = await loadPlugins(options, root);
      // What is odd is said once.
      const pipelineLog = workerId === 0 ? log : createLog({ ...options.log, level: 'error' });
      const pipeline = buildPipeline(root, { registry, ...system, log: pipelineLog, workerId });
      for (const problem of await pipeline.startProblems()) problems.add(problem.format());
    }
  } catch (error) {
    if (!(error instanceof ConfigError) && !(error instanceof PluginLoadError)) throw error;
    problems.add(error.format());
  }
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  if (problems.size > 0) return 1;
  process.stdout.write(`${options.config}: OK\n`);
  return 0;
}
