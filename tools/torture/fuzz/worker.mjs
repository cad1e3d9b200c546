/**
 * One target, in a process of its own: `node worker.mjs TARGET SEED SECONDS [--save]`. Prints a line of
 * JSON. With `--save` what has run new code is added to the corpus.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Random } from '../../random.mjs';
import { Coverage } from './coverage.mjs';
import { mutate } from './mutate.mjs';
import { cleanUp, targets } from './targets.mjs';

const [name, seedText, secondsText, save] = process.argv.slice(2);
const target = targets[name];
const random = new Random(Number(seedText));
const file = path.join(import.meta.dirname, '../corpus', `${name.replaceAll(' ', '-')}.json`);
const saved = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : [];
const corpus = [...target.seeds, ...saved.map((text) => Buffer.from(text, 'base64'))];
const found = [];
const batch = 64;
/** Milliseconds that one input may take, on a slow machine. */
const slow = 10_000;

const result = { name, runs: 0, blocks: 0, corpus: 0, finding: undefined };
const coverage = new Coverage(target.covers);
await coverage.start();

/** @returns whether the target has stood it */
async function runOne(input) {
  result.runs += 1;
  const start = performance.now();
  try {
    await target.run(Buffer.from(input));
  } catch (error) {
    result.finding = { input: input.toString('base64'), error: error.stack ?? String(error) };
    return false;
  }
  const took = performance.now() - start;
  if (took < slow) return true;
  result.finding = { input: input.toString('base64'), error: `it took ${Math.round(took)} ms` };
  return false;
}

async function fuzz() {
  for (const input of corpus) if (!(await runOne(input))) return;
  await coverage.take();
  const end = performance.now() + Number(secondsText) * 1000;
  while (performance.now() < end) {
    const inputs = Array.from({ length: batch }, () => mutate(random, corpus));
    for (const input of inputs) if (!(await runOne(input))) return;
    if ((await coverage.take()) === 0) continue;
    // New code has run: keep what probably did it. One look for each input would cost too much, so that
    // the whole batch stays where it is small, and some of it otherwise.
    const kept = inputs.filter((input) => input.length <= 1024).slice(0, 8);
    corpus.push(...kept);
    found.push(...inputs.filter((input) => input.length <= 1024));
  }
}

await fuzz();
coverage.stop();
result.blocks = coverage.blocks;
result.corpus = corpus.length;
if (save === '--save' && result.finding === undefined) {
  writeFileSync(file, `${JSON.stringify(await smallest(), undefined, 1)}\n`);
}
cleanUp(); // what is looked at again needs its folder, too
console.log(JSON.stringify(result));

/** Of the corpus only what runs code that the others before it do not. */
async function smallest() {
  const again = new Coverage(target.covers);
  await again.start();
  for (const input of target.seeds) await runOne(input);
  await again.take();
  const texts = [];
  for (const input of [...saved.map((text) => Buffer.from(text, 'base64')), ...found]) {
    await runOne(input);
    if ((await again.take()) > 0) texts.push(input.toString('base64'));
  }
  again.stop();
  return texts;
}
