import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { root } from '../../workspace.mjs';

/** The source files of a package; none where it has no `src`. */
function sourcesIn(folder: string): string[] {
  const src = path.join(folder, 'src');
  if (!existsSync(src)) return [];
  return readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => path.join(src, file));
}

/** What each source file imports from its own package, types too. */
function importsOf(file: string): string[] {
  const text = readFileSync(file, 'utf8');
  return [...text.matchAll(/^(?:import|export)\b[^;]*?\bfrom '(\.[^']+)';/gm)]
    .map(([, specifier]) => path.resolve(path.dirname(file), specifier.replace(/\.js$/, '.ts')))
    .filter((imported) => existsSync(imported));
}

/** The circles of a graph, each as the files on its way. */
function circlesOf(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const circles: string[][] = [];
  const done = new Set<string>();
  const visit = (file: string, way: readonly string[]): void => {
    const before = way.indexOf(file);
    if (before >= 0) circles.push([...way.slice(before), file]);
    if (before >= 0 || done.has(file)) return;
    for (const next of graph.get(file) ?? []) visit(next, [...way, file]);
    done.add(file);
  };
  for (const file of graph.keys()) visit(file, []);
  return circles;
}

test('a circle is found', () => {
  const graph = new Map([
    ['a', ['b', 'c']],
    ['b', ['d']],
    ['c', []],
    ['d', ['b']],
  ]);
  expect(circlesOf(graph)).toEqual([['b', 'd', 'b']]);
});

test('no source files import each other in a circle', () => {
  const files = ['packages', 'apps'].flatMap((group) =>
    readdirSync(path.join(root, group)).flatMap((name) => sourcesIn(path.join(root, group, name))),
  );
  expect(files.length).toBeGreaterThan(100);
  const graph = new Map(files.map((file) => [file, importsOf(file)]));
  const named = circlesOf(graph).map((files) => files.map((file) => path.relative(root, file)));
  expect(named).toEqual([]);
});
