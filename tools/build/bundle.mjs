/**
 * The second half of a package's build: `node ../../tools/build/bundle.mjs` in its folder, after tsc has
 * written the types. Writes one file of JavaScript for each entry of the package, and few for what they
 * share, since Node pays for every file that it loads: docs/decisions/bundles.md has the figures.
 *
 * Only files of the package itself are put together. What it imports from other packages stays an
 * import, so that every package is there once, whoever imports it.
 */
import { readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { rolldown } from 'rolldown';
import { readManifest } from '../release/packages.mjs';

/**
 * Modules that are not for users, but are imported by path: by a command, as a process of its own, or by
 * a tool of this workspace.
 *
 * @type {Record<string, string[]>}
 */
const more = {
  '@sluice/agent': [
    'cli/main',
    'compile-cache',
    'load-plugins',
    'processes/worker',
    'processes/system-section',
  ],
  '@sluice/buffer': ['chunk-format', 'file/chunk-reader'],
  '@sluice/out-forward': ['balancer', 'health', 'section'],
  '@sluice/server': ['accept/proxy-protocol'],
};

/**
 * The modules of a package that are imported from outside of it, by path without an ending.
 *
 * @param {import('../release/packages.mjs').Manifest} manifest
 */
export function entriesOf({ name, exports }) {
  const targets = Object.values(exports).flatMap((entry) =>
    typeof entry === 'string' || entry.default === undefined ? [] : [entry.default],
  );
  const promised = targets.map((target) => target.replace(/^\.\/dist\/|\.js$/g, ''));
  return [...promised, ...(more[name] ?? [])];
}

/** @param {string} folder of a package */
async function bundle(folder) {
  const entries = entriesOf(readManifest(folder));
  const dist = path.join(folder, 'dist');
  for (const file of readdirSync(dist, { recursive: true, encoding: 'utf8' })) {
    if (/\.js(\.map)?$/.test(file)) rmSync(path.join(dist, file));
  }
  const build = await rolldown({
    cwd: folder,
    input: Object.fromEntries(entries.map((entry) => [entry, `./src/${entry}.ts`])),
    external: (id) => !/^[./]/.test(id),
    platform: 'node',
    treeshake: false, // as tsc would have written it
    tsconfig: false,
    transform: { target: 'es2023' },
  });
  await build.write({
    dir: dist,
    format: 'esm',
    sourcemap: true,
    keepNames: true,
    entryFileNames: '[name].js',
    chunkFileNames: 'shared-[hash].js',
  });
  await build.close();
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  await bundle(process.cwd());
}
