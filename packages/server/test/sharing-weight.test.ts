import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

/** What a source file imports when it runs, and what that imports. */
function importsOf(file: string, seen: Map<string, string[]>): Map<string, string[]> {
  if (seen.has(file)) return seen;
  const text = readFileSync(file, 'utf8');
  const names = [...text.matchAll(/^(?:import|export) (?!type)[^;]*? from '([^']+)';/gms)].map(
    ([, name]) => name,
  );
  seen.set(file, names);
  for (const name of names) {
    if (!name.startsWith('.')) continue;
    importsOf(path.join(path.dirname(file), name.replace(/\.js$/, '.ts')), seen);
  }
  return seen;
}

test("what a primary imports is small: Node's modules and a few files of this package", () => {
  const all = importsOf(path.join(import.meta.dirname, '../src/sharing.ts'), new Map());
  expect(all.size).toBeGreaterThan(4);
  expect(all.size).toBeLessThan(10);
  const others = [...all.values()].flat().filter((name) => !/^(node:|\.)/.test(name));
  expect(others).toEqual([]);
});
