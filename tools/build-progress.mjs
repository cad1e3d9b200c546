/** Builds a project with what it stands on, and says how far it is. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { root, toolScript } from './workspace.mjs';

/**
 * Ends the process with what Nx says where the build fails.
 *
 * @param {string} project
 */
export async function buildWithProgress(project) {
  const { stderr } = process;
  const script = toolScript('nx', 'dist/bin/nx.js');
  const child = spawn(
    process.execPath,
    [script, 'run-many', '-t', 'build', '-p', project, '--outputStyle=static'],
    { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const started = performance.now();
  let output = '';
  let built = 0;
  let total = '';
  const show = () => {
    const seconds = Math.round((performance.now() - started) / 1000);
    const count = built === 0 ? '' : `, ${built}${total} packages`;
    return `building ${project}${count}, ${seconds} s`;
  };
  stderr.write(`building ${project}; the first time takes half a minute\n`);
  // A terminal has one line that changes; elsewhere each package has its line.
  const timer = stderr.isTTY && setInterval(() => stderr.write(`\r${show()} `), 500);
  createInterface({ input: child.stdout }).on('line', (line) => {
    output += `${line}\n`;
    const others = /and (\d+) tasks? it depends on/.exec(line)?.[1];
    if (others !== undefined) total = ` of ${Number(others) + 1}`;
    const name = /^> nx run (\S+):build/.exec(line)?.[1];
    if (name === undefined) return;
    built += 1;
    if (!stderr.isTTY) stderr.write(`  ${name}\n`);
  });
  child.stderr.setEncoding('utf8').on('data', (text) => (output += text));
  const [status] = await once(child, 'close');
  if (timer) clearInterval(timer);
  if (stderr.isTTY) stderr.write(`\r${show()}\n`);
  if (status === 0) return;
  stderr.write(output);
  process.exit(status ?? 1);
}
