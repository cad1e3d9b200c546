import { loadConfig, type ConfigElement } from '@sluice/config';
import type { AgentLog } from '@sluice/log';
import { recordConfig, recordedFiles } from '../processes/config-recording.js';
import { workersOf } from '../processes/system-workers.js';
import { readSystem, type SystemSettings } from '../processes/system-settings.js';

/** A configuration as one worker reads it. */
export interface WorkerConfig {
  readonly workerId: number;
  readonly root: ConfigElement;
  readonly system: SystemSettings;
}

/**
 * Reads a configuration as every worker of it would: `worker_id` may stand anywhere in it.
 *
 * @param options.log takes warnings, once
 * @returns one configuration for each worker
 * @throws ConfigError
 */
export async function readConfigs(options: {
  readonly config: string;
  readonly inlineConfig?: string | undefined;
  /** In place of the configuration's `workers`. */
  readonly workers?: number | undefined;
  readonly log: AgentLog;
}): Promise<WorkerConfig[]> {
  const { config, log } = options;
  const { workers, recording } = await recordConfig(
    config,
    options.inlineConfig,
    (root) => options.workers ?? workersOf(root),
  );
  const files = recordedFiles(recording);
  const configs: WorkerConfig[] = [];
  for (let workerId = 0; workerId < workers; workerId += 1) {
    const quiet = workerId > 0; // what is odd is said once
    const root = await loadConfig(config, { files, workerId, ...(!quiet && { log }) });
    const system = { ...readSystem(root, quiet ? undefined : log), workers };
    configs.push({ workerId, root, system });
  }
  return configs;
}
