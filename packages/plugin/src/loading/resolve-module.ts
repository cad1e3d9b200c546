import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';

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

/** What `import` takes of an `exports` map. */
const conditions = new Set(['node', 'import', 'module-sync', 'require', 'default']);
const indexes = ['index.js', 'index.mjs', 'index.cjs'];

/** Whether a name means a file or a folder rather than a package. */
export function isPath(name: string): boolean {
  return /^\.{1,2}([/\\]|$)/.test(name) || path.isAbsolute(name);
}

/** A file, or a folder with a package or an index in it. */
export function resolvePath(file: string): ResolvedModule | undefined {
  const kind = statSync(file, { throwIfNoEntry: false });
  if (kind?.isFile() === true) return { file, name: file, version: ownVersion(file) };
  if (kind?.isDirectory() !== true) return undefined;
  return packageEntry(file, '.');
}

/**
 * A package in the `node_modules` of a folder or of those above it, as `import` finds it there.
 *
 * @param name such as `sluice-plugin-loki`, `@acme/sluice-plugin-loki` or `package/file.js`
 */
export function resolvePackage(name: string, folder: string): ResolvedModule | undefined {
  const parts = name.split('/');
  const own = name.startsWith('@') ? 2 : 1;
  const subpath = ['.', ...parts.slice(own)].join('/');
  for (let above = path.resolve(folder); ; above = path.dirname(above)) {
    const place = path.join(above, 'node_modules', ...parts.slice(0, own));
    if (existsSync(path.join(place, 'package.json'))) return packageEntry(place, subpath);
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
  for (const candidate of candidates) {
    if (candidate === undefined) continue;
    const file = path.join(folder, candidate);
    for (const found of [file, `${file}.js`]) {
      if (statSync(found, { throwIfNoEntry: false })?.isFile() !== true) continue;
      return { file: found, name, version };
    }
  }
  return undefined;
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
  return Object.hasOwn(map, subpath) ? pick(map[subpath]) : undefined;
}

function pick(target: Exports): string | undefined {
  if (typeof target === 'string') return target;
  if (target === null) return undefined;
  const options: readonly Exports[] = Array.isArray(target)
    ? (target as readonly Exports[])
    : Object.entries(target)
        .filter(([condition]) => conditions.has(condition))
        .map(([, inner]) => inner);
  for (const option of options) {
    const found = pick(option);
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
