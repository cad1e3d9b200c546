/**
 * What a file buffer takes: `node tools/bench/file-buffer.mjs [ROUNDS] [MEGABYTES] [FOLDER]`, after a
 * build. Messages of 1,000 events of 98 bytes, 16 of them waiting at a time, go into one chunk of the
 * store, without receiving and without an output. Beside it the bare disk: the same bytes by writev, 16
 * messages at a time, into a file of its own, with fdatasync after each where the store syncs. The
 * cases of a round run one after another, so that noise of the machine falls on all; medians over the
 * rounds. FOLDER is where the files are (default: that for temporary files).
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileStore } from '@sluice/buffer';
import { parseConfig } from '@sluice/config';
import { EventStream } from '@sluice/event-stream';

const rounds = Number(process.argv[2] ?? 5);
const megabytes = Number(process.argv[3] ?? 256);
const under = process.argv[4] ?? os.tmpdir();
const waiting = 16;
const stream = EventStream.fromEvents(
  Array.from({ length: 1000 }, (_, n) => ({
    time: 1_800_000_000,
    record: { n: 10_000 + n, level: 'info', message: `GET /index.html ${'x'.repeat(44)}` },
  })),
);
const { length } = stream.bytes;
const messages = Math.ceil((megabytes * 1e6) / length);

const silent = () => undefined;
const log = { trace: silent, debug: silent, info: silent, warn: silent, error: console.error };

async function store(folder, lines) {
  const text = `<buffer>\npath ${folder}/buffer\nchunk_limit_size 64g\n${lines}\n</buffer>`;
  const element = parseConfig(text).elements[0];
  const config = fileStore.section.read(element, { ignoreParams: ['chunk_limit_size'] });
  const made = fileStore.create(config, { id: 'bench', log }, element);
  await made.start();
  const chunk = made.create({ tag: 'bench' });
  let left = messages;
  const sender = async () => {
    while (left-- > 0) await chunk.append(stream);
  };
  return {
    run: () => Promise.all(Array.from({ length: waiting }, sender)),
    close: async () => {
      await chunk.seal();
      made.close();
    },
  };
}

async function bare(folder, sync) {
  const handle = await open(path.join(folder, 'bare'), 'w');
  const vectors = Array.from({ length: waiting }, () => stream.bytes);
  return {
    run: async () => {
      for (let n = 0; n < messages; n += waiting) {
        await handle.writev(vectors);
        if (sync) await handle.datasync();
      }
    },
    close: () => handle.close(),
  };
}

const cases = [
  ['bare disk, fdatasync each', (folder) => bare(folder, true)],
  ['fsync true', (folder) => store(folder, 'fsync true')],
  ['bare disk, no sync', (folder) => bare(folder, false)],
  ['fsync false', (folder) => store(folder, 'fsync false')],
  ['fsync interval', (folder) => store(folder, 'fsync interval')],
];
const figures = new Map(cases.map(([name]) => [name, []]));
for (let round = 0; round < rounds; round += 1) {
  for (const [name, make] of cases) {
    const folder = mkdtempSync(path.join(under, 'sluice-bench-'));
    const made = await make(folder);
    const start = performance.now();
    const before = process.cpuUsage();
    await made.run();
    const { user, system } = process.cpuUsage(before);
    const seconds = (performance.now() - start) / 1000;
    await made.close();
    rmSync(folder, { recursive: true });
    const bytes = messages * length;
    figures.get(name).push({ rate: bytes / 1e6 / seconds, cpu: (user + system) / messages / 1000 });
  }
}

const spread = (list, digits) => {
  const sorted = list.toSorted((a, b) => a - b);
  const text = (value) => value.toFixed(digits);
  return `${text(sorted[sorted.length >> 1])} (${text(sorted[0])}–${text(sorted.at(-1))})`;
};
console.log(
  `Node ${process.version}, ${os.availableParallelism()} cores, ${rounds} rounds of ${megabytes} MB, ${(length / 1000).toFixed(1)} bytes an event\n`,
);
console.log(`${'case'.padEnd(26)} ${'MB/s'.padEnd(22)} CPU seconds per million events`);
for (const [name, list] of figures) {
  const rates = spread(
    list.map(({ rate }) => rate),
    0,
  );
  const cpus = spread(
    list.map(({ cpu }) => cpu),
    3,
  );
  console.log(`${name.padEnd(26)} ${rates.padEnd(22)} ${cpus}`);
}
