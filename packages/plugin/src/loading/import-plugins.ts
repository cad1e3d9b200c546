import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { apiVersion, isPluginDefinition, type PluginDefinition } from '../definition.js';
import { PluginLoadError } from './errors.js';
import { installModuleHooks, reloadParam } from './module-hooks.js';
import { kindText } from './registry.js';
import type { ResolvedModule } from './resolve-module.js';

/**
 * Imports a module for its plugins.
 *
 * @param reload the number of a reload: all files of the plugin are then imported anew, the packages
 *   that it imports are not. Default: as they were imported before
 * @param options.mayHaveNone a module without a plugin is not an error. Default: false
 * @throws PluginLoadError
 */
export async function importPlugins(
  found: ResolvedModule,
  reload: number | undefined,
  { mayHaveNone = false }: { mayHaveNone?: boolean } = {},
): Promise<PluginDefinition[]> {
  installModuleHooks();
  const url = pathToFileURL(found.file);
  if (reload !== undefined) {
    url.searchParams.set(reloadParam, String(reload));
    forgetRequired(found.file);
  }
  let exported: object;
  try {
    exported = (await import(url.href)) as object;
  } catch (error) {
    throw new PluginLoadError(
      'ERR_SLUICE_PLUGIN_IMPORT',
      `plugin module ${found.name} failed to load: ${messageOf(error)}`,
      found.name,
      importHint(error, found),
      { cause: error },
    );
  }
  const definitions = definitionsOf(exported);
  if (definitions.length > 0 || mayHaveNone) {
    for (const definition of definitions) checkVersion(definition, found);
    return definitions;
  }
  const names = Object.keys(exported).join(', ');
  throw new PluginLoadError(
    'ERR_SLUICE_PLUGIN_NO_DEFINITION',
    `plugin module ${found.name} exports no plugin definition${names === '' ? '' : ` (it exports ${names})`}`,
    found.name,
    'export what defineInput, defineOutput, defineFilter and so on of @sluice/plugin return',
  );
}

const { cache } = createRequire(import.meta.url);

/** Has CommonJS files read anew: one, and those that it requires by a path, but no packages. */
function forgetRequired(file: string): void {
  const module = cache[file];
  if (module === undefined) return;
  // eslint-disable-next-line @typescript-eslint/no-dynamic-delete -- it is what Node's cache is
  delete cache[file];
  for (const { filename } of module.children) {
    if (!filename.includes(`${path.sep}node_modules${path.sep}`)) forgetRequired(filename);
  }
}

/** The definitions among what a module exports, by name, by default or in a list. */
export function definitionsOf(exported: object): PluginDefinition[] {
  const found = definitionsAmong(exported);
  if (found.length > 0) return found;
  // The default export of a CommonJS module holds all that it exports.
  const inner = (exported as { default?: unknown }).default;
  return typeof inner === 'object' && inner !== null ? definitionsAmong(inner) : [];
}

function definitionsAmong(exported: object): PluginDefinition[] {
  const values = (Object.values(exported) as unknown[]).flat(1);
  return [...new Set(values.filter(isPluginDefinition))];
}

function checkVersion(definition: PluginDefinition, { name }: ResolvedModule): void {
  // Whoever wrote the module may have done without `defineInput` and its like.
  const { kind, type, apiVersion: made } = definition as Partial<PluginDefinition>;
  if (made === apiVersion) return;
  const [version, hint] =
    made === undefined
      ? [
          'an unknown version',
          `make it with defineInput or its like of @sluice/plugin ${apiVersion}`,
        ]
      : [
          `version ${made}`,
          `install a version of ${name} for @sluice/plugin ${apiVersion}, or the agent that it was made for`,
        ];
  throw new PluginLoadError(
    'ERR_SLUICE_PLUGIN_VERSION',
    `${kindText(kind!)} plugin "${type}" of ${name} was made for ${version} of @sluice/plugin, ` +
      `and this is version ${apiVersion}`,
    name,
    hint,
  );
}

function importHint(error: unknown, { file }: ResolvedModule): string | undefined {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ERR_UNKNOWN_FILE_EXTENSION' && /\.[mc]?ts$/.test(file)) {
    return 'this Node cannot run TypeScript: compile it, or use Node 22.18 or later';
  }
  if (code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND') {
    return 'install what it imports beside it, with npm install';
  }
  if (!(error instanceof Error) || error.stack === undefined) return undefined;
  const lines = error.stack.split('\n');
  if (error instanceof SyntaxError) {
    // Node says where it is for some of them only.
    const [first] = lines;
    return first.includes(error.name) ? `node --check ${file} shows where` : `at ${first}`;
  }
  const calls = lines.filter((line) => /^\s+at /.test(line) && !line.includes('node:'));
  return calls.length === 0 ? undefined : calls.slice(0, 2).join(' ').trim().replace(/\s+/g, ' ');
}

function messageOf(error: unknown): string {
  // Node adds the stack of requires to the message, in lines of its own.
  return error instanceof Error ? `${error.name}: ${error.message.split('\n')[0]}` : String(error);
}
