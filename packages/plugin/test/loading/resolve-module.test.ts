import { symlinkSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  isPath,
  modulesIn,
  resolvePackage,
  resolvePath,
  versionOf,
} from '../../src/loading/resolve-module.js';
import { folderWith } from '../support/files.js';

test.each([
  ['./x.mjs', true],
  ['../x', true],
  ['.', true],
  ['..', true],
  ['/x', true],
  ['sluice-plugin-x', false],
  ['@acme/sluice-plugin-x', false],
  ['.hidden', false],
  ['...', false],
])('%s is a path: %s', (name, expected) => {
  expect(isPath(name)).toBe(expected);
});

describe('a path', () => {
  test('of a file has the version of the package around it', () => {
    const folder = folderWith({ 'package.json': { version: '1.2.3' }, 'a/x.mjs': '' });
    const file = path.join(folder, 'a/x.mjs');
    expect(resolvePath(file)).toEqual({ file, name: file, version: '1.2.3' });
  });

  test('of a folder is that of its package, or its index', () => {
    const folder = folderWith({
      'made/package.json': { name: 'made', version: '1.0.0', main: './lib/main' },
      'made/lib/main.js': '',
      'plain/index.mjs': '',
      'empty/readme.txt': '',
    });
    const made = path.join(folder, 'made');
    expect(resolvePath(made)).toEqual({
      file: path.join(made, 'lib/main.js'),
      name: 'made',
      version: '1.0.0',
    });
    const plain = path.join(folder, 'plain');
    expect(resolvePath(plain)).toMatchObject({ file: path.join(plain, 'index.mjs'), name: plain });
    expect(resolvePath(path.join(folder, 'empty'))).toBeUndefined();
    expect(resolvePath(path.join(folder, 'nothing'))).toBeUndefined();
  });
});

describe('a package', () => {
  const withPackage = (described: object, ...files: string[]) => {
    const place = 'node_modules/pkg';
    return folderWith({
      [`${place}/package.json`]: { name: 'pkg', version: '2.0.0', ...described },
      ...Object.fromEntries(files.map((file) => [`${place}/${file}`, ''])),
    });
  };
  const found = (described: object, file: string, name = 'pkg') => {
    const folder = withPackage(
      described,
      'a.mjs',
      'b.cjs',
      'index.js',
      'lib/index.js',
      'dist/x.js',
    );
    return {
      is: resolvePackage(name, folder)?.file,
      wanted: path.join(folder, 'node_modules/pkg', file),
    };
  };

  test.each([
    ['no entry: its index', {}, 'index.js'],
    ['main', { main: 'a.mjs' }, 'a.mjs'],
    ['main that is a folder', { main: './lib' }, 'lib/index.js'],
    ['exports', { main: 'b.cjs', exports: './a.mjs' }, 'a.mjs'],
    ['exports with a dot', { exports: { '.': './a.mjs', './x': './b.cjs' } }, 'a.mjs'],
    ['conditions', { exports: { import: './a.mjs', require: './b.cjs' } }, 'a.mjs'],
    ['conditions, require first', { exports: { require: './b.cjs', import: './a.mjs' } }, 'a.mjs'],
    ['require alone', { exports: { types: './x.d.ts', require: './b.cjs' } }, 'b.cjs'],
    ['nested conditions', { exports: { '.': { node: { default: './a.mjs' } } } }, 'a.mjs'],
    ['the first of a list', { exports: [{ browser: './x.js' }, './a.mjs'] }, 'a.mjs'],
    ['a condition that nobody has', { exports: { bun: './x.js', default: './a.mjs' } }, 'a.mjs'],
  ])('%s', (_name, described, file) => {
    const { is, wanted } = found(described, file);
    expect(is).toBe(wanted);
  });

  test.each([
    ['a file, without exports', {}, 'pkg/lib/index.js', 'lib/index.js'],
    ['an export', { exports: { './x': './a.mjs' } }, 'pkg/x', 'a.mjs'],
    ['a pattern', { exports: { './*': './dist/*.js' } }, 'pkg/x', 'dist/x.js'],
    [
      'the longest pattern',
      { exports: { './*': './*.nothing', './dist/*': './dist/*.js' } },
      'pkg/dist/x',
      'dist/x.js',
    ],
    [
      'a pattern that is shadowed',
      { exports: { './*': './*', './x': './a.mjs' } },
      'pkg/x',
      'a.mjs',
    ],
  ])('a subpath: %s', (_name, described, name, file) => {
    const { is, wanted } = found(described, file, name);
    expect(is).toBe(wanted);
  });

  test('one with a scope, from a folder below and through a link', () => {
    const folder = folderWith({
      'real/package.json': { name: '@acme/pkg', version: '3.1.4', exports: './x.mjs' },
      'real/x.mjs': '',
      'node_modules/@acme/.keep': '',
      'deep/er/.keep': '',
    });
    symlinkSync(path.join(folder, 'real'), path.join(folder, 'node_modules/@acme/pkg'));
    const from = path.join(folder, 'deep/er');
    expect(resolvePackage('@acme/pkg', from)).toEqual({
      file: path.join(folder, 'node_modules/@acme/pkg/x.mjs'),
      name: '@acme/pkg',
      version: '3.1.4',
    });
    expect(versionOf('@acme/pkg', from)).toBe('3.1.4');
  });

  test('one that is not there', () => {
    const folder = folderWith({ x: '' });
    expect(resolvePackage('sluice-plugin-nowhere', folder)).toBeUndefined();
    expect(versionOf('sluice-plugin-nowhere', folder)).toBeUndefined();
  });

  test('one that is not built, or has no such export, is reported', () => {
    const folder = withPackage({ exports: { '.': './dist/index.js' } });
    const place = path.join(folder, 'node_modules/pkg');
    expect(() => resolvePackage('pkg', folder)).toThrow(
      expect.objectContaining({
        code: 'ERR_SLUICE_PLUGIN_IMPORT',
        message: `package pkg in ${place} has no module to import: its package.json points at ./dist/index.js, which is not there`,
        hint: 'build the package first',
      }),
    );
    expect(() => resolvePackage('pkg/other', folder)).toThrow(
      `package pkg in ${place} has no module to import: its package.json has no export "./other"`,
    );
  });
});

test('the modules in a folder, as for -p DIR', () => {
  const names = ['b.mjs', 'a.js', 'c.cjs', 'd.ts'];
  const others = ['_shared.mjs', '.x.mjs', 'a.test.mjs', 'a.d.ts', 'a.json', 'sub.js/x.mjs'];
  const folder = folderWith(Object.fromEntries([...names, ...others].map((name) => [name, ''])));
  expect(modulesIn(folder).map(({ file }) => path.basename(file))).toEqual([...names].sort());
});
