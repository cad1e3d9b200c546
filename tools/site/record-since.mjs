/**
 * Writes down which version has had each parameter of a configuration first: part of `npm run
 * release:version`, when the version has just been raised. What is written already stays.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { root } from '../workspace.mjs';
import { parameterKey, parametersOf, referenceEntries } from './reference-data.mjs';

const file = path.join(import.meta.dirname, 'since.json');
const known = JSON.parse(readFileSync(file, 'utf8'));
const { version } = JSON.parse(readFileSync(path.join(root, 'apps/agent/package.json'), 'utf8'));
for (const entry of await referenceEntries()) {
  for (const { sections, param } of parametersOf(entry)) {
    known[parameterKey(entry.name, sections, param.name)] ??= version;
  }
}
const sorted = Object.fromEntries(Object.entries(known).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync(file, `${JSON.stringify(sorted, null, 2)}\n`);
