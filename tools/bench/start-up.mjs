/**
 * How long the agent takes from its start to a port that accepts, and what its processes then hold in
 * memory, seen from outside: each process for itself, and with pages that they share counted once:
 * `node tools/bench/start-up.mjs [RUNS]`, after a build. The cases take turns; median and range of
 * 11 runs each. `node -e 0` tells how much of it is Node's own start on this machine at this time.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { residentMegabytes, takenMegabytes } from './forward/process-tree.mjs';

const runs = Number(process.argv[2] ?? 11);
const bin = new URL('../../apps/agent/bin/sluice.js', import.meta.url).pathname;
const folder = mkdtempSync(path.join(os.tmpdir(), 'sluice-bench-'));
const file = path.join(folder, 'sluice.conf');
writeFileSync(
  file,
  `<source>
  @type forward
  bind 127.0.0.1
  port 0
</source>
<match **>
  @type file
  path ${folder}/out
  append true
  <format>
    @type json
  </format>
  <buffer []>
  </buffer>
</match>
`,
);

async function bareNode() {
  const start = performance.now();
  await once(spawn(process.execPath, ['-e', '0']), 'exit');
  return { time: performance.now() - start, memory: NaN, taken: NaN };
}

/** Milliseconds until every worker says where it listens, and the MB of all processes then. */
async function agent(args, workers) {
  const start = performance.now();
  const child = spawn(process.execPath, [bin, '-c', file, ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let text = '';
  child.stderr.setEncoding('utf8').on('data', (data) => (text += data));
  while (text.split('listening on').length <= workers) {
    await once(child.stderr, 'data');
    if (child.exitCode !== null) throw new Error(text);
  }
  const time = performance.now() - start;
  while (!text.includes('sluice is running')) await once(child.stderr, 'data');
  const isLinux = process.platform === 'linux';
  const memory = isLinux ? residentMegabytes(child.pid) : NaN;
  const taken = isLinux ? takenMegabytes(child.pid) : NaN;
  child.kill('SIGTERM');
  await once(child, 'exit');
  return { time, memory, taken };
}

const cases = {
  'node -e 0': bareNode,
  '1 worker': () => agent([], 1),
  '1 worker, --no-supervisor': () => agent(['--no-supervisor'], 1),
  '4 workers, all of them': () => agent(['--workers', '4'], 4),
};

const times = Object.fromEntries(Object.keys(cases).map((name) => [name, []]));
try {
  for (let run = 0; run < runs; run += 1) {
    for (const [name, measure] of Object.entries(cases)) times[name].push(await measure());
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Median, least and most, for a table. */
function spread(values) {
  const sorted = values.map(Math.round).sort((a, b) => a - b);
  return `${sorted[Math.floor(sorted.length / 2)]} (${sorted[0]} to ${sorted.at(-1)})`;
}

console.log(`Node ${process.version}, ${os.availableParallelism()} cores, ${runs} runs each`);
console.log(`${''.padEnd(27)} ${'ms'.padEnd(20)} ${'MB, summed'.padEnd(20)} shared pages once`);
for (const [name, list] of Object.entries(times)) {
  const known = list.filter((run) => run.memory > 0);
  const memory = ['memory', 'taken'].map((key) =>
    (known.length > 0 ? spread(known.map((run) => run[key])) : '-').padEnd(20),
  );
  const time = spread(list.map((run) => run.time));
  console.log(`${name.padEnd(27)} ${time.padEnd(20)} ${memory.join(' ')}`.trimEnd());
}
