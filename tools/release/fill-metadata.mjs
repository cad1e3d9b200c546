/**
 * `node tools/release/fill-metadata.mjs`: writes into the manifest of every package what is the same for
 * all, and copies the licence. What only people know (description, keywords) is left to them.
 */
import { copyFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { root } from '../workspace.mjs';
import { publishedPackages, readManifest, repositoryUrl } from './packages.mjs';

const { engines, license } = readManifest(root);

for (const { folder, directory, manifest } of publishedPackages()) {
  const { name, version, description, keywords, files, scripts, ...rest } = manifest;
  /** @type {import('./packages.mjs').Manifest} */
  const filled = {
    ...rest,
    name,
    version,
    description,
    keywords: keywords ?? ['sluice', 'fluentd', 'logging'],
    homepage: `${repositoryUrl}/tree/main/${directory}#readme`,
    bugs: { url: `${repositoryUrl}/issues` },
    repository: { type: 'git', url: `git+${repositoryUrl}.git`, directory },
    license,
    engines,
    files: files.includes('CHANGELOG.md') ? files : ['CHANGELOG.md', ...files],
    scripts: { ...scripts, prepack: 'node ../../tools/release/prepack.mjs' },
    publishConfig: { access: 'public' },
  };
  // Keys that are there keep their places.
  const places = new Set([...Object.keys(manifest), ...Object.keys(filled)]);
  const text = [...places].map((key) => [key, filled[/** @type {keyof typeof filled} */ (key)]]);
  writeFileSync(
    path.join(folder, 'package.json'),
    `${JSON.stringify(Object.fromEntries(text), undefined, 2)}\n`,
  );
  copyFileSync(path.join(root, 'LICENSE'), path.join(folder, 'LICENSE'));
}
