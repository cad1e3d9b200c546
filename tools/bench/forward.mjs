/**
 * What receiving costs: `node tools/bench/forward.mjs [ROUNDS] [EVENTS]`, after a build. CPU
 * seconds of the server process per million events of about 100 bytes, in chunks of 1,000 with
 * acks, over one connection; generator and server are processes of their own. The cases of a round
 * run one after another, so that noise of the machine falls on all; medians over the rounds.
 */
import { load } from './forward/load.mjs';
import { fragmentation } from './forward/fragmentation.mjs';
import { payload } from './forward/payloads.mjs';

const rounds = Number(process.argv[2] ?? 5);
const events = Number(process.argv[3] ?? 1_000_000);
const CHUNK = 1000;

const cases = [
  { name: 'packed', kind: 'null', mode: 'packed', goal: 0.1 },
  { name: 'bare net sink', kind: 'sink', mode: 'packed' },
  { name: 'Forward', kind: 'null', mode: 'forward', goal: 0.24 },
  { name: 'Message, an ack each', kind: 'null', mode: 'message', goal: 2.0 },
  { name: 'gzip', kind: 'null', mode: 'gzip', goal: 0.375 },
  { name: 'packed over TLS', kind: 'null', mode: 'packed', tls: true, goal: 0.21 },
  { name: 'packed, JSON lines to a file', kind: 'file', mode: 'packed', goal: 0.45 },
  { name: "npm's FluentServer, packed", kind: 'npm', mode: 'packed', part: 10 },
  { name: "npm's FluentServer, Forward", kind: 'npm', mode: 'forward', part: 10 },
  { name: "npm's FluentServer, Message", kind: 'npm', mode: 'message', part: 10 },
];

const results = cases.map(() => []);
for (let round = 0; round < rounds; round++) {
  for (const [n, { kind, mode, tls, part = 1 }] of cases.entries()) {
    const chunks = Math.max(Math.round(events / CHUNK / part), 1);
    const { cpu, seconds } = await load(
      kind,
      { ...payload(mode, CHUNK), tls },
      chunks,
      Math.min(chunks, 300),
    );
    const millions = (chunks * CHUNK) / 1e6;
    results[n].push({ cpu: cpu / millions, rate: millions / seconds });
  }
}

const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
console.log(`Node ${process.version}, ${events} events a case, ${rounds} rounds`);
console.log(
  `bytes per event, packed: ${(payload('packed', CHUNK).bytes.length / CHUNK).toFixed(0)}`,
);
console.log('CPU s per million events      median   least    most    goal   M events/s');
const medians = new Map();
for (const [n, { name, goal }] of cases.entries()) {
  const cpus = results[n].map(({ cpu }) => cpu);
  const rate = median(results[n].map((result) => result.rate));
  medians.set(name, median(cpus));
  const figures = [median(cpus), Math.min(...cpus), Math.max(...cpus)].map((cpu) =>
    cpu.toFixed(3).padStart(7),
  );
  const target = (goal?.toFixed(3) ?? '').padStart(7);
  console.log(`${name.padEnd(29)} ${figures.join(' ')} ${target} ${rate.toFixed(2).padStart(9)}`);
}
const ratio = medians.get('bare net sink') / medians.get('packed');
console.log(`bare net sink to packed: ${ratio.toFixed(2)} (goal 0.50)`);
fragmentation();
