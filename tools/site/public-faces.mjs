/** The public faces of the packages: what their `exports` offer. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { root } from '../workspace.mjs';

/**
 * @typedef {object} Package
 * @property {string} name
 * @property {string} description
 * @property {string} folder relative to the workspace, such as `packages/tls`
 * @property {string} page the last part of its folder, which is the name of its page
 * @property {Map<string, string>} faces from a source file to the name that it is imported by
 */

/** @returns {Package[]} all that is published, the agent last */
export function packages() {
  return ['packages', 'apps'].flatMap((group) =>
    readdirSync(path.join(root, group))
      .sort()
      .map((page) => describePackage(path.posix.join(group, page), page)),
  );
}

/** @returns {Package} */
function describePackage(folder, page) {
  const home = path.join(root, folder);
  const described = JSON.parse(readFileSync(path.join(home, 'package.json'), 'utf8'));
  const { name, description, exports: offered = {} } = described;
  const faces = new Map();
  for (const [subpath, target] of Object.entries(offered)) {
    const source = target['@sluice/source'];
    if (source !== undefined) faces.set(path.join(home, source), path.posix.join(name, subpath));
  }
  return { name, description, folder, page, faces };
}
