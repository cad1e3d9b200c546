/** The packages that are published, and what their manifests have in common. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { root } from '../workspace.mjs';

/** Where the sources are; every manifest names it. */
export const repositoryUrl = 'https://github.com/sluice-logs/sluice';

/** The folders of a package that its users get beside `dist`, and why. */
export const extraFolders = /** @type {const} */ ({
  bin: 'its command',
  static: 'pages that it serves',
  templates: 'files that it copies',
});

/**
 * A `package.json`, as far as the tools look at it.
 *
 * @typedef {object} Manifest
 * @property {string} name
 * @property {string} version
 * @property {string} description
 * @property {boolean} [private]
 * @property {string[]} keywords
 * @property {string} license
 * @property {string} homepage
 * @property {{ url: string }} bugs
 * @property {{ type: string; url: string; directory?: string }} repository
 * @property {{ node: string }} engines
 * @property {boolean | string[]} sideEffects
 * @property {Record<string, string>} [bin]
 * @property {Record<string, string | Record<string, string>>} exports
 * @property {string[]} files
 * @property {Record<string, string>} [scripts]
 * @property {Record<string, string>} [dependencies]
 * @property {Record<string, string>} [optionalDependencies]
 * @property {Record<string, string>} [devDependencies]
 * @property {{ access: string }} publishConfig
 * @property {unknown} [nx]
 */

/**
 * @param {string} folder
 * @returns {Manifest}
 */
export function readManifest(folder) {
  return JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
}

/**
 * The published packages of a workspace.
 *
 * @param {string} [workspace] default: this one
 * @returns {{ folder: string; directory: string; manifest: Manifest }[]} `directory` is the path
 *   from the workspace's root
 */
export function publishedPackages(workspace = root) {
  return ['packages', 'apps']
    .flatMap((group) => readdirSync(path.join(workspace, group)).map((name) => `${group}/${name}`))
    .map((directory) => ({ directory, folder: path.join(workspace, directory) }))
    .filter(({ folder }) => existsSync(path.join(folder, 'package.json')))
    .map((place) => ({ ...place, manifest: readManifest(place.folder) }))
    .filter(({ manifest }) => manifest.private !== true);
}
