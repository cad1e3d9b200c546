/**
 * What the file output costs: `node tools/bench/file-output.mjs [ROUNDS] [EVENTS]`, after a build.
 * CPU seconds of this process per million events of about 100 bytes, handed over in chunks of 1,000
 * as the forward input would, four of them waiting at a time; so without receiving. The cases of a
 * round run one after another, so that noise of the machine falls on all; medians over the rounds.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseConfig } from '../../packages/config/dist/index.js';
import { EventStream } from '../../packages/event-stream/dist/index.js';
import { startPlugins, stopPlugins } from '../../packages/plugin/dist/index.js';
import { fileOutput } from '../../apps/agent/dist/outputs/file.js';

const rounds = Number(process.argv[2] ?? 5);
const events = Number(process.argv[3] ?? 500_000);
const CHUNK = 1000;

const cases = [
  ['JSON lines', ''],
  ['out_file', '<format>\n@type out_file\n</format>'],
  ['msgpack', '<format>\n@type msgpack\n</format>'],
  ['ltsv', '<format>\n@type ltsv\n</format>'],
  ['single_value', '<format>\n@type single_value\n</format>'],
  ['JSON, inject tag and time', '<inject>\ntag_key tag\ntime_key time\n</inject>'],
  ['JSON, sliced by minute', '<buffer time>\ntimekey 60\n</buffer>'],
  ['JSON, fsync', 'fsync true'],
  ['JSON, gzip', 'compress gzip'],
];

const silent = () => undefined;
const log = { trace: silent, debug: silent, info: silent, warn: silent, error: console.error };
const stream = EventStream.fromEvents(
  Array.from({ length: CHUNK }, (_, n) => ({
    record: { n, level: 'info', message: `GET /index.html ${'x'.repeat(40)}`, status: 200 },
  })),
);

async function run(lines) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'sluice-bench-'));
  const element = parseConfig(`<match **>\npath ${folder}/a.log\n${lines}\n</match>`).elements[0];
  const output = fileOutput.create(
    fileOutput.section.read(element, { log }),
    { id: 'file_0', log },
    element,
  );
  await startPlugins([output]);
  let left = events / CHUNK;
  const cpu = process.cpuUsage();
  const worker = async () => {
    while (left > 0) {
      left -= 1;
      await output.write('bench', stream);
    }
  };
  await Promise.all([worker(), worker(), worker(), worker()]);
  const { user, system } = process.cpuUsage(cpu);
  await stopPlugins([output]);
  rmSync(folder, { recursive: true });
  return (user + system) / events;
}

for (const [, lines] of cases) await run(lines); // warm up
const results = cases.map(() => []);
for (let round = 0; round < rounds; round += 1) {
  for (const [n, [, lines]] of cases.entries()) results[n].push(await run(lines));
}
console.log(`Node ${process.version}, ${events} events a case, ${rounds} rounds`);
console.log(`bytes per event, packed: ${(stream.bytes.length / CHUNK).toFixed(0)}`);
console.log('CPU s per million events     median   least    most');
for (const [n, [name]] of cases.entries()) {
  const sorted = results[n].sort((a, b) => a - b);
  const figures = [sorted[Math.floor(sorted.length / 2)], sorted[0], sorted.at(-1)];
  console.log(
    `${name.padEnd(27)} ${figures.map((figure) => figure.toFixed(3).padStart(7)).join(' ')}`,
  );
}
