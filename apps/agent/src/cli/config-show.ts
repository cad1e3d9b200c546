import { parseFlags, UsageError } from '@sluice/cli-tools/command-line';
import { ConfigError, dumpConfig } from '@sluice/config';
import { PluginLoadError } from '@sluice/plugin';
import { loadPlugins } from '../load-plugins.js';
import { createLog } from '@sluice/log';
import { complain } from '../complain.js';
import { buildPipeline } from '../pipeline/build-pipeline.js';
import { configShowFlags } from './commands.js';
import { defaultConfig } from './default-config.js';
import { readConfigs } from './read-configs.js';

/**
 * `sluice config show -c FILE`: prints the configuration in effect, with what is included in its
 * place, code evaluated, defaults as comments, and secrets masked.
 *
 * @returns the exit code
 */
export async function showConfig(args: string[]): Promise<number> {
  const { values, positionals } = parseFlags(args, configShowFlags);
  const { 'worker-id': workerId = '0' } = values;
  const config = values.config ?? positionals.at(0) ?? defaultConfig();
  if (config === undefined) throw new UsageError('a configuration file is needed: -c FILE');
  const wanted = Number(workerId);
  try {
    const log = createLog({ level: 'warn' });
    const all = await readConfigs({ config, inlineConfig: values['inline-config'], log });
    if (!/^\d+$/.test(workerId) || wanted >= all.length) {
      throw new UsageError(`--worker-id is 0 to ${all.length - 1}, not "${workerId}"`);
    }
    const { root, system } = all[wanted];
    // Its plugins read their sections: then their secrets and their defaults are known.
    const registry = await loadPlugins({ config, plugins: values.plugin }, root);
    buildPipeline(root, { registry, ...system, log, workerId: wanted });
    process.stdout.write(
      dumpConfig(root, {
        showSecrets: values['show-secrets'] === true,
        defaults: values['no-defaults'] !== true,
      }),
    );
    return 0;
  } catch (error) {
    if (!(error instanceof ConfigError) && !(error instanceof PluginLoadError)) throw error;
    complain(error.format());
    return 1;
  }
}
