import path from 'node:path';
import type { ConfigElement } from '@sluice/config';
import {
  isPluginDefinition,
  PluginLoader,
  PluginRegistry,
  type PluginDefinition,
} from '@sluice/plugin';
import { shippedPlugins } from './shipped-plugins.js';

/** Where plugins are looked for. */
export interface LoadPluginsOptions {
  /** The configuration file, in whose folder modules are looked for first. Default: none. */
  readonly config?: string | undefined;
  /** Modules, by path or package, and definitions that are there already. Default: none. */
  readonly plugins?: readonly (string | PluginDefinition)[] | undefined;
  /** Import all files of plugins anew; packages that they import stay. Default: false. */
  readonly reload?: boolean;
}

/**
 * Loads what is asked for, what a configuration names by `@type`, and what is shipped and named.
 *
 * @param root the configuration. Default: none, and all that is shipped is loaded
 * @returns all plugins that a pipeline may be built of
 * @throws PluginLoadError for a module of `plugins`; what the configuration names and is not found
 *   is reported when the pipeline is built
 */
export async function loadPlugins(
  options: LoadPluginsOptions,
  root?: ConfigElement,
): Promise<PluginRegistry> {
  const { config, plugins = [], reload = false } = options;
  const registry = new PluginRegistry();
  const folders = [process.cwd(), import.meta.dirname];
  const ofConfig = config === undefined ? [] : [path.dirname(path.resolve(config))];
  const common = { registry, lazy: shippedPlugins, reload };
  const loader = new PluginLoader({ ...common, folders: [...ofConfig, ...folders] });
  for (const plugin of plugins) {
    // What a command line or a program names is a path from the current folder first.
    if (typeof plugin === 'string') await loader.load(plugin, [process.cwd()]);
    else if (isPluginDefinition(plugin))
      registry.add(plugin, { from: 'program', version: undefined });
    else throw new TypeError('plugins: expected what defineInput and its like return, or a module');
  }
  if (root === undefined) await loader.loadAll();
  else await loader.prepare(root);
  return registry;
}
