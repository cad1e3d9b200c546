import { ConfigError, ConfigErrors, type ConfigElement } from '@sluice/config';
import { prefixOfKind, type PluginKind, type PluginRegistry } from '@sluice/plugin';
import { absentPlugins, differences } from './fluentd-plugins.js';
import { pluginUses, type PluginUse } from './plugin-uses.js';

/** Where something stands. */
export interface Place {
  /** The path; undefined for what has no place, such as a value from the command line. */
  readonly file: string | undefined;
  /** From 1. */
  readonly line: number | undefined;
}

/** A plugin that the file names. */
export interface NamedPlugin extends Place {
  /** As Fluentd names it: `in_forward`. */
  readonly name: string;
  /** Which section may name it. */
  readonly kind: PluginKind;
  /** `@type`. */
  readonly type: string;
}

/** What a file needs. */
export interface CheckedFile {
  /** The file that was checked. */
  readonly path: string;
  /** Whether the agent would run it as it is. */
  readonly ok: boolean;
  /** Plugins that are there. */
  readonly runs: readonly NamedPlugin[];
  /** What those do otherwise than in Fluentd, on purpose. */
  readonly differs: readonly (NamedPlugin & {
    /** What differs, as a sentence or two. */
    readonly text: string;
  })[];
  /** Plugins that somebody else makes; the npm package that would be looked for. */
  readonly load: readonly (NamedPlugin & {
    /** Its name, such as `sluice-plugin-mail`. */
    readonly package: string;
  })[];
  /** Plugins of Fluentd that are not there, and what to do instead. */
  readonly missing: readonly (NamedPlugin & {
    /** What to do instead, as a sentence. */
    readonly instead: string;
  })[];
  /** What is wrong otherwise. */
  readonly errors: readonly (Place & {
    /** What is wrong. */
    readonly message: string;
    /** From 1, in characters. */
    readonly column: number | undefined;
    /** What would be right. */
    readonly hint: string | undefined;
  })[];
  /** What is accepted and has no effect, or is unknown. */
  readonly warnings: readonly string[];
}

/** The configuration of one worker, for a check. */
export interface WorkerToCheck {
  /** The whole configuration. */
  readonly root: ConfigElement;
  /** The plugins that are there. */
  readonly registry: PluginRegistry;
  /** Makes all plugins, and starts none. @throws ConfigError */
  readonly build: () => void;
}

/**
 * Looks at one configuration file, without starting anything.
 *
 * @param workers reads the file as each worker would; its ConfigErrors are part of the result
 * @param warnings the lines that this has given, looked at when all workers are built
 */
export async function checkFile(
  path: string,
  workers: AsyncIterable<WorkerToCheck>,
  warnings: Iterable<string>,
): Promise<CheckedFile> {
  const errors: ConfigError[] = [];
  const keep = (error: unknown): void => {
    if (error instanceof ConfigErrors) errors.push(...error.errors);
    else if (error instanceof ConfigError) errors.push(error);
    else throw error;
  };
  let named: Sorted | undefined;
  try {
    for await (const { root, registry, build } of workers) {
      named ??= sorted(pluginUses(root), registry);
      try {
        build();
      } catch (error) {
        keep(error);
      }
    }
  } catch (error) {
    keep(error);
  }
  named ??= { runs: [], differs: [], load: [], missing: [] };
  const absent = new Set([...named.load, ...named.missing].map(({ type }) => type));
  const others = errors.filter(({ message }) => {
    // These are told above.
    const type = /^unknown .* plugin "(.*)"$/.exec(message)?.[1];
    return type === undefined || !absent.has(type);
  });
  return {
    path,
    ok: named.load.length + named.missing.length + others.length === 0,
    ...named,
    errors: unique(
      others.map(({ message, file, line, column, hint }) => ({
        message,
        file,
        line,
        column,
        hint,
      })),
    ),
    warnings: [...warnings],
  };
}

type Sorted = Pick<CheckedFile, 'runs' | 'differs' | 'load' | 'missing'>;

function sorted(uses: readonly PluginUse[], registry: PluginRegistry): Sorted {
  const runs: NamedPlugin[] = [];
  const differs: (NamedPlugin & { text: string })[] = [];
  const load: (NamedPlugin & { package: string })[] = [];
  const missing: (NamedPlugin & { instead: string })[] = [];
  for (const { kind, type, element, old } of uses) {
    const plugin = { name: `${prefixOfKind[kind]}_${type}`, kind, type, ...placeOf(element) };
    const has = (name: string): boolean =>
      element.params.has(name) || element.children(name).length > 0;
    if (registry.get(kind, type) !== undefined) {
      runs.push(plugin);
      for (const { types, where, text, kind: of } of differences) {
        if (of !== kind || !types.includes(type) || (where !== undefined && !where.some(has)))
          continue;
        differs.push({ ...plugin, text });
      }
      continue;
    }
    if (old === true) continue;
    const absent = absentPlugins.find(({ kind: of, types }) => of === kind && types.includes(type));
    if (absent !== undefined) missing.push({ ...plugin, instead: absent.instead });
    else load.push({ ...plugin, package: packageOf(type) });
  }
  return { runs, differs, load, missing };
}

/** The npm package that `@type` is looked for in. */
function packageOf(type: string): string {
  return /^[@./]/.test(type) ? type : `sluice-plugin-${type}`;
}

function placeOf(element: ConfigElement): Place {
  return { file: element.location.file, line: element.location.line };
}

function unique<T>(list: readonly T[]): T[] {
  const seen = new Map(list.map((item) => [JSON.stringify(item), item]));
  return [...seen.values()];
}
