import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { root } from '../../workspace.mjs';

/** Wordings that have crept in before, and what to write. */
const wrong: readonly (readonly [pattern: RegExp, right: string])[] = [
  [/(?<!\bthere )\b(?:is|are) no (?!longer\b|more\b|effect\b)/i, 'is not a, are not'],
  [/\bthere is no such\b/i, 'unknown X'],
  [/\bis (?:there |written |given )?twice\b|\bmay be written once\b/i, 'duplicate X'],
  [/; \d[\d_]*\.?(?:\s*\*\/|\s*\||['"`])/, '(default: 5)'],
  [/; 0 (?:is|for) (?:never|none|no )/i, '(0: never)'],
  [/\bno good\b/i, 'is not a valid'],
  [/\btext that is not empty\b/i, 'must not be empty'],
  [/\bthe log says more\b/i, 'say what is wrong'],
  [/\bevent comes by\b/i, 'when an event comes'],
  [/\b(?:is|are) told in (?:the log|one go)\b/i, 'is logged, are reported together'],
  [/\bshall\b/i, 'must, should, is to'],
  [/\b\w*HttpFace\b|\bpatience\b|\bhopeless\b/, 'a plain name'],
];

const skipped = new Set(['node_modules', 'dist', 'out-tsc', 'api', 'LICENSE', 'CHANGELOG.md']);

function* filesIn(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (skipped.has(entry.name)) continue;
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) yield* filesIn(file);
    else if (/\.(?:[cm]?[jt]s|md|conf)$/.test(entry.name)) yield file;
  }
}

function* texts(): Generator<string> {
  yield path.join(root, 'README.md');
  yield path.join(root, 'CONTRIBUTING.md');
  for (const folder of ['docs', 'examples']) yield* filesIn(path.join(root, folder));
  for (const group of ['packages', 'apps']) {
    for (const name of readdirSync(path.join(root, group))) {
      for (const file of filesIn(path.join(root, group, name))) {
        if (!file.includes(`${path.sep}test${path.sep}`)) yield file;
      }
    }
  }
}

test.each([
  ["'Seconds for one call of that module; 5'", '(default: 5)'],
  ['an array is no map', 'is not a, are not'],
  ['host is there twice', 'duplicate X'],
])('%j is found', (text, right) => {
  expect(wrong.find(([pattern]) => pattern.test(text))?.[1]).toBe(right);
});

test('comments, messages and pages are in plain English', () => {
  const found: string[] = [];
  for (const file of texts()) {
    for (const [index, line] of readFileSync(file, 'utf8').split('\n').entries()) {
      for (const [pattern, right] of wrong) {
        if (!pattern.test(line)) continue;
        const where = `${path.relative(root, file)}:${index + 1}`;
        found.push(`${where}: ${line.trim()} (write: ${right})`);
      }
    }
  }
  expect(found).toEqual([]);
});
