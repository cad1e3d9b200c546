import { statSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ConfigElement } from '@sluice/config';
import {
  apiVersion,
  isPluginDefinition,
  sectionOfKind,
  type PluginDefinition,
  type PluginKind,
} from '../definition.js';
import { PluginLoadError } from './errors.js';
import { resolveFromHost } from './host-packages.js';
import {
  keyOf,
  kindText,
  type LazyPlugins,
  type PluginRegistry,
  type RegisteredPlugin,
} from './registry.js';
import { isPath, resolvePackage, resolvePath, type ResolvedModule } from './resolve-module.js';

export interface PluginLoaderOptions {
  /** Takes what is loaded. */
  readonly registry: PluginRegistry;
  /**
   * Where modules are looked for, in this order. The agent's: the folder of the configuration file,
   * the current folder, the folder of the agent.
   */
  readonly folders: readonly string[];
  /** Plugins that are imported when a configuration names them. Default: none. */
  readonly lazy?: readonly LazyPlugins[];
  /** Import files anew that have changed since they were imported. Default: false. */
  readonly changed?: boolean;
}

/** Kinds whose plugins are there by default: they may be wanted without being named. */
const innerKinds: readonly PluginKind[] = [
  'parser',
  'formatter',
  'service_discovery',
  'chunk_store',
];

/** Which kind a section's `@type` names. */
const kindOfSection: Readonly<Record<string, PluginKind>> = {
  ...(Object.fromEntries(
    Object.entries(sectionOfKind).map(([kind, section]) => [section, kind]),
  ) as Record<string, PluginKind>),
  store: 'output',
  secondary: 'output',
};

/** Finds and imports plugins: those that are asked for, and those that a configuration names. */
export class PluginLoader {
  readonly #registry: PluginRegistry;
  readonly #folders: readonly string[];
  readonly #lazy: Map<string, LazyPlugins>;
  readonly #changed: boolean;

  constructor({ registry, folders, lazy = [], changed = false }: PluginLoaderOptions) {
    this.#registry = registry;
    this.#folders = [...new Set(folders.map((folder) => path.resolve(folder)))];
    this.#changed = changed;
    registry.addKnown(lazy.flatMap(({ provides }) => provides));
    this.#lazy = new Map(
      lazy.flatMap((plugins) => plugins.provides.map((key) => [key, plugins] as const)),
    );
  }

  /**
   * Loads the plugins of a module.
   *
   * @param name a path, or the name of a package: `./my-output.mjs`, `sluice-plugin-loki`
   * @returns what it exports
   * @throws PluginLoadError
   */
  async load(name: string): Promise<RegisteredPlugin[]> {
    const found = this.#find(name, isPath(name) || this.#isFile(name) ? 'path' : 'package');
    if (found === undefined) throw this.#notFound(`plugin module "${name}"`, [name]);
    return this.#register(await this.#import(found), found);
  }

  /**
   * Loads every plugin that the sections of a configuration name by `@type`. What cannot be loaded is
   * told by {@link PluginRegistry.find}, at the place in the file.
   *
   * @throws what is thrown by a module of ours
   */
  async prepare(root: ConfigElement): Promise<void> {
    for (const key of [...this.#lazy.keys()]) {
      if (innerKinds.some((kind) => key.startsWith(`${kind} `))) await this.#loadLazy(key);
    }
    for (const { kind, type } of namedTypes(root)) {
      await this.#loadLazy(keyOf(kind, type));
      if (this.#registry.get(kind, type) !== undefined) continue;
      try {
        await this.#loadNamed(kind, type);
      } catch (error) {
        if (!(error instanceof PluginLoadError)) throw error;
        this.#registry.addMissing(kind, type, error);
      }
    }
  }

  /** Loads every plugin that is there by default. */
  async loadAll(): Promise<void> {
    for (const key of [...this.#lazy.keys()]) await this.#loadLazy(key);
  }

  async #loadLazy(key: string): Promise<void> {
    const plugins = this.#lazy.get(key);
    if (plugins === undefined) return;
    for (const provided of plugins.provides) this.#lazy.delete(provided);
    const { from, load } = plugins;
    const exported = (await load()) as object;
    const version = resolvePackage(from, import.meta.dirname)?.version;
    for (const definition of definitionsOf(exported)) {
      this.#registry.add(definition, { from, version });
    }
  }

  async #loadNamed(kind: PluginKind, type: string): Promise<void> {
    if (isPath(type)) {
      const found = this.#find(type, 'path');
      if (found === undefined) throw this.#notFound(`plugin module "${type}"`, [type]);
      const loaded = await this.#import(found);
      const ofKind = loaded.filter((definition) => definition.kind === kind);
      if (ofKind.length !== 1) throw notOne(kind, type, loaded, found);
      this.#register(loaded, found);
      // The path is a name for it, too.
      this.#registry.add({ ...ofKind[0], type }, { from: found.name, version: found.version });
      return;
    }
    const name = packageOfType(type);
    const found = name === undefined ? undefined : this.#find(name, 'package');
    if (name === undefined || found === undefined) {
      throw this.#notFound(`${kindText(kind)} plugin "${type}"`, name === undefined ? [] : [name]);
    }
    const loaded = await this.#import(found);
    if (!loaded.some((definition) => definition.kind === kind && definition.type === type)) {
      throw notOne(kind, type, loaded, found);
    }
    this.#register(loaded, found);
  }

  #isFile(name: string): boolean {
    return this.#folders.some(
      (folder) => statSync(path.join(folder, name), { throwIfNoEntry: false })?.isFile() === true,
    );
  }

  #find(name: string, as: 'path' | 'package'): ResolvedModule | undefined {
    for (const folder of this.#folders) {
      const found =
        as === 'path' ? resolvePath(path.resolve(folder, name)) : resolvePackage(name, folder);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  async #import(found: ResolvedModule): Promise<PluginDefinition[]> {
    resolveFromHost();
    const url = pathToFileURL(found.file);
    if (this.#changed) url.searchParams.set('changed', String(statSync(found.file).mtimeMs));
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
    if (definitions.length > 0) {
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

  #register(definitions: PluginDefinition[], found: ResolvedModule): RegisteredPlugin[] {
    const { name: from, version } = found;
    for (const { kind, type } of definitions) this.#lazyDuplicate(kind, type, from);
    return definitions.map((definition) => this.#registry.add(definition, { from, version }));
  }

  #lazyDuplicate(kind: PluginKind, type: string, from: string): void {
    const own = this.#lazy.get(keyOf(kind, type));
    if (own === undefined) return;
    throw new PluginLoadError(
      'ERR_SLUICE_PLUGIN_DUPLICATE',
      `duplicate ${kindText(kind)} plugin "${type}": ${from} has the type of a plugin of ${own.from}`,
      from,
      'give it another type',
    );
  }

  #notFound(what: string, names: readonly string[]): PluginLoadError {
    const name = names.at(0);
    const isFile = name !== undefined && isPath(name);
    const looked = name === undefined ? '' : isFile ? ` as ${name}` : ` as the package ${name}`;
    return new PluginLoadError(
      'ERR_SLUICE_PLUGIN_NOT_FOUND',
      `${what} was looked for${looked} in ${this.#folders.join(', ')} and not found`,
      name ?? what,
      isFile || name === undefined
        ? 'check the path'
        : `npm install ${name} would install it, if it exists`,
    );
  }
}

/** Kind and type of every section of a configuration that has a `@type`. */
function* namedTypes(element: ConfigElement): Generator<{ kind: PluginKind; type: string }> {
  for (const inner of element.elements) {
    const kind = Object.hasOwn(kindOfSection, inner.name) ? kindOfSection[inner.name] : undefined;
    if (kind !== undefined && inner.type !== undefined) yield { kind, type: inner.type };
    yield* namedTypes(inner);
  }
}

/** `loki` is in `sluice-plugin-loki`, `acme/loki` in `@acme/sluice-plugin-loki`. */
export function packageOfType(type: string): string | undefined {
  const match = /^(?:@?([a-z0-9][\w.-]*)\/)?([a-z0-9][\w.-]*)$/i.exec(type);
  if (match === null) return undefined;
  const [, scope, name] = match as unknown as [string, string | undefined, string];
  return scope === undefined ? `sluice-plugin-${name}` : `@${scope}/sluice-plugin-${name}`;
}

/** The definitions among what a module exports, by name, by default or in a list. */
export function definitionsOf(exported: object): PluginDefinition[] {
  const found = new Set<PluginDefinition>();
  for (const value of Object.values(exported) as unknown[]) {
    for (const each of Array.isArray(value) ? (value as unknown[]) : [value]) {
      if (isPluginDefinition(each)) found.add(each);
    }
  }
  // The default export of a CommonJS module holds the others.
  const inner = (exported as { default?: unknown }).default;
  if (found.size === 0 && typeof inner === 'object' && inner !== null && !isNamespace(inner)) {
    return definitionsOf({ ...inner, default: undefined });
  }
  return [...found];
}

function isNamespace(value: object): boolean {
  return Array.isArray(value) || isPluginDefinition(value);
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

function notOne(
  kind: PluginKind,
  type: string,
  loaded: readonly PluginDefinition[],
  { name }: ResolvedModule,
): PluginLoadError {
  const has = loaded.map((each) => `${kindText(each.kind)} "${each.type}"`).join(', ');
  const several = loaded.filter((each) => each.kind === kind).length > 1 && isPath(type);
  return new PluginLoadError(
    'ERR_SLUICE_PLUGIN_NO_DEFINITION',
    several
      ? `plugin module ${name} has several ${kindText(kind)} plugins: ${has}`
      : `plugin module ${name} has no ${kindText(kind)} plugin "${type}": it has ${has}`,
    name,
    several
      ? 'load it with --plugin and write the type of the one that is wanted'
      : 'check @type and the section that it stands in',
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
  const stack = error instanceof Error ? error.stack?.split('\n').slice(1, 3) : undefined;
  return stack === undefined || stack.length === 0
    ? undefined
    : stack.map((line) => line.trim()).join(' ');
}

function messageOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
