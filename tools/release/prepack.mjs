/**
 * The `prepack` script of every package: refuses to pack what is not built from the sources that are
 * there, or lacks a file that users should get.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { entriesOf } from '../build/bundle.mjs';
import { readManifest } from './packages.mjs';

const sha256 = (/** @type {string} */ text) => createHash('sha256').update(text).digest('hex');

/** @param {string} folder */
function filesIn(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' });
}

/**
 * What each source had in it when TypeScript compiled it last.
 *
 * @param {string} dist
 * @returns {Map<string, string>} the hash of each source file's text, by its path
 */
function compiledSources(dist) {
  const file = path.join(dist, 'tsconfig.lib.tsbuildinfo');
  if (!existsSync(file)) return new Map();
  /** @type {{ fileNames: string[]; fileInfos: (string | { version: string })[] }} */
  const { fileNames, fileInfos } = JSON.parse(readFileSync(file, 'utf8'));
  return new Map(
    fileNames.map((name, index) => {
      const info = fileInfos[index] ?? '';
      return [path.resolve(dist, name), typeof info === 'string' ? info : info.version];
    }),
  );
}

/**
 * The files that the manifest points to, without those that only the workspace itself reads.
 *
 * @param {import('./packages.mjs').Manifest} manifest
 */
function promisedFiles({ bin = {}, exports }) {
  const targets = Object.values(exports).flatMap((entry) =>
    typeof entry === 'string'
      ? [entry]
      : Object.entries(entry)
          .filter(([condition]) => condition !== '@sluice/source')
          .map(([, target]) => target),
  );
  return [...Object.values(bin), ...targets, 'README.md', 'LICENSE', 'CHANGELOG.md'];
}

/**
 * @param {string} folder of a package
 * @returns {string[]} what keeps it from being packed
 */
export function packingProblems(folder) {
  const dist = path.join(folder, 'dist');
  const src = path.join(folder, 'src');
  const problems = promisedFiles(readManifest(folder))
    .filter((file) => !existsSync(path.join(folder, file)))
    .map((file) => `${file} is missing`);
  const sources = filesIn(src).filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'));
  const compiled = compiledSources(dist);
  for (const file of sources) {
    const place = path.join(src, file);
    const built = compiled.get(place);
    if (built === undefined) problems.push(`src/${file} is not built`);
    else if (built !== sha256(readFileSync(place, 'utf8'))) {
      problems.push(`src/${file} has changed since the build`);
    }
  }
  const known = new Set(entriesOf(readManifest(folder)).map((entry) => `${entry}.js`));
  for (const file of filesIn(dist)) {
    if (file.endsWith('.js') && !file.startsWith('shared-') && !known.has(file))
      problems.push(`dist/${file} is of no entry: remove dist, and build`);
  }
  return problems;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const problems = packingProblems(process.cwd());
  if (problems.length > 0) {
    const { name } = readManifest(process.cwd());
    const shown = problems.slice(0, 10).map((problem) => `  ${problem}\n`);
    process.stderr.write(`${name} cannot be packed; run "npm run build" first:\n${shown.join('')}`);
    process.exitCode = 1;
  }
}
