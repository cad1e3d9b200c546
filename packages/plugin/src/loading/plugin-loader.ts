import { statSync } from 'node:fs';
import path from 'node:path';
import type { ConfigElement } from '@sluice/config';
import { sectionOfKind, type PluginDefinition, type PluginKind } from '../definition.js';
import { PluginLoadError } from './errors.js';
import { definitionsOf, importPlugins } from './import-plugins.js';
import {
  keyOf,
  kindText,
  type LazyPlugins,
  type PluginRegistry,
  type RegisteredPlugin,
} from './registry.js';
import {
  isPath,
  modulesIn,
  resolvePackage,
  resolvePath,
  versionOf,
  type ResolvedModule,
} from './resolve-module.js';

/** Where a {@link PluginLoader} looks, and where it puts what it finds. */
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
  /**
   * Import all files of plugins anew, as a reload does; packages that they import stay. Default: false.
   */
  readonly reload?: boolean;
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

/** How many loaders of this process have imported files anew. */
let reloads = 0;

/** Finds and imports plugins: those that are asked for, and those that a configuration names. */
export class PluginLoader {
  readonly #registry: PluginRegistry;
  readonly #folders: readonly string[];
  readonly #lazy: Map<string, LazyPlugins>;
  /** Set where files are imported anew. */
  readonly #reload: number | undefined;

  constructor({ registry, folders, lazy = [], reload = false }: PluginLoaderOptions) {
    this.#registry = registry;
    this.#folders = [...new Set(folders.map((folder) => path.resolve(folder)))];
    if (reload) this.#reload = reloads += 1;
    registry.addKnown(lazy.flatMap(({ provides }) => provides));
    this.#lazy = new Map(
      lazy.flatMap((plugins) => plugins.provides.map((key) => [key, plugins] as const)),
    );
  }

  /**
   * Loads the plugins of a module, or of every module in a folder.
   *
   * @param name a path, or the name of a package: `./my-output.mjs`, `./plugins`,
   *   `sluice-plugin-loki`
   * @param first folders in which it is looked for before those of the loader. Default: none
   * @returns what it exports
   * @throws PluginLoadError
   */
  async load(name: string, first: readonly string[] = []): Promise<RegisteredPlugin[]> {
    const folders = [...new Set([...first, ...this.#folders])];
    const found = find(name, folders, isPath(name) || isFile(name, folders) ? 'path' : 'package');
    if (found === undefined) return this.#loadFolder(name, folders);
    return this.#register(await importPlugins(found, this.#reload), found);
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
    const version = versionOf(from, import.meta.dirname);
    for (const definition of definitionsOf(exported)) {
      this.#registry.add(definition, { from, version });
    }
  }

  async #loadNamed(kind: PluginKind, type: string): Promise<void> {
    if (isPath(type)) {
      const found = find(type, this.#folders, 'path');
      if (found === undefined) throw notFound(`plugin module "${type}"`, type, this.#folders);
      const loaded = await importPlugins(found, this.#reload);
      const ofKind = loaded.filter((definition) => definition.kind === kind);
      if (ofKind.length !== 1) throw notOne(kind, type, loaded, found);
      this.#register(loaded, found);
      // The path is a name for it, too.
      this.#registry.add({ ...ofKind[0], type }, { from: found.name, version: found.version });
      return;
    }
    const name = packageOfType(type);
    const found = name === undefined ? undefined : find(name, this.#folders, 'package');
    if (found === undefined) {
      throw notFound(`${kindText(kind)} plugin "${type}"`, name, this.#folders);
    }
    const loaded = await importPlugins(found, this.#reload);
    if (!loaded.some((definition) => definition.kind === kind && definition.type === type)) {
      throw notOne(kind, type, loaded, found);
    }
    this.#register(loaded, found);
  }

  /** What lies in a folder beside the plugins, such as a module that several of them share, is none. */
  async #loadFolder(name: string, folders: readonly string[]): Promise<RegisteredPlugin[]> {
    const folder = folders
      .map((from) => path.resolve(from, name))
      .find((place) => statSync(place, { throwIfNoEntry: false })?.isDirectory() === true);
    if (folder === undefined) throw notFound(`plugin module "${name}"`, name, folders);
    const loaded: RegisteredPlugin[] = [];
    for (const found of modulesIn(folder)) {
      const definitions = await importPlugins(found, this.#reload, { mayHaveNone: true });
      loaded.push(...this.#register(definitions, found));
    }
    if (loaded.length > 0) return loaded;
    throw new PluginLoadError(
      'ERR_SLUICE_PLUGIN_NO_DEFINITION',
      `folder ${folder} has no plugins`,
      name,
      'a plugin is a .js or .mjs file that exports what defineInput and so on of @sluice/plugin return',
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
}

function isFile(name: string, folders: readonly string[]): boolean {
  return folders.some(
    (folder) => statSync(path.join(folder, name), { throwIfNoEntry: false })?.isFile() === true,
  );
}

function find(
  name: string,
  folders: readonly string[],
  as: 'path' | 'package',
): ResolvedModule | undefined {
  for (const folder of folders) {
    const found =
      as === 'path' ? resolvePath(path.resolve(folder, name)) : resolvePackage(name, folder);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** @param name the module that was looked for; none where the type can be no package's */
function notFound(
  what: string,
  name: string | undefined,
  folders: readonly string[],
): PluginLoadError {
  const where = path.isAbsolute(name ?? '') ? '' : ` in ${folders.join(', ')}`;
  const file = name !== undefined && isPath(name);
  const looked = name === undefined ? '' : file ? ` as ${name}` : ` as the package ${name}`;
  return new PluginLoadError(
    'ERR_SLUICE_PLUGIN_NOT_FOUND',
    `${what} was looked for${looked}${where} and not found`,
    name ?? what,
    file || name === undefined
      ? 'check the path'
      : `npm install ${name} would install it, if it exists`,
  );
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
      : 'check @type and the section that it stands in, or load it with --plugin',
  );
}
