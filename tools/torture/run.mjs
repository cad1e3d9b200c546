/**
 * Real agents, real sockets, everything that can go wrong: `npm run torture -- [--short] [--seed N]
 * [--only NAME,…] [--list] [--json FILE] [--fuzz-seconds N] [--soak-minutes N] [--keep]`, after a
 * build. The seed is printed, and gives the same run again as far as clocks and schedulers allow.
 *
 * Progress goes to standard error, a table to standard output. Exit code 1 where a promise is broken.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { Random } from './random.mjs';
import { scenarios } from './scenarios.mjs';

const { values } = parseArgs({
  options: {
    short: { type: 'boolean', default: false },
    seed: { type: 'string' },
    only: { type: 'string' },
    list: { type: 'boolean', default: false },
    json: { type: 'string' },
    keep: { type: 'boolean', default: false },
    'no-skip': { type: 'boolean', default: false },
    'fuzz-seconds': { type: 'string' },
    'soak-minutes': { type: 'string', default: '20' },
  },
});

if (values.list) {
  for (const { name, text } of scenarios) console.log(`${name.padEnd(14)} ${text}`);
  process.exit(0);
}
const wanted = values.only?.split(',') ?? scenarios.map(({ name }) => name);
for (const name of wanted) {
  if (scenarios.some((scenario) => scenario.name === name)) continue;
  console.error(`torture: unknown scenario "${name}"; --list names them`);
  process.exit(2);
}
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 32));
const { short } = values;
const fuzzSeconds = Number(values['fuzz-seconds'] ?? (short ? 8 : 60));
const minutes = Number(values['soak-minutes']);
const root = mkdtempSync(path.join(os.tmpdir(), 'sluice-torture-'));
const say = (text) => process.stderr.write(`${text}\n`);
say(
  `torture: seed ${seed}, ${short ? 'short' : 'whole'} form, Node ${process.version}, ${os.availableParallelism()} cores`,
);
const begun = performance.now();
const since = () => `${Math.round((performance.now() - begun) / 1000)} s`.padStart(6);

async function runOne({ name, text, run }) {
  const folder = mkdtempSync(path.join(root, `${name}-`));
  say(`${since()}  ${name}: ${text}`);
  const start = performance.now();
  let told = start;
  const progress = (done, total) => {
    if (performance.now() - told < 15_000) return;
    told = performance.now();
    say(`${since()}  ${name}: ${done} of ${total}`);
  };
  // Each scenario draws its own numbers, so that it is the same with --only.
  const random = new Random(seed ^ hash(name));
  const options = { folder, random, seed, short, progress, fuzzSeconds, minutes };
  const result = { name, text };
  try {
    const figures = await run(options);
    if (typeof figures.skipped === 'string' && values['no-skip']) throw new Error(figures.skipped);
    if (typeof figures.skipped === 'string')
      Object.assign(result, { state: 'skipped', why: figures.skipped });
    else Object.assign(result, { state: 'passed', figures });
  } catch (error) {
    Object.assign(result, { state: 'FAILED', why: error.message });
  }
  result.seconds = Math.round((performance.now() - start) / 100) / 10;
  say(`${since()}  ${name}: ${result.state}${result.why === undefined ? '' : `: ${result.why}`}`);
  if (result.state !== 'FAILED' && !values.keep) rmSync(folder, { recursive: true, force: true });
  else say(`        files: ${folder}`);
  return result;
}

function hash(text) {
  let value = 2166136261;
  for (const byte of Buffer.from(text)) value = Math.imul(value ^ byte, 16777619) >>> 0;
  return value;
}

async function lane(list) {
  const results = [];
  for (const scenario of list) results.push(await runOne(scenario));
  return results;
}

const chosen = scenarios.filter(({ name }) => wanted.includes(name));
// What takes long and measures nothing that others disturb runs beside them. In the short form the
// others are shared out, too: most of their time is waiting.
const first = chosen.filter(({ beside }) => beside !== true);
const beside = chosen.filter((scenario) => scenario.beside === true);
const lanes = short
  ? [first.filter((_, n) => n % 2 === 0), first.filter((_, n) => n % 2 === 1), beside]
  : [first, beside];
const results = (await Promise.all(lanes.map(lane))).flat();
results.sort((a, b) => wanted.indexOf(a.name) - wanted.indexOf(b.name));

const failed = results.filter(({ state }) => state === 'FAILED');
console.log(
  `\ntorture, ${short ? 'short' : 'whole'} form, seed ${seed}, Node ${process.version}, ${os.availableParallelism()} cores, ${Math.round((performance.now() - begun) / 1000)} s\n`,
);
for (const { name, text, state, seconds, why, figures } of results) {
  console.log(`${state.padEnd(8)} ${name.padEnd(14)} ${`${seconds} s`.padStart(8)}  ${text}`);
  if (why !== undefined) console.log(`         ${why.split('\n').join('\n         ')}`);
  const list = Object.entries(figures ?? {}).map(([key, value]) => `${key} ${value}`);
  if (list.length > 0) console.log(`         ${list.join(', ')}`);
}
console.log(
  `\n${results.length - failed.length} of ${results.length} passed or skipped` +
    (failed.length === 0
      ? ''
      : `; again: npm run torture -- ${short ? '--short ' : ''}--seed ${seed} --only ${failed.map(({ name }) => name).join(',')}`),
);
if (values.json !== undefined) {
  const about = {
    seed,
    short,
    node: process.version,
    cores: os.availableParallelism(),
    date: new Date().toISOString(),
  };
  writeFileSync(values.json, `${JSON.stringify({ ...about, results }, undefined, 2)}\n`);
}
if (failed.length === 0 && !values.keep) rmSync(root, { recursive: true, force: true });
process.exit(failed.length === 0 ? 0 : 1);
