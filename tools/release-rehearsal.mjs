/**
 * Rehearses a release: packs every package as it would be published, installs the tarballs into an
 * empty project as a user would, imports each, compiles against its types, and runs the command.
 * Nothing is published. Run `npm run build` first.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { root, toolScript } from './workspace.mjs';

const folder = mkdtempSync(path.join(os.tmpdir(), 'sluice-release-'));
/** @type {{ encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }} */
const quiet = { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] };

/** @param {string} place such as `packages` */
const packagesIn = (place) =>
  readdirSync(path.join(root, place)).map((name) => path.join(root, place, name));

try {
  const names = [];
  const tarballs = [];
  for (const place of [...packagesIn('packages'), ...packagesIn('apps')]) {
    const args = ['pack', '--json', '--pack-destination', folder];
    const [packed] = JSON.parse(execFileSync('npm', args, { cwd: place, ...quiet }));
    const files = packed.files.map((/** @type {{ path: string }} */ file) => file.path);
    for (const wanted of ['README.md', 'dist/index.js', 'dist/index.d.ts']) {
      if (!files.includes(wanted)) throw new Error(`${packed.name} is published without ${wanted}`);
    }
    const unwanted = files.filter((/** @type {string} */ file) => /^(src|test|out)\//.test(file));
    if (unwanted.length > 0) throw new Error(`${packed.name} would publish ${unwanted.join(', ')}`);
    names.push(packed.name);
    tarballs.push(path.join(folder, packed.filename));
    console.log(`${packed.name} ${packed.version}: ${files.length} files, ${packed.size} bytes`);
  }

  const user = path.join(folder, 'user');
  mkdirSync(user);
  const { devDependencies } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  writeFileSync(path.join(user, 'package.json'), '{ "private": true, "type": "module" }\n');
  const install = ['install', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'];
  const nodeTypes = `@types/node@${devDependencies['@types/node']}`;
  execFileSync('npm', [...install, nodeTypes, ...tarballs], { cwd: user, ...quiet });

  const imports = names.map((name, n) => `import * as p${n} from '${name}';\n`).join('');
  const uses = names.map((name, n) => `console.log('${name}', Object.keys(p${n}).length > 0);\n`);
  writeFileSync(path.join(user, 'all.ts'), imports + uses.join(''));
  const compilerOptions = {
    module: 'nodenext',
    target: 'es2023',
    strict: true,
    types: ['node'],
    skipLibCheck: false,
  };
  writeFileSync(
    path.join(user, 'tsconfig.json'),
    JSON.stringify({ compilerOptions, files: ['all.ts'] }),
  );
  execFileSync(process.execPath, [toolScript('typescript', 'bin/tsc'), '-p', user], {
    cwd: user,
    stdio: 'inherit',
  });
  const printed = execFileSync(process.execPath, ['all.js'], { cwd: user, ...quiet });
  for (const name of names) {
    if (!printed.includes(`${name} true`)) throw new Error(`${name} exports nothing`);
  }
  const sluice = path.join(user, 'node_modules/.bin/sluice');
  console.log(execFileSync(sluice, ['--version'], { cwd: user, ...quiet }).trim());
  console.log('release rehearsal: good');
} finally {
  rmSync(folder, { recursive: true, force: true });
}
