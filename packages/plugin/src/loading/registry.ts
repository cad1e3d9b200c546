import { didYouMean, type ConfigElement, type ConfigError } from '@sluice/config';
import {
  sectionOfKind,
  type DefinitionOf,
  type PluginDefinition,
  type PluginKind,
} from '../definition.js';
import { PluginLoadError } from './errors.js';

/** Where a plugin comes from. */
export interface PluginOrigin {
  /** The package, or the path of a file that belongs to none. */
  readonly from: string;
  /** The version of the package. */
  readonly version: string | undefined;
}

/** A plugin that a configuration may name, and where it comes from. */
export interface RegisteredPlugin<Kind extends PluginKind = PluginKind> {
  /** What the plugin consists of. */
  readonly definition: DefinitionOf<Kind>;
  /** The package or file that it comes from. */
  readonly origin: PluginOrigin;
}

/** A plugin that is imported when a configuration names it. */
export interface LazyPlugins {
  /** Kind and type of each, such as `input forward`. */
  readonly provides: readonly string[];
  /** The package that they are in. */
  readonly from: string;
  /** Imports the module that has them. */
  readonly load: () => Promise<unknown>;
}

/** The plugins that a configuration may name by `@type`. */
export class PluginRegistry {
  readonly #plugins = new Map<string, RegisteredPlugin>();
  readonly #missing = new Map<string, PluginLoadError>();
  readonly #lazy = new Set<string>();

  /**
   * @throws {@link PluginLoadError} with `ERR_SLUICE_PLUGIN_DUPLICATE` where another plugin has the
   *   same kind and type
   */
  add(definition: PluginDefinition, origin: PluginOrigin): RegisteredPlugin {
    const { kind, type } = definition;
    const key = keyOf(kind, type);
    const other = this.#plugins.get(key);
    if (other !== undefined) {
      if (other.definition === definition) return other;
      throw new PluginLoadError(
        'ERR_SLUICE_PLUGIN_DUPLICATE',
        `duplicate ${kindText(kind)} plugin "${type}": ${origin.from} has the type of a plugin of ${other.origin.from}`,
        origin.from,
        'remove one of them, or give it another type',
      );
    }
    const plugin: RegisteredPlugin = { definition: definition as DefinitionOf<PluginKind>, origin };
    this.#plugins.set(key, plugin);
    return plugin;
  }

  /** All plugins, in the order in which they were added. */
  all(): RegisteredPlugin[] {
    return [...this.#plugins.values()];
  }

  /** The plugin of a kind and type; undefined where none is registered. */
  get<Kind extends PluginKind>(kind: Kind, type: string): RegisteredPlugin<Kind> | undefined {
    return this.#plugins.get(keyOf(kind, type)) as RegisteredPlugin<Kind> | undefined;
  }

  /** Remembers plugins that can be loaded, by kind and type, for what an error suggests. */
  addKnown(keys: Iterable<string>): void {
    for (const key of keys) this.#lazy.add(key);
  }

  /** Remembers why a plugin that a configuration names could not be loaded. */
  addMissing(kind: PluginKind, type: string, error: PluginLoadError): void {
    this.#missing.set(keyOf(kind, type), error);
  }

  /**
   * The plugin that a section asks for.
   *
   * @param usual the type where the section names none. Default: `@type` is required
   * @throws ConfigError that points at `@type`, or at the section that has none
   */
  find<Kind extends PluginKind>(
    kind: Kind,
    element: ConfigElement,
    usual?: string,
  ): DefinitionOf<Kind> {
    const type = element.type ?? usual;
    if (type === undefined) {
      throw element.error(`@type is required in ${element.tag}`, {
        code: 'ERR_SLUICE_CONFIG_REQUIRED',
        hint: `known: ${this.#typesOf(kind).join(', ')}`,
      });
    }
    const plugin = this.get(kind, type);
    if (plugin !== undefined) return plugin.definition;
    throw this.#notFound(kind, type, element);
  }

  #notFound(kind: PluginKind, type: string, element: ConfigElement): ConfigError {
    const param = element.params.has('@type') ? { param: '@type' } : {};
    const error = this.#missing.get(keyOf(kind, type));
    const near = didYouMean(type, this.#typesOf(kind));
    if (error !== undefined && error.code !== 'ERR_SLUICE_PLUGIN_NOT_FOUND') {
      return element.error(error.message, { ...param, hint: error.hint, cause: error });
    }
    const others = this.all()
      .filter(({ definition }) => definition.type === type)
      .map(({ definition }) => `<${sectionOfKind[definition.kind]}>`);
    return element.error(`unknown ${kindText(kind)} plugin "${type}"`, {
      ...param,
      hint: [
        near,
        others.length > 0 ? `"${type}" is known in ${others.join(', ')}` : undefined,
        error === undefined ? undefined : `${error.message}; ${error.hint}`,
        `known in <${sectionOfKind[kind]}>: ${this.#typesOf(kind).join(', ')}`,
      ]
        .filter((text) => text !== undefined)
        .join('; '),
      ...(error !== undefined && { cause: error }),
    });
  }

  #typesOf(kind: PluginKind): string[] {
    const prefix = keyOf(kind, '');
    const known = new Set([...this.#plugins.keys(), ...this.#lazy]);
    return [...known]
      .filter((key) => key.startsWith(prefix))
      .map((key) => key.slice(prefix.length))
      .sort();
  }
}

/** The kind as messages name it. */
export function kindText(kind: PluginKind): string {
  return kind.replaceAll('_', ' ');
}

export function keyOf(kind: PluginKind, type: string): string {
  return `${kind} ${type}`;
}
