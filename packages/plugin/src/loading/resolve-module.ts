import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { PluginLoadError } from './errors.js';

/** A module that was found. */
export interface ResolvedModule {
  /** The file to import. */
  readonly file: string;
  /** The name of its package; the path where it is a file that belongs to none. */
  readonly name: string;
  /** The version of its package. */
  readonly version: string | undefined;
}

interface PackageJson {
  readonly name?: string;
  readonly version?: string;
  readonly main?: string;
  readonly exports?: Exports;
}

type Exports = string | null | readonly Exports[] | { readonly [key: string]: Exports };

/** What `import` takes of an `exports` map, and what is taken where that finds nothing. */
const conditions = new Set(['node', 'node-addons', 'import', 'module-sync', 'default']);
const orRequire = new Set([...conditions, 'require']);
const moduleFile = /\.[mc]?[jt]s$/;
const noPlugin = /^[._]|\.(?:test|spec|d)\.[mc]?[jt]s$/;
const indexes = ['index.js', 'index.mjs', 'index.cjs'];

/** Whether a name means a file or a folder rather than a package. */
export function isPath(name: string): boolean {
  return /^\.{1,2}([/\\]|$)/.test(name) || path.isAbsolute(name);
}

/**
 * A file, or a folder with a package or an index in it.
 *
 * @throws PluginLoadError where the package names a file that is not there
 */
export function resolvePath(file: string): ResolvedModule | undefined {
  const kind = statSync(file, { throwIfNoEntry: false });
  if (kind?.isFile() === true) return { file, name: file, version: ownVersion(file) };
  if (kind?.isDirectory() !== true) return undefined;
  return packageEntry(file, '.');
}

/**
 * The modules that lie in a folder without a package or an index, in the order of their names. Tests,
 * declarations and what begins with `.` or `_` are left out. Fluentd: `-p DIR`.
 */
export function modulesIn(folder: string): ResolvedModule[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => moduleFile.test(name) && !noPlugin.test(name))
    .map(({ name }) => path.join(folder, name))
    .filter((file) => statSync(file, { throwIfNoEntry: false })?.isFile() === true)
    .sort()
    .map((file) => ({ file, name: file, version: ownVersion(file) }));
}

/**
 * A package in the `node_modules` of a folder or of those above it, as `import` finds it there.
 *
 * @param name such as `sluice-plugin-loki`, `@acme/sluice-plugin-loki` or `package/file.js`
 * @throws PluginLoadError where the package names a file that is not there
 */
export function resolvePackage(name: string, folder: string): ResolvedModule | undefined {
  const parts = name.split('/');
  const own = name.startsWith('@') ? 2 : 1;
  const place = placeOf(parts.slice(0, own).join('/'), folder);
  return place === undefined
    ? undefined
    : packageEntry(place, ['.', ...parts.slice(own)].join('/'));
}

/** The version of a package, as `import` finds it from a folder. */
export function versionOf(name: string, folder: string): string | undefined {
  const place = placeOf(name, folder);
  return place === undefined ? undefined : readPackage(path.join(place, 'package.json'))?.version;
}

function placeOf(name: string, folder: string): string | undefined {
  for (let above = path.resolve(folder); ; above = path.dirname(above)) {
    const place = path.join(above, 'node_modules', name);
    if (existsSync(path.join(place, 'package.json'))) return place;
    if (path.dirname(above) === above) return undefined;
  }
}

function packageEntry(folder: string, subpath: string): ResolvedModule | undefined {
  const described = readPackage(path.join(folder, 'package.json'));
  const { name = folder, version, main, exports } = described ?? {};
  const candidates =
    exports !== undefined
      ? [targetOf(exports, subpath)]
      : subpath === '.'
        ? [
            main,
            ...(main === undefined ? [] : indexes.map((file) => `${main}/${file}`)),
            ...indexes,
          ]
        : [subpath];
  const wanted = candidates.filter((candidate) => candidate !== undefined);
  for (const candidate of wanted) {
    const file = path.join(folder, candidate);
    for (const found of [file, `${file}.js`]) {
      if (statSync(found, { throwIfNoEntry: false })?.isFile() !== true) continue;
      return { file: found, name, version };
    }
  }
  if (exports === undefined && main === undefined) return undefined;
  const points = wanted.length === 0 ? `has no export "${subpath}"` : `points at ${wanted[0]}`;
  throw new PluginLoadError(
    'ERR_SLUICE_PLUGIN_IMPORT',
    `package ${name} in ${folder} has no module to import: its package.json ${points}${wanted.length === 0 ? '' : ', which is not there'}`,
    name,
    wanted.length === 0 ? undefined : 'build the package first',
  );
}

function targetOf(exports: Exports, subpath: string): string | undefined {
  const isMap =
    typeof exports === 'object' &&
    exports !== null &&
    !Array.isArray(exports) &&
    Object.keys(exports).some((key) => key.startsWith('.'));
  const map: Readonly<Record<string, Exports>> = isMap
    ? (exports as Record<string, Exports>)
    : { '.': exports };
  const [target, star] = entryOf(map, subpath);
  const found = pick(target, conditions) ?? pick(target, orRequire);
  return found?.replaceAll('*', star);
}

/** The entry for a subpath, and what stands for the star of one such as `./*`: the longest wins. */
function entryOf(
  map: Readonly<Record<string, Exports>>,
  subpath: string,
): [target: Exports, star: string] {
  if (Object.hasOwn(map, subpath)) return [map[subpath], '*'];
  let [best, star, longest] = [null as Exports, '', -1];
  for (const [key, target] of Object.entries(map)) {
    const [before, after] = key.split('*') as [string, string | undefined];
    if (after === undefined || before.length <= longest) continue;
    if (subpath.length < key.length - 1) continue;
    if (!subpath.startsWith(before) || !subpath.endsWith(after)) continue;
    star = subpath.slice(before.length, subpath.length - after.length);
    [best, longest] = [target, before.length];
  }
  return [best, star];
}

function pick(target: Exports, wanted: ReadonlySet<string>): string | undefined {
  if (typeof target === 'string') return target;
  if (target === null) return undefined;
  const options: readonly Exports[] = Array.isArray(target)
    ? (target as readonly Exports[])
    : Object.entries(target)
        .filter(([condition]) => wanted.has(condition))
        .map(([, inner]) => inner);
  for (const option of options) {
    const found = pick(option, wanted);
    if (found !== undefined) return found;
  }
  return undefined;
}

function ownVersion(file: string): string | undefined {
  for (let above = path.dirname(file); ; above = path.dirname(above)) {
    const described = readPackage(path.join(above, 'package.json'));
    if (described !== undefined) return described.version;
    if (path.dirname(above) === above || path.basename(above) === 'node_modules') return undefined;
  }
}

function readPackage(file: string): PackageJson | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as PackageJson;
  } catch {
    return undefined;
  }
}
