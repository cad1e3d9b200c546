/**
 * `npm run licences`: looks at the licence of everything in node_modules. What users install may
 * only have the permissive licences below; what we develop with also some that ask more of those who
 * change or ship it, because we do neither.
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { root } from './workspace.mjs';

const permissive = new Set([
  'Apache-2.0',
  'MIT',
  'MIT-0',
  'ISC',
  '0BSD',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'CC0-1.0',
  'Python-2.0',
  'Unlicense',
]);
/** For development: fonts, dictionaries, data, and libraries that are used as they are. */
const forDevelopment = new Set([
  ...permissive,
  'CC-BY-3.0',
  'CC-BY-4.0',
  'CC BY-SA 4.0',
  'MPL-2.0',
  'LGPL-3.0',
  'LGPL-3.0-or-later',
  'WTFPL',
]);

/** What names no licence in its package.json, and has one in a file: read by a person. */
const read = new Map([['spawndamnit', 'MIT']]);

/**
 * Whether an SPDX expression allows it: of `OR` one part has to, of `AND` all.
 *
 * @param {string} expression such as `(MIT OR GPL-3.0-only)`
 * @param {ReadonlySet<string>} allowed
 * @returns {boolean}
 */
export function allows(expression, allowed) {
  const text = expression.trim();
  const bare = /^\(([^()]*)\)$/.exec(text)?.[1] ?? text;
  const parts = (word) => bare.split(new RegExp(`\\s+${word}\\s+(?![^(]*\\))`));
  const choices = parts('OR');
  if (choices.length > 1) return choices.some((each) => allows(each, allowed));
  const all = parts('AND');
  if (all.length > 1) return all.every((each) => allows(each, allowed));
  return allowed.has(bare);
}

/** The licence as package.json has it, in today's form or in one of the old ones. */
function licenceOf({ name, license, licenses }) {
  if (read.has(name)) return read.get(name);
  const named = license ?? licenses;
  if (Array.isArray(named)) return named.map((each) => each.type ?? each).join(' OR ');
  return named?.type ?? named ?? 'none';
}

/**
 * @param {string} [folder] of the workspace
 * @returns {{ problems: string[]; counts: Map<string, number> }}
 */
export function checkLicences(folder = root) {
  const lock = JSON.parse(readFileSync(path.join(folder, 'package-lock.json'), 'utf8'));
  const problems = [];
  const counts = new Map();
  for (const [place, entry] of Object.entries(lock.packages)) {
    if (!place.includes('node_modules/') || entry.link === true) continue;
    const found = readPackage(path.join(folder, place));
    // What is not installed here, as a binary of another system, has its licence in the lock file.
    const licence = licenceOf(found ?? entry);
    if (licence === 'none' && found === undefined) continue;
    counts.set(licence, (counts.get(licence) ?? 0) + 1);
    const isDevelopment = entry.dev === true || entry.devOptional === true;
    if (!allows(licence, isDevelopment ? forDevelopment : permissive)) {
      const use = isDevelopment ? 'development' : 'run time';
      problems.push(`${place} (${use}): ${licence}`);
    }
  }
  return { problems, counts };
}

function readPackage(place) {
  try {
    return JSON.parse(readFileSync(path.join(place, 'package.json'), 'utf8'));
  } catch {
    return undefined;
  }
}

/** Every package of ours ships the licence. */
function withoutLicence() {
  return ['packages', 'apps'].flatMap((group) =>
    readdirSync(path.join(root, group))
      .filter((name) => readPackage(path.join(root, group, name))?.license !== 'Apache-2.0')
      .map((name) => `${group}/${name}: its licence is not Apache-2.0`),
  );
}

if (process.argv[1] === import.meta.filename) {
  const { problems, counts } = checkLicences();
  const all = [...problems, ...withoutLicence()];
  for (const [licence, count] of [...counts].sort(([, a], [, b]) => b - a)) {
    process.stdout.write(`${String(count).padStart(5)}  ${licence}\n`);
  }
  for (const problem of all) process.stderr.write(`${problem}\n`);
  process.exitCode = all.length > 0 ? 1 : 0;
}
