import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import { entriesOf } from '../../build/bundle.mjs';
import {
  extraFolders,
  publishedPackages,
  readManifest,
  repositoryUrl,
} from '../../release/packages.mjs';
import { root } from '../../workspace.mjs';

const workspace = readManifest(root);
const packages = publishedPackages();
const read = (...parts: string[]): string => readFileSync(path.join(...parts), 'utf8');

// What is missing here is mostly written by: node tools/release/fill-metadata.mjs
test('the root says where the sources are', () => {
  expect(workspace).toMatchObject({
    homepage: `${repositoryUrl}#readme`,
    bugs: { url: `${repositoryUrl}/issues` },
    repository: { type: 'git', url: `git+${repositoryUrl}.git` },
  });
  expect(workspace.keywords).toEqual(expect.arrayContaining(['sluice', 'fluentd']));
});

/** Whether a statement at the top of a module calls something, and not for a declaration's value. */
function acts(statement: ts.Statement): boolean {
  if (ts.isImportDeclaration(statement)) return statement.importClause === undefined;
  const runs =
    ts.isExpressionStatement(statement) ||
    ts.isIfStatement(statement) ||
    ts.isIterationStatement(statement, false) ||
    ts.isTryStatement(statement) ||
    ts.isBlock(statement);
  if (!runs) return false;
  let calls = false;
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) || ts.isNewExpression(node)) calls = true;
    else ts.forEachChild(node, visit);
  };
  visit(statement);
  return calls;
}

/**
 * The files of a package that do something when they are imported, as they are published: what is no
 * entry is built into one, or into a file that several share.
 */
function filesWithEffects(folder: string): string[] {
  const src = path.join(folder, 'src');
  const entries = entriesOf(readManifest(folder));
  return readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .filter((file) => {
      const text = read(src, file);
      return ts.createSourceFile(file, text, ts.ScriptTarget.Latest).statements.some(acts);
    })
    .map((file) => file.replace(/\.ts$/, ''))
    .map((file) => (entries.includes(file) ? `./dist/${file}.js` : './dist/**/*.js'));
}

test('a module that acts when it is imported is found', () => {
  const first = (text: string) =>
    ts.createSourceFile('a.ts', text, ts.ScriptTarget.Latest).statements[0];
  expect(acts(first("process.on('exit', f);"))).toBe(true);
  expect(acts(first("if (primary) process.on('exit', f);"))).toBe(true);
  expect(acts(first("import './other.js';"))).toBe(true);
  expect(acts(first('const table = new Map();'))).toBe(false);
  expect(acts(first('for (let n = 0; n < 9; n++) table[n] = 1;'))).toBe(false);
});

describe.each(packages)('$manifest.name', ({ folder, directory, manifest }) => {
  test('says what it is', () => {
    expect(manifest.description).toMatch(/^[^\n]{20,140}[^.\n]$/);
    expect(manifest.keywords).toEqual(expect.arrayContaining(['sluice', 'fluentd', 'logging']));
    expect(manifest.keywords.length).toBeGreaterThanOrEqual(5);
    expect(new Set(manifest.keywords).size).toBe(manifest.keywords.length);
    for (const keyword of manifest.keywords) expect(keyword).toMatch(/^[a-z0-9][a-z0-9.-]*$/);
  });

  test('says where it is from', () => {
    expect(manifest).toMatchObject({
      homepage: `${repositoryUrl}/tree/main/${directory}#readme`,
      bugs: { url: `${repositoryUrl}/issues` },
      repository: { type: 'git', url: `git+${repositoryUrl}.git`, directory },
      license: workspace.license,
      engines: workspace.engines,
      publishConfig: { access: 'public' },
      scripts: { prepack: 'node ../../tools/release/prepack.mjs' },
    });
    expect(read(folder, 'LICENSE')).toBe(read(root, 'LICENSE'));
  });

  test('publishes what is built, and what belongs to it', () => {
    const extra = manifest.files.filter((file) => file in extraFolders);
    expect([...manifest.files].sort()).toEqual(
      ['!dist/**/*.map', '!dist/**/*.tsbuildinfo', 'CHANGELOG.md', 'dist', ...extra].sort(),
    );
    expect(extra.includes('bin')).toBe(manifest.bin !== undefined);
  });

  test('says truly what importing it does', () => {
    const commands = Object.values(manifest.bin ?? {}).map((file) => `./${path.normalize(file)}`);
    const found = [...commands, ...filesWithEffects(folder)].sort();
    expect(manifest.sideEffects).toEqual(found.length === 0 ? false : found);
  });
});
