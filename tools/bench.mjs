/**
 * `npm run bench [-- NAME … --OPTION …]`: the benchmarks, after `npm run build`. Without names all of
 * them, one after another; each has its own page of what it measures at its top. Options are those of
 * `forward`; `--quick` alone is a short form of that one, under two minutes.
 */
import path from 'node:path';
import { root, runOrExit } from './workspace.mjs';

const all = [
  'socket-options',
  'config',
  'event-stream',
  'server',
  'forward',
  'reader',
  'inputs',
  'file-output',
  'file-buffer',
  'jetstream',
  'start-up',
];

/** @param {string} text */
const isOption = (text) => text.startsWith('--');
const named = process.argv.slice(2).filter((text) => all.includes(text));
const options = process.argv.slice(2).filter((text) => !all.includes(text));
const [unknown] = options;
if (unknown !== undefined && !isOption(unknown)) {
  console.error(`bench: unknown benchmark "${unknown}"; there are ${all.join(', ')}`);
  process.exit(1);
}
const names = named.length > 0 ? named : options.length > 0 ? ['forward'] : all;
for (const name of names) {
  const script = path.join(root, 'tools/bench', `${name}.mjs`);
  console.log(`\n== ${name}`);
  runOrExit(script, name === 'forward' ? options : []);
}
