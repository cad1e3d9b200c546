/** The files of a buffer after a power cut, and a start with many of them. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { EventStream } from '@sluice/event-stream';
import {
  encodeHeader,
  encodeRecordHead,
  scanRecords,
  seedOf,
} from '../../../packages/buffer/dist/chunk-format.js';
import { readChunk } from '../../../packages/buffer/dist/file/chunk-reader.js';
import { Agent, freePort, pause, source, until } from '../agent.mjs';

const mib = 1024 * 1024;

/** A chunk of records whose events are numbered, in all a little more than so many bytes. */
function makeChunk(id, random, bytes) {
  const header = encodeHeader({ id, metadata: { tag: 'a' }, createdAt: 1 });
  const parts = [header];
  /** Where each record begins and ends, and its numbers. */
  const records = [];
  let at = header.length;
  for (let n = 0; at < bytes + header.length;) {
    const count = random.between(1, 30);
    const events = Array.from({ length: count }, (_, i) => ({
      time: 1,
      record: { n: n + i, text: 'x'.repeat(random.between(0, 60)) },
    }));
    n += count;
    const payload = EventStream.fromEvents(events).bytes;
    const head = encodeRecordHead([payload], payload.length, count, seedOf(id));
    parts.push(head, payload);
    records.push({
      start: at,
      end: at + head.length + payload.length,
      payload: Buffer.from(payload),
    });
    at += head.length + payload.length;
  }
  return { bytes: Buffer.concat(parts), header: header.length, records };
}

/** Of a damaged file: whole records in their order, all but those that the damage touches. */
function check(found, records, touched) {
  const expected = records.filter((record) => !touched(record));
  if (found.length !== expected.length) {
    throw new Error(`${found.length} records were found, ${expected.length} are whole`);
  }
  for (const [n, { payload }] of found.entries()) {
    if (!payload.equals(expected[n].payload)) throw new Error('a record is not what was written');
  }
}

async function powerCut({ folder, random, short, progress }) {
  const id = 'a'.repeat(31) + '1';
  const { bytes, header, records } = makeChunk(id, random, mib);
  const seed = seedOf(id);
  const first = bytes.length - mib;
  const step = short ? 5 : 1;
  let [cuts, flips, pages, files] = [0, 0, 0, 0];
  let index = 0;
  // A scan goes from one record to the next: those far from the damage are the same each time, so
  // that it begins two records before.
  for (let at = first + (short ? random.between(0, step - 1) : 0); at < bytes.length; at += step) {
    while (records[index].end <= at) index += 1;
    const near = records.slice(Math.max(0, index - 2), index + 3);
    const from = near[0].start;
    const to = near.at(-1).end;
    const before = at - from;
    const cut = scanRecords(bytes.subarray(from, at), 0, seed);
    check(cut.records, near, ({ end }) => end > at);
    cuts += 1;
    const flipped = Buffer.from(bytes.subarray(from, to));
    flipped[before] ^= 1 << random.between(0, 7);
    const { records: found } = scanRecords(flipped, 0, seed);
    check(found, near, ({ start, end }) => start <= at && at < end);
    flips += 1;
    // Other scenarios in this process have to go on.
    if (flips % 50 === 0) await pause(0);
    if ((at - first) % (32 * 1024) < step) progress(at - first, mib);
  }
  // Pages that were never written while later ones were, as a disk may order its writes.
  for (let page = Math.ceil(first / 4096) * 4096; page + 4096 <= bytes.length; page += 4096) {
    if (page < header) continue;
    const holed = Buffer.from(bytes);
    holed.fill(0, page, page + 4096);
    const { records: found } = scanRecords(holed, header, seed);
    check(found, records, ({ start, end }) => start < page + 4096 && end > page);
    pages += 1;
    await pause(0);
  }
  // The same by files, the header too, for some places.
  const file = path.join(folder, 'buffer.log');
  for (let n = 0; n < (short ? 40 : 400); n += 1) {
    const at = random.between(0, bytes.length - 1);
    const changed = Buffer.from(bytes);
    changed[at] ^= 1 << random.between(0, 7);
    writeFileSync(file, random.next() < 0.5 ? changed : bytes.subarray(0, at));
    const whole = readFileSync(file).length === bytes.length;
    try {
      const { stream } = await readChunk(file);
      if (at < header) throw new Error('a header that is damaged was read');
      const expected = records.filter(({ start, end }) =>
        whole ? at < start || at >= end : end <= at,
      );
      if (!stream.bytes.equals(Buffer.concat(expected.map(({ payload }) => payload)))) {
        throw new Error('a file gives other events than those that are whole');
      }
    } catch (error) {
      if (error.name !== 'ChunkFormatError' || at >= header) throw error;
    }
    files += 1;
  }
  return {
    records: records.length,
    cuts,
    'flipped bits': flips,
    'lost pages': pages,
    files,
    'broken events': 0,
  };
}

async function manyChunks({ folder, short }) {
  const buffer = path.join(folder, 'buffer');
  mkdirSync(path.join(buffer, 'worker0'), { recursive: true });
  const payload = EventStream.fromEvents(
    Array.from({ length: 200 }, (_, n) => ({ time: 1, record: { n, text: 'x'.repeat(80) } })),
  ).bytes;
  const count = 10_000;
  for (let n = 0; n < count; n += 1) {
    const id = n.toString(16).padStart(32, '0');
    const head = encodeRecordHead([payload], payload.length, 200, seedOf(id));
    const header = encodeHeader({ id, metadata: { tag: `t${n % 100}` }, createdAt: n + 1 });
    writeFileSync(
      path.join(buffer, 'worker0', `buffer.${id}.log`),
      Buffer.concat([header, head, payload]),
    );
  }
  const port = await freePort();
  // Nobody listens there: what was resumed waits.
  const text = (more) => `${source(port)}
<match **>
  @type forward
  <server>
    host 127.0.0.1
    port 1
  </server>
  ${more}
</match>
`;
  const timed = async (name, more) => {
    const start = performance.now();
    const agent = await new Agent(path.join(folder, name), text(more)).start();
    if (more !== '') await until(60, 'chunks', () => agent.logged(/10000 chunks are resumed/));
    const seconds = (performance.now() - start) / 1000;
    const { cpuSeconds } = agent;
    const { code } = await agent.stop();
    if (code !== 0) throw new Error(`exit code ${code}`);
    return { seconds, cpuSeconds };
  };
  const buffered = `<buffer tag>\n@type file\npath ${buffer}\nflush_at_shutdown false\nshutdown_timeout 0.1\n</buffer>`;
  const rounds = short ? 1 : 3;
  const [empty, full] = [[], []];
  for (let n = 0; n < rounds; n += 1) {
    empty.push(await timed('without', ''));
    full.push(await timed('with', buffered));
  }
  const median = (list, of) => list.map((one) => one[of]).toSorted((a, b) => a - b)[rounds >> 1];
  const [start, without] = [median(full, 'seconds'), median(empty, 'seconds')];
  const cpu = median(full, 'cpuSeconds') - median(empty, 'cpuSeconds');
  // Of a machine that others use too, the processor's time is what the chunks take by themselves.
  if (cpu > 2) throw new Error(`the chunks take ${cpu.toFixed(2)} s of the processor`);
  return {
    chunks: count,
    'start, s': start.toFixed(2),
    'without chunks, s': without.toFixed(2),
    'for the chunks, s': (start - without).toFixed(2),
    'of the processor, s': cpu.toFixed(2),
  };
}

export const powerCuts = {
  name: 'power-cut',
  text: 'buffer files cut, flipped, with pages lost',
  run: powerCut,
};
export const manyFiles = {
  name: 'many-chunks',
  text: 'a start with 10,000 chunks',
  run: manyChunks,
};
