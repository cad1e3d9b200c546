import { ConfigError } from '@sluice/config';
import { builtInPlugins } from '../built-in-plugins.js';
import { createLog } from '../log.js';
import { Pipeline } from '../pipeline/pipeline.js';
import { PluginRegistry } from '../pipeline/plugin-registry.js';
import { recordConfig, recordedFiles } from '../processes/config-recording.js';
import type { LaunchOptions } from '../processes/launch.js';
import { readSystem } from '../system/system-settings.js';
import { workersOf } from '../processes/system-workers.js';
import { loadConfig } from '@sluice/config';

/** Checks a configuration as every worker would read it. @returns the exit code */
export async function dryRun(options: LaunchOptions): Promise<number> {
  const log = createLog(options.log);
  const { config } = options;
  try {
    const { workers, recording } = await recordConfig(
      config,
      options.inlineConfig,
      (root) => options.workers ?? workersOf(root),
    );
    const files = recordedFiles(recording);
    const registry = new PluginRegistry(builtInPlugins);
    for (let workerId = 0; workerId < workers; workerId += 1) {
      const quiet = workerId > 0; // what is odd is said once
      const root = await loadConfig(config, { files, workerId, ...(!quiet && { log }) });
      const pipelineLog = quiet ? createLog({ ...options.log, level: 'error' }) : log;
      const system = readSystem(root, quiet ? undefined : log);
      new Pipeline(root, { registry, ...system, log: pipelineLog, workerId, workers });
    }
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.format()}\n`);
    return 1;
  }
  process.stdout.write(`${config}: OK\n`);
  return 0;
}
