/**
 * What the file output costs: `node tools/bench/file-output.mjs [ROUNDS] [EVENTS] [CHECKOUT]`, after a
 * build. CPU seconds of this process per million events of about 100 bytes, handed over in chunks of
 * 1,000 as the forward input would, four of them waiting at a time; so without receiving. The cases of
 * a round run one after another, so that noise of the machine falls on all; medians over the rounds.
 * With CHECKOUT, the root of another built checkout, each case runs with both in turn.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const rounds = Number(process.argv[2] ?? 5);
const events = Number(process.argv[3] ?? 500_000);
const CHUNK = 1000;

const roots = [path.join(import.meta.dirname, '../..'), ...process.argv.slice(4)];

/** One growing file, whatever the defaults of that checkout are. */
const growing = 'append true\nadd_path_suffix false';
const json = '<format>\n@type json\n</format>';
const one = '<buffer []>\n</buffer>';
const cases = [
  ['JSON lines', `${json}\n${one}`],
  ['out_file', `<format>\n@type out_file\n</format>\n${one}`],
  ['msgpack', `<format>\n@type msgpack\n</format>\n${one}`],
  ['ltsv', `<format>\n@type ltsv\n</format>\n${one}`],
  ['single_value', `<format>\n@type single_value\n</format>\n${one}`],
  ['JSON, inject tag and time', `<inject>\ntag_key tag\ntime_key time\n</inject>\n${json}\n${one}`],
  ['JSON, sliced by minute', `<buffer time>\ntimekey 60\n</buffer>\n${json}`],
  ['JSON, fsync', `fsync true\n${json}\n${one}`],
  ['JSON, gzip', `compress gzip\n${json}\n${one}`],
];

const silent = () => undefined;
const log = { trace: silent, debug: silent, info: silent, warn: silent, error: console.error };

/** What the benchmark needs of one checkout. */
async function load(root) {
  const from = (name) => import(path.join(root, 'packages', name, 'dist/index.js'));
  const [config, { EventStream }, plugin, formats, { fileOutput }] = await Promise.all(
    ['config', 'event-stream', 'plugin', 'formats', 'out-file'].map(from),
  );
  const registry = new plugin.PluginRegistry();
  for (const definition of Object.values(formats).filter(plugin.isPluginDefinition)) {
    registry.add(definition, { from: 'formats', version: undefined });
  }
  const stream = EventStream.fromEvents(
    Array.from({ length: CHUNK }, (_, n) => ({
      record: { n, level: 'info', message: `GET /index.html ${'x'.repeat(40)}`, status: 200 },
    })),
  );
  return { config, plugin, registry, fileOutput, stream };
}

const checkouts = await Promise.all(roots.map(load));

async function run({ config, plugin, registry, fileOutput, stream }, lines) {
  const { startPlugins, stopPlugins } = plugin;
  const folder = mkdtempSync(path.join(os.tmpdir(), 'sluice-bench-'));
  const text = `<match **>\npath ${folder}/a.log\n${growing}\n${lines}\n</match>`;
  const element = config.parseConfig(text).elements[0];
  const context = {
    id: 'file_0',
    log,
    create: (kind, section, usual) => {
      const inner = registry.find(kind, section, usual);
      return inner.create(inner.section.read(section, { log }), context, section);
    },
  };
  const output = fileOutput.create(fileOutput.section.read(element, { log }), context, element);
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

// Warm up.
for (const [, lines] of cases) for (const one of checkouts) await run(one, lines);
const results = cases.map(() => checkouts.map(() => []));
for (let round = 0; round < rounds; round += 1) {
  for (const [n, [, lines]] of cases.entries()) {
    for (const [index, one] of checkouts.entries()) results[n][index].push(await run(one, lines));
  }
}
console.log(`Node ${process.version}, ${events} events a case, ${rounds} rounds`);
console.log(`bytes per event, packed: ${(checkouts[0].stream.bytes.length / CHUNK).toFixed(0)}`);
for (const [index, root] of roots.entries()) {
  console.log(`\n${root}`);
  console.log('CPU s per million events     median   least    most');
  for (const [n, [name]] of cases.entries()) {
    const sorted = results[n][index].sort((a, b) => a - b);
    const numbers = [sorted[Math.floor(sorted.length / 2)], sorted[0], sorted.at(-1)];
    console.log(
      `${name.padEnd(27)} ${numbers.map((number) => number.toFixed(3).padStart(7)).join(' ')}`,
    );
  }
}
