import { lineText, table } from '@sluice/cli-tools';
import { parseFlags } from '@sluice/cli-tools/command-line';
import { describeSection, didYouMean, formatSection, type Section } from '@sluice/config';
import { PluginLoadError, prefixOfKind, type RegisteredPlugin } from '@sluice/plugin';
import { loadPlugins } from '../load-plugins.js';
import { complain } from '../complain.js';
import { systemSection } from '../processes/system-section.js';
import { pluginFlags } from './commands.js';

interface Named {
  /** As Fluentd's files are called: `in_forward`. */
  readonly name: string;
  readonly plugin: RegisteredPlugin;
}

/**
 * Reads the flags and loads the plugins; a number is the exit code where that is all.
 *
 * @param most how many arguments there may be
 */
async function start(
  args: string[],
  most: number,
): Promise<
  number | { json: boolean; positionals: readonly (string | undefined)[]; known: Named[] }
> {
  const { values, positionals } = parseFlags(args, pluginFlags, most);
  try {
    const named = values.plugin ?? [];
    const registry = await loadPlugins({ config: values.config, plugins: named });
    return {
      json: values.json === true,
      positionals,
      known: registry
        .all()
        .map((plugin) => ({ name: nameOf(plugin), plugin }))
        .sort((a, b) => (a.name < b.name ? -1 : 1)),
    };
  } catch (error) {
    if (!(error instanceof PluginLoadError)) throw error;
    complain(`sluice: ${error.format()}`);
    return 1;
  }
}

function nameOf({ definition }: RegisteredPlugin): string {
  return `${prefixOfKind[definition.kind]}_${definition.type}`;
}

/**
 * `sluice plugin list`: kind, type, where it comes from and its version, of every plugin that is
 * shipped or given by `--plugin`.
 *
 * @returns the exit code
 */
export async function listPlugins(args: string[]): Promise<number> {
  const started = await start(args, 0);
  if (typeof started === 'number') return started;
  const rows = started.known.map(({ plugin: { definition, origin } }) => ({
    kind: definition.kind,
    type: definition.type,
    from: origin.from,
    version: origin.version ?? null,
    description: definition.description,
  }));
  if (started.json) {
    process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`);
    return 0;
  }
  const titles = ['KIND', 'TYPE', 'FROM', 'VERSION'].map((title) => ({ title }));
  const cells = rows.map(({ kind, type, from, version }) => [kind, type, from, version ?? '-']);
  for (const line of table(titles, cells)) process.stdout.write(`${lineText(line)}\n`);
  return 0;
}

/**
 * `sluice plugin show NAME`: prints the parameters of a plugin with type, default and description;
 * without a name what each plugin does. NAME is a type such as `forward`, or as Fluentd's files are
 * called: `in_forward`, `out_file`, `filter_grep`; also `system`. Fluentd: `fluent-plugin-config-format`.
 *
 * @returns the exit code
 */
export async function showPlugin(args: string[]): Promise<number> {
  const started = await start(args, 1);
  if (typeof started === 'number') return started;
  const { known, json, positionals } = started;
  const [name] = positionals;
  if (name === undefined) {
    const width = Math.max(...known.map((plugin) => plugin.name.length));
    for (const { name, plugin } of known) {
      process.stdout.write(`${name.padEnd(width)}  ${plugin.definition.description}\n`);
    }
    return 0;
  }
  const found = known.filter(({ plugin, ...each }) => {
    return each.name === name || plugin.definition.type === name;
  });
  const sections: Section<unknown>[] = found.map(({ plugin }) => plugin.definition.section);
  if (name === 'system') sections.push(systemSection);
  if (sections.length === 0) return unknown(name, known);
  const descriptions = sections.map((section) => describeSection(section));
  if (json) {
    const data = found.map(({ name, plugin: { definition, origin } }, i) => ({
      name,
      kind: definition.kind,
      type: definition.type,
      from: origin.from,
      version: origin.version ?? null,
      section: descriptions[i],
    }));
    process.stdout.write(`${JSON.stringify(name === 'system' ? descriptions : data, null, 2)}\n`);
    return 0;
  }
  const texts = descriptions.map((description, i) => {
    const heading = found.at(i);
    const title =
      heading === undefined ? '' : `${heading.name} (@type ${heading.plugin.definition.type})\n\n`;
    return `${title}${formatSection(description)}`;
  });
  process.stdout.write(texts.join('\n'));
  return 0;
}

function unknown(name: string, known: readonly Named[]): number {
  const names = [...known.map((plugin) => plugin.name), 'system'];
  const types = known.map(({ plugin }) => plugin.definition.type);
  const near = didYouMean(name, [...names, ...types]);
  complain(
    `sluice: unknown plugin "${name}"${near === undefined ? '' : `; ${near}`}\n` +
      `known: ${names.sort().join(', ')}; others are loaded by --plugin PATH or PACKAGE`,
  );
  return 1;
}
