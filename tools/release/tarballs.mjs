/** What is in the tarballs, as publint, attw and our own rules see it. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { extraFolders } from './packages.mjs';

const wanted = ['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md', 'dist/'];
const required = [...wanted.slice(0, 4), 'dist/index.js', 'dist/index.d.ts'];

/**
 * attw's profile `esm-only`: the resolutions that it leaves out, see docs/decisions/es-modules.md. What
 * `require` resolves to is still looked at, but for being an ES module: the rehearsal requires it.
 */
const esmOnly = {
  unused: new Set(['node10']),
  required: 'node16-cjs',
  allowed: 'CJSResolvesToESM',
};

/**
 * @param {string} tarball
 * @returns {Promise<{ files: number; problems: string[] }>}
 */
export async function checkTarball(tarball) {
  const list = execFileSync('tar', ['-tzf', tarball], { encoding: 'utf8' });
  const files = list
    .trim()
    .split('\n')
    .map((file) => file.replace(/^package\//, ''));
  return {
    files: files.length,
    problems: [
      ...required.filter((file) => !files.includes(file)).map((file) => `${file} is missing`),
      ...files.filter((file) => !belongs(file)).map((file) => `${file} does not belong there`),
      ...(await publintProblems(tarball)),
      ...(await attwProblems(tarball)),
    ],
  };
}

/** @param {string} file */
function belongs(file) {
  if (/\.(map|tsbuildinfo)$/.test(file) || /[^d]\.ts$/.test(file)) return false;
  const places = [...wanted, ...Object.keys(extraFolders).map((folder) => `${folder}/`)];
  return places.some((place) => (place.endsWith('/') ? file.startsWith(place) : file === place));
}

/** @param {string} tarball */
async function publintProblems(tarball) {
  const { buffer, byteOffset, byteLength } = readFileSync(tarball);
  const bytes = /** @type {ArrayBuffer} */ (buffer).slice(byteOffset, byteOffset + byteLength);
  const { messages, pkg } = await publint({ pack: { tarball: bytes }, strict: true });
  return messages.map((message) => `publint: ${formatMessage(message, pkg, { color: false })}`);
}

/** @param {string} tarball */
async function attwProblems(tarball) {
  const analysis = await checkPackage(createPackageFromTarballData(readFileSync(tarball)));
  if (!analysis.types) return ['attw: no types'];
  return analysis.problems
    .filter((problem) => {
      if (!('resolutionKind' in problem)) return true;
      const { kind, resolutionKind } = problem;
      if (resolutionKind === esmOnly.required) return kind !== esmOnly.allowed;
      return !esmOnly.unused.has(resolutionKind);
    })
    .map(({ kind, ...problem }) => {
      const where = Object.entries(problem).filter(([, value]) => typeof value === 'string');
      return `attw: ${kind} ${where.map(([name, value]) => `${name}=${value}`).join(' ')}`;
    });
}
