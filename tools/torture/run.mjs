/**
 * Real agents, real sockets, everything that can go wrong: `npm run torture -- [--short] [--seed N]
 * [--only NAME,…] [--list] [--json FILE] [--fuzz-seconds N] [--soak-minutes N]
 * [--rounds N] [--keep] [--no-skip]`, after a
 * build. The seed is printed, and gives the same run again as far as clocks and schedulers allow.
 *
 * Progress goes to standard error, a table to standard output. Exit code 1 where a promise is broken.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { Random } from '../random.mjs';
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
    // Of a process that runs a part of the scenarios: where it puts its results, and since when.
    part: { type: 'string' },
    begun: { type: 'string' },
    'fuzz-seconds': { type: 'string' },
    'soak-minutes': { type: 'string', default: '20' },
    rounds: { type: 'string' },
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
// Of those scenarios that go in rounds; undefined: as each has it for its form.
const rounds = values.rounds === undefined ? undefined : Number(values.rounds);
const root =
  values.part === undefined
    ? mkdtempSync(path.join(os.tmpdir(), 'sluice-torture-'))
    : path.dirname(values.part);
const say = (text) => process.stderr.write(`${text}\n`);
if (values.part === undefined) {
  say(
    `torture: seed ${seed}, ${short ? 'short' : 'whole'} form, Node ${process.version}, ${os.availableParallelism()} cores`,
  );
}
// Its agents end with it, whatever ends it.
for (const name of ['SIGINT', 'SIGTERM']) process.on(name, () => process.exit(1));
const begun = Number(values.begun ?? Date.now());
const since = () => `${Math.round((Date.now() - begun) / 1000)} s`.padStart(6);

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
  const options = { folder, random, seed, short, progress, fuzzSeconds, minutes, rounds };
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
  const said = result.why ?? figuresOf(result);
  say(`${since()}  ${name}: ${result.state}, ${result.seconds} s: ${said}`);
  if (result.state !== 'FAILED' && !values.keep) rmSync(folder, { recursive: true, force: true });
  else say(`        files: ${folder}`);
  return result;
}

function figuresOf({ figures }) {
  return Object.entries(figures)
    .map(([key, value]) => `${key} ${value}`)
    .join(', ');
}

function hash(text) {
  let value = 2166136261;
  for (const byte of Buffer.from(text)) value = Math.imul(value ^ byte, 16777619) >>> 0;
  return value;
}

/** Runs some scenarios, one after another, in a process of their own: its load is not that of others. */
async function lane(list) {
  if (list.length === 0) return [];
  const file = path.join(root, `${list[0].name}.json`);
  const names = list.map(({ name }) => name).join();
  const child = spawn(
    process.execPath,
    [
      process.argv[1],
      ...process.argv.slice(2),
      '--seed',
      String(seed),
      '--only',
      names,
      '--part',
      file,
      '--begun',
      String(begun),
    ],
    { stdio: ['ignore', 'inherit', 'inherit'] },
  );
  const stop = () => child.kill('SIGTERM');
  process.on('exit', stop);
  const [code, signal] = await once(child, 'exit');
  process.off('exit', stop);
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8'));
  const why = `the process ended with ${code ?? signal}`;
  return list.map(({ name, text }) => ({ name, text, state: 'FAILED', why, seconds: 0 }));
}

const chosen = scenarios.filter(({ name }) => wanted.includes(name));
if (values.part !== undefined) {
  const results = [];
  for (const scenario of chosen) results.push(await runOne(scenario));
  writeFileSync(values.part, JSON.stringify(results));
  process.exit(0);
}
// Most of their time is waiting, so that they are shared out, with what is made of bytes alone beside
// them. What goes at full speed takes all of the machine, and comes last.
const ofKind = (kind) => chosen.filter((scenario) => scenario.kind === kind);
const others = ofKind(undefined);
const lanes = [
  others.filter((_, n) => n % 2 === 0),
  others.filter((_, n) => n % 2 === 1),
  ofKind('bytes'),
];
const results = (await Promise.all(lanes.map(lane))).flat();
results.push(...(await lane(ofKind('speed'))));
results.sort((a, b) => wanted.indexOf(a.name) - wanted.indexOf(b.name));

const failed = results.filter(({ state }) => state === 'FAILED');
console.log(
  `\ntorture, ${short ? 'short' : 'whole'} form, seed ${seed}, Node ${process.version}, ${os.availableParallelism()} cores, ${Math.round((Date.now() - begun) / 1000)} s\n`,
);
for (const { name, text, state, seconds, why, figures } of results) {
  console.log(`${state.padEnd(8)} ${name.padEnd(14)} ${`${seconds} s`.padStart(8)}  ${text}`);
  if (why !== undefined) console.log(`         ${why.split('\n').join('\n         ')}`);
  if (figures !== undefined) console.log(`         ${figuresOf({ figures })}`);
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
