/**
 * `npm run bench [-- NAME …]`: the benchmarks, after `npm run build`. Without names all of them,
 * one after another; each has its own page of what it measures at its top.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { root, runOrExit } from './workspace.mjs';

const all = [
  'socket-options',
  'config',
  'event-stream',
  'server',
  'forward',
  'file-output',
  'jetstream',
  'start-up',
];

const names = process.argv.slice(2);
for (const name of names.length > 0 ? names : all) {
  const script = path.join(root, 'tools/bench', `${name}.mjs`);
  if (!existsSync(script)) {
    console.error(`bench: no benchmark "${name}"; there are ${all.join(', ')}`);
    process.exit(1);
  }
  console.log(`\n== ${name}`);
  runOrExit(script, []);
}
