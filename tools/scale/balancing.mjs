/**
 * How the forward output spreads its chunks over aggregators that fail and come back, with thousands of
 * senders, in simulated time: `node tools/scale/balancing.mjs [--senders 10000] [--aggregators 10]
 * [--seconds 180] [--load 0.5] [--failure dead|gone] [--seed 1] [--json]`, after a build.
 *
 * Balancer and health checks are those of @sluice/out-forward; sockets are not, they are modelled. A third
 * of the aggregators fails after a third of the time, and is back after the second third. `load` is the
 * part of what all aggregators together can take that the senders send.
 */
import { parseArgs } from 'node:util';
import { Random } from '../random.mjs';
import { Clock } from './clock.mjs';
import { Aggregator, Sender } from './network.mjs';

const { values } = parseArgs({
  options: {
    senders: { type: 'string', default: '10000' },
    aggregators: { type: 'string', default: '10' },
    seconds: { type: 'string', default: '180' },
    load: { type: 'string', default: '0.5' },
    failure: { type: 'string', default: 'dead' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
});
const [senderCount, count, seconds, load, seed] = [
  values.senders,
  values.aggregators,
  values.seconds,
  values.load,
  values.seed,
].map(Number);
if (!['dead', 'gone'].includes(values.failure)) throw new Error('--failure is dead or gone');

const numbers = new Random(seed);
const random = () => numbers.next();
Math.random = random; // the output's jitter
const clock = new Clock();
clock.install();
const [{ Balancer }, { Health }, { forwardOutputSection }, { parseConfig }] = await Promise.all([
  import('../../packages/out-forward/dist/balancer.js'),
  import('../../packages/out-forward/dist/health.js'),
  import('../../packages/out-forward/dist/section.js'),
  import('../../packages/config/dist/index.js'),
]);
const [section] = parseConfig(
  '<match **>\n@type forward\n<server>\nhost a\n</server>\n</match>',
).elements;
const config = forwardOutputSection.read(section);

const capacity = (senderCount / count / load) * 1; // chunks per second of an aggregator, a sender makes one
const aggregators = Array.from({ length: count }, (_, n) => new Aggregator(clock, n, capacity));
const failing = aggregators.slice(0, Math.max(Math.floor(count / 3), 1));
/** Milliseconds from a chunk's making to its ack, by the second in which it was made. */
const delays = Array.from({ length: seconds }, () => []);
const chunks = { made: 0, kept: 0, copies: 0 };
const done = (chunk) => {
  chunks.kept += 1;
  chunks.copies += chunk.copies;
  const delay = clock.now - chunk.made;
  (delays[Math.floor(chunk.made / 1000)] ??= []).push(delay);
};
const world = { clock, Balancer, Health, config, done };
const senders = Array.from({ length: senderCount }, () => new Sender(world, aggregators));
const end = seconds * 1000;
for (const sender of senders) {
  const make = () => {
    if (clock.now >= end) return;
    chunks.made += 1;
    sender.add({ made: clock.now, copies: 0 });
    clock.after(500 + random() * 1000, make);
  };
  clock.after(random() * 1000, make);
}
const [failAt, backAt] = [end / 3, (end * 2) / 3];
clock.after(failAt, () => failing.forEach((one) => one.fail(values.failure)));
clock.after(backAt, () => failing.forEach((one) => one.recover()));

/** What each aggregator took in each second, and the connections to those that had failed. */
const loads = [];
const connects = [];
let most = 0;
for (let second = 1; chunks.kept < chunks.made || second <= seconds; second += 1) {
  if (second > seconds + 600) break;
  const [before, connected] = [aggregators.map(({ taken }) => taken), sum(failing, 'connects')];
  clock.runUntil(second * 1000);
  loads.push(aggregators.map(({ taken }, n) => taken - before[n]));
  connects.push(sum(failing, 'connects') - connected);
  most = Math.max(most, ...aggregators.map(({ queue }) => queue));
}

const failSecond = Math.floor(failAt / 1000);
const backSecond = Math.floor(backAt / 1000);
const result = {
  senders: senderCount,
  aggregators: count,
  failing: failing.length,
  failure: values.failure,
  load,
  seed,
  made: chunks.made,
  lost: chunks.made - chunks.kept,
  duplicates: chunks.copies - chunks.kept,
  /** Seconds until chunks are again acknowledged as fast as before (99 of 100). */
  recovery: recovery(),
  delay: {
    before: p99(10, failSecond),
    during: p99(failSecond, backSecond),
    after: p99(backSecond, seconds),
  },
  /** Most divided by mean, over those that are up: 1 is perfectly even. */
  spread: {
    before: spread(10, failSecond, aggregators),
    during: spread(backSecond - 20, backSecond, aggregators.slice(failing.length)),
    after: spread(seconds - 20, seconds, aggregators),
  },
  /** What those that came back got in each of the first seconds, as part of their share. */
  comeback: [1, 2, 5, 10, 20].map((after) => [
    after,
    Number((partOf(backSecond + after - 1) / failing.length / (senderCount / count)).toFixed(2)),
  ]),
  mostConnectsPerSecond: Math.max(...connects.slice(backSecond)) / failing.length,
  longestQueueSeconds: Number((most / capacity).toFixed(2)),
  events: clock.events,
};
if (values.json) console.log(JSON.stringify(result));
else print(result);
process.exitCode = result.lost === 0 ? 0 : 1;
process.exit();

function sum(list, key) {
  return list.reduce((total, one) => total + one[key], 0);
}

function partOf(second) {
  return (loads[second] ?? []).slice(0, failing.length).reduce((total, one) => total + one, 0);
}

function p99(from, to) {
  const list = delays
    .slice(from, to)
    .flat()
    .sort((a, b) => a - b);
  return Math.round(list[Math.floor(list.length * 0.99)] ?? 0);
}

function recovery() {
  const usual = Math.max(p99(10, failSecond) * 2, 50);
  for (let second = seconds - 1; second >= failSecond; second -= 1) {
    if (p99(second, second + 1) > usual) return second + 1 - failSecond;
  }
  return 0;
}

function spread(from, to, list) {
  const offset = aggregators.indexOf(list[0]);
  const totals = list.map((_, n) =>
    loads.slice(from, to).reduce((total, second) => total + second[offset + n], 0),
  );
  const mean = totals.reduce((total, one) => total + one, 0) / totals.length;
  return Number((Math.max(...totals) / mean).toFixed(3));
}

function print(one) {
  console.log(
    `${one.senders} senders, ${one.aggregators} aggregators at ${one.load * 100}% load, ${one.failing} of them ${one.failure} from ${failSecond} s to ${backSecond} s, seed ${one.seed}`,
  );
  const lines = {
    'chunks made, lost': `${one.made}, ${one.lost}`,
    'written twice': `${one.duplicates} (${((one.duplicates / one.made) * 100).toFixed(3)} %)`,
    'usual speed again after': `${one.recovery} s`,
    'p99 to the ack: before, during, after': `${one.delay.before}, ${one.delay.during}, ${one.delay.after} ms`,
    'most loaded to mean: before, during, after': `${one.spread.before}, ${one.spread.during}, ${one.spread.after}`,
    'those that came back got, of their share': one.comeback
      .map(([second, part]) => `${part} in second ${second}`)
      .join(', '),
    'connections to one that came back': `${one.mostConnectsPerSecond.toFixed(0)} a second at most`,
    'longest queue': `${one.longestQueueSeconds} s`,
  };
  for (const [name, text] of Object.entries(lines)) console.log(`  ${name.padEnd(44)} ${text}`);
}
