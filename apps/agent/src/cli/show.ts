import {
  ConfigError,
  describeSection,
  didYouMean,
  dumpConfig,
  formatSection,
} from '@sluice/config';
import { builtInPlugins } from '../built-in-plugins.js';
import { createLog } from '../log.js';
import { Pipeline } from '../pipeline/pipeline.js';
import { PluginRegistry } from '../pipeline/plugin-registry.js';
import { readConfigs } from './read-configs.js';
import { systemSection } from '../system/system-section.js';
import { parseFlags, UsageError } from './flags.js';
import { usage } from './usage.js';

/** What Fluentd's file names call each kind: in_forward, out_file, filter_grep. */
const prefixes = { input: 'in', output: 'out', filter: 'filter' } as const;

/**
 * `sluice config show -c FILE`: prints the configuration in effect, with what is included in its
 * place, code evaluated, defaults as comments, and secrets masked.
 *
 * @returns the exit code
 */
export async function showConfig(args: string[]): Promise<number> {
  const { values, positionals } = parseFlags(args, {
    config: { type: 'string', short: 'c' },
    'inline-config': { type: 'string', short: 'i' },
    'worker-id': { type: 'string', default: '0' },
    'show-secrets': { type: 'boolean', default: false },
    'no-defaults': { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h' },
  });
  if (values.help === true) {
    process.stdout.write(usage);
    return 0;
  }
  const config = values.config ?? positionals.at(0);
  if (config === undefined) throw new UsageError('a configuration file is needed: -c FILE');
  const wanted = Number(values['worker-id']);
  try {
    const log = createLog({ level: 'warn' });
    const all = await readConfigs({ config, inlineConfig: values['inline-config'], log });
    if (!/^\d+$/.test(values['worker-id']) || wanted >= all.length) {
      throw new UsageError(`--worker-id is 0 to ${all.length - 1}, not "${values['worker-id']}"`);
    }
    const { root, system } = all[wanted];
    // Its plugins read their sections: then their secrets and their defaults are known.
    const registry = new PluginRegistry(builtInPlugins);
    new Pipeline(root, { registry, ...system, log, workerId: wanted });
    process.stdout.write(
      dumpConfig(root, {
        showSecrets: values['show-secrets'],
        defaults: !values['no-defaults'],
      }),
    );
    return 0;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.format()}\n`);
    return 1;
  }
}

/**
 * `sluice plugin show NAME`: prints the parameters of a plugin with type, default and description;
 * without a name the list of plugins. NAME is a type such as `forward`, or as Fluentd's files are
 * called: `in_forward`, `out_file`, `filter_grep`; also `system`. Fluentd: `fluent-plugin-config-format`.
 *
 * @returns the exit code
 */
export function showPlugin(args: string[]): number {
  const { values, positionals } = parseFlags(args, {
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h' },
  });
  if (values.help === true) {
    process.stdout.write(usage);
    return 0;
  }
  const known = builtInPlugins.map((definition) => ({
    name: `${prefixes[definition.kind]}_${definition.type}`,
    definition,
  }));
  const [name] = positionals as (string | undefined)[];
  if (name === undefined) {
    const width = Math.max(...known.map((plugin) => plugin.name.length));
    const lines = known.map(
      (plugin) => `${plugin.name.padEnd(width)}  ${plugin.definition.description}\n`,
    );
    process.stdout.write(lines.sort().join(''));
    return 0;
  }
  const found = known.filter((plugin) => plugin.name === name || plugin.definition.type === name);
  const sections = found.map((plugin) => plugin.definition.section);
  if (name === 'system') sections.push(systemSection);
  if (sections.length === 0) {
    const names = [...known.map((plugin) => plugin.name), 'system'];
    const near = didYouMean(name, [...names, ...known.map(({ definition }) => definition.type)]);
    process.stderr.write(
      `sluice: there is no plugin "${name}"${near === undefined ? '' : `; ${near}`}\n` +
        `known: ${names.sort().join(', ')}\n`,
    );
    return 1;
  }
  const descriptions = sections.map((section) => describeSection(section));
  if (values.json) {
    const data = found.map(({ name, definition }, i) => ({
      name,
      kind: definition.kind,
      type: definition.type,
      section: descriptions[i],
    }));
    process.stdout.write(`${JSON.stringify(name === 'system' ? descriptions : data, null, 2)}\n`);
    return 0;
  }
  const texts = descriptions.map((description, i) => {
    const heading = found.at(i);
    const title =
      heading === undefined ? '' : `${heading.name} (@type ${heading.definition.type})\n\n`;
    return `${title}${formatSection(description)}`;
  });
  process.stdout.write(texts.join('\n'));
  return 0;
}
