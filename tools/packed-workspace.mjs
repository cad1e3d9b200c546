/** The workspace as its users get it: packed, and installed from the tarballs. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { root } from './workspace.mjs';

export const installFlags = [
  '--prefer-offline',
  '--no-audit',
  '--no-fund',
  '--loglevel=error',
  '--ignore-scripts',
];

/**
 * Packs every package; run the build before.
 *
 * @param {string} folder where the tarballs go
 * @returns {Map<string, string>} the tarball of each package, by its name
 */
export function packWorkspace(folder) {
  mkdirSync(folder, { recursive: true });
  const args = ['pack', '--workspaces', '--json', '--ignore-scripts', '--pack-destination', folder];
  const packed = JSON.parse(
    execFileSync('npm', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }),
  );
  const all = /** @type {{ name: string; filename: string }[]} */ (packed);
  return new Map(all.map(({ name, filename }) => [name, path.join(folder, filename)]));
}

/**
 * Installs packages into a folder, with the TypeScript of this workspace beside them.
 *
 * @param {string} folder
 * @param {Iterable<string>} tarballs
 */
export function installPacked(folder, tarballs) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'package.json'), '{ "private": true, "type": "module" }\n');
  execFileSync('npm', ['install', ...installFlags, ...tarballs], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  mkdirSync(path.join(folder, 'node_modules/@types'), { recursive: true });
  mkdirSync(path.join(folder, 'node_modules/.bin'), { recursive: true });
  for (const name of ['typescript', '@types/node', 'undici-types', '.bin/tsc']) {
    symlinkSync(path.join(root, 'node_modules', name), path.join(folder, 'node_modules', name));
  }
}
