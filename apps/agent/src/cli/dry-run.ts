import { ConfigError } from '@sluice/config';
import { builtInPlugins } from '../built-in-plugins.js';
import { createLog } from '../log.js';
import { Pipeline } from '../pipeline/pipeline.js';
import { PluginRegistry } from '../pipeline/plugin-registry.js';
import type { LaunchOptions } from '../processes/launch.js';
import { readConfigs } from './read-configs.js';
import { startProblems } from './start-checks.js';

/**
 * Checks a configuration as every worker would read it, and what would keep the agent from starting
 * with it: certificates, ports, folders.
 *
 * @returns the exit code
 */
export async function dryRun(options: LaunchOptions): Promise<number> {
  const log = createLog(options.log);
  const problems = new Set<string>();
  try {
    const configs = await readConfigs({ ...options, log });
    const registry = new PluginRegistry(builtInPlugins);
    for (const { workerId, root, system } of configs) {
      // What is odd is said once.
      const pipelineLog = workerId === 0 ? log : createLog({ ...options.log, level: 'error' });
      new Pipeline(root, { registry, ...system, log: pipelineLog, workerId });
      for (const problem of await startProblems(root, pipelineLog)) problems.add(problem.format());
    }
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    problems.add(error.format());
  }
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  if (problems.size > 0) return 1;
  process.stdout.write(`${options.config}: OK\n`);
  return 0;
}
