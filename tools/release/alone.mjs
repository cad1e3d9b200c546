/** A package on its own in an empty folder, used as its README says. */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import ts from 'typescript';
import { installFlags } from '../packed-workspace.mjs';
import { readmeExamples } from '../readme-examples.mjs';
import { root } from '../workspace.mjs';

const run = promisify(execFile);

/**
 * @typedef {object} Place
 * @property {string} folder
 * @property {import('./packages.mjs').Manifest} manifest
 * @property {{ lang: string; code: string; line: number }[]} examples of the README
 */

/**
 * Installs a package as its README says; where that says nothing, alone.
 *
 * @param {string} folder
 * @param {import('./packages.mjs').Manifest} manifest
 * @param {string} registry where packages of the workspace come from
 * @returns {Promise<Place>}
 */
export async function installAlone(folder, manifest, registry) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'package.json'), '{ "private": true, "type": "module" }\n');
  const scoped = manifest.name.startsWith('@');
  // Only what is ours comes from loopback, so that npm's cache serves the rest.
  writeFileSync(
    path.join(folder, '.npmrc'),
    scoped ? `@sluice:registry=${registry}\n` : `registry=${registry}\n`,
  );
  await run('npm', ['install', ...installFlags, `${manifest.name}@${manifest.version}`], {
    cwd: folder,
  });
  const readme = path.join(folder, 'node_modules', manifest.name, 'README.md');
  const examples = readmeExamples(readme);
  return { folder, manifest, examples };
}

/**
 * Installs what the README asks for beside the package.
 *
 * @param {Place} place
 */
export async function installNamed({ folder, examples }) {
  const text = examples.map(({ code }) => code).join('');
  const named = [...text.matchAll(/^npm install (?!--)(.+)$/gm)].flatMap(([, names = '']) =>
    names.split(' '),
  );
  // What came along with the package stands where npm would put it.
  const more = named.filter((name) => !existsSync(path.join(folder, 'node_modules', name)));
  if (more.length === 0) return;
  await run('npm', ['install', ...installFlags, ...more], { cwd: folder });
}

/**
 * What an installation costs.
 *
 * @param {string} folder
 * @returns {{ packages: number; megabytes: number }}
 */
export function sizeOf(folder) {
  const modules = path.join(folder, 'node_modules');
  let bytes = 0;
  for (const entry of readdirSync(modules, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) bytes += statSync(path.join(entry.parentPath, entry.name)).size;
  }
  const lock = JSON.parse(readFileSync(path.join(modules, '.package-lock.json'), 'utf8'));
  return { packages: Object.keys(lock.packages).length, megabytes: bytes / 1_000_000 };
}

/**
 * The subpaths that can be imported.
 *
 * @param {import('./packages.mjs').Manifest} manifest
 */
function specifiers({ name, exports }) {
  return Object.keys(exports)
    .filter((subpath) => subpath !== './package.json')
    .map((subpath) => name + subpath.slice(1));
}

/**
 * Compiles against the types of every package, each from its own installation: all that can be
 * imported, and the README's examples, as Node and as a bundler resolve.
 *
 * @param {readonly Place[]} places
 */
export function checkTypes(places) {
  const files = places.flatMap(({ folder, manifest, examples }) => {
    const imports = specifiers(manifest).map((name, n) => `export * as p${n} from '${name}';\n`);
    const sources = [
      ['imports.mts', imports.join('')],
      ...examples
        .filter(({ lang }) => lang === 'ts')
        .map(({ code, line }) => [`readme-line-${line}.mts`, code]),
    ];
    return sources.map(([name = '', text = '']) => {
      writeFileSync(path.join(folder, name), text);
      return path.join(folder, name);
    });
  });
  // What CommonJS in TypeScript sees, which only Node's way of resolving knows.
  const required = places.map(({ folder, manifest }) => {
    const file = path.join(folder, 'requires.cts');
    const lines = specifiers(manifest).map((name, n) => `import p${n} = require('${name}');`);
    const uses = specifiers(manifest).map((_, n) => `void p${n};`);
    writeFileSync(file, [...lines, ...uses, 'export {};', ''].join('\n'));
    return file;
  });
  const modes = [
    { module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext },
    { module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler },
  ];
  for (const mode of modes) {
    const commonJs = mode.module === ts.ModuleKind.NodeNext ? required : [];
    const program = ts.createProgram([...files, ...commonJs], {
      ...mode,
      strict: true,
      target: ts.ScriptTarget.ES2023,
      types: ['node'],
      typeRoots: [path.join(root, 'node_modules/@types')],
      noEmit: true,
      skipLibCheck: false,
    });
    // The declarations of others are theirs to keep right.
    const found = ts
      .getPreEmitDiagnostics(program)
      .filter(({ file }) => !/node_modules\/(?!@sluice\/)/.test(last(file?.fileName ?? '')));
    if (found.length === 0) continue;
    throw new Error(
      ts.formatDiagnostics(found.slice(0, 10), {
        getCanonicalFileName: (name) => name,
        getCurrentDirectory: () => root,
        getNewLine: () => '\n',
      }),
    );
  }
}

/** @param {string} file its path from the last `node_modules` on */
function last(file) {
  const at = file.lastIndexOf('node_modules/');
  return at < 0 ? '' : file.slice(at);
}

/**
 * Runs a place's examples as JavaScript, and imports and requires all that there is.
 *
 * @param {Place} place
 * @returns {Promise<number>} how many examples have run
 */
export async function useAlone({ folder, manifest, examples }) {
  const names = specifiers(manifest).map((name) => JSON.stringify(name));
  const imports = names.map((name) => `await import(${name});`).join('\n');
  const requires = names
    .map((name) => `if (Object.keys(require(${name})).length === 0) throw new Error(${name});`)
    .join('\n');
  writeFileSync(path.join(folder, 'imports.mjs'), imports);
  writeFileSync(path.join(folder, 'requires.cjs'), requires);
  await node(folder, 'imports.mjs');
  await node(folder, 'requires.cjs');
  const runnable = examples.filter(({ lang }) => lang === 'js' || lang === 'ts');
  for (const { lang, code, line } of runnable) {
    const name = `readme-line-${line}.mjs`;
    const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023 };
    const text = lang === 'ts' ? ts.transpile(code, compilerOptions) : code;
    writeFileSync(path.join(folder, name), text);
    await node(folder, name);
  }
  return runnable.length;
}

/**
 * @param {string} cwd
 * @param {string} script
 */
async function node(cwd, script) {
  await run(process.execPath, [script], { cwd, timeout: 60_000 });
}
