/**
 * How many machines a volume needs, from measured figures: `node tools/scale/model.mjs [--check]`.
 * Reads docs/performance/figures.json (`npm run bench -- forward --json`) and
 * docs/performance/jetstream.json (`node tools/bench/jetstream.mjs 7 200 FILE`), and writes the tables
 * between the marks of docs/scale.md and the plot docs/performance/scale.svg. With `--check` it only
 * tells whether they are up to date.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { format, resolveConfig } from 'prettier';
import { root } from '../workspace.mjs';

const pagePath = path.join(root, 'docs/scale.md');
const plotPath = path.join(root, 'docs/performance/scale.svg');
const START = '<!-- model -->';
const END = '<!-- /model -->';

/** What a machine is taken to be, and how full it may get. Change these for yours. */
const machine = {
  cores: 16,
  /** Part of the cores that is used at the peak; the rest is for failures and bursts. */
  busy: 0.5,
  networkGBps: 25 / 8,
  networkBusy: 0.5,
  diskGBps: 1,
  diskBusy: 0.5,
  diskTB: 30,
  diskFull: 0.6,
};
/** The peak of a day, as a multiple of its mean. */
const PEAK = 3;
/** Hours that the streams keep what writers have not taken. */
const HOURS = 6;
const REPLICAS = 3;
/** A cluster of servers has so many members at most: more make its consensus slower. */
const CLUSTER = 5;

/** TB a day. */
const volumes = [0.1, 1, 10, 100, 1000, 10_000];

const read = (name) => JSON.parse(readFileSync(path.join(root, 'docs/performance', name), 'utf8'));
const bench = read('figures.json');
const jetstream = read('jetstream.json');

/** CPU seconds per GB of packed events, from CPU seconds per million events of 98 bytes. */
function perGB(name) {
  const row = bench.rows.find((one) => one.name === name);
  const costs = row.results.sluice.map(({ cpu }) => cpu).sort((a, b) => a - b);
  return costs[costs.length >> 1] / 0.098;
}

const receive = perGB('packed');
/** What each role spends, and how often a byte crosses its network card and its disk. */
const roles = {
  edge: { cpu: perGB('relay with acks'), network: 2, disk: 0 },
  ingest: { cpu: receive + jetstream.publishCpuPerGB, network: 2, disk: 0 },
  // Written by each replica; the leader receives once, and sends to the other replicas and a writer.
  server: { cpu: jetstream.serversCpuPerGB, network: 1 + (REPLICAS - 1) * 2 + 1, disk: REPLICAS },
  // Taking a message costs about what publishing one does.
  writer: {
    cpu: jetstream.publishCpuPerGB + perGB('JSON lines to a file') - receive,
    network: 1,
    disk: 1.5,
  },
};

/** Machines of one role for so many GB per second, and what decides. */
function size(role, rate, stored) {
  const { cpu, network, disk } = roles[role];
  const needs = {
    CPU: (cpu * rate) / (machine.cores * machine.busy),
    network: (network * rate) / (machine.networkGBps * machine.networkBusy),
    'disk speed': (disk * rate) / (machine.diskGBps * machine.diskBusy),
    'disk space': stored / (machine.diskTB * machine.diskFull),
  };
  const [limit, most] = Object.entries(needs).sort(([, a], [, b]) => b - a)[0];
  // Two at least, so that one may fail; of the servers as many as there are replicas.
  return { count: Math.max(Math.ceil(most), role === 'server' ? REPLICAS : 2), limit, most };
}

function model(terabytes) {
  const mean = (terabytes * 1000) / 86_400;
  const peak = mean * PEAK;
  const stored = (terabytes * REPLICAS * HOURS) / 24;
  const sizes = Object.fromEntries(
    Object.keys(roles).map((role) => [role, size(role, peak, role === 'server' ? stored : 0)]),
  );
  const machines = Object.values(sizes).reduce((sum, { count }) => sum + count, 0);
  return {
    terabytes,
    peak,
    sizes,
    machines,
    /** The leader of a stream is one server, and one log: half of what one stream took. */
    streams: Math.max(Math.ceil((peak * 1000) / (jetstream.megabytesPerSecond / 2)), 1),
    clusters: Math.ceil(sizes.server.count / CLUSTER),
    first: Object.entries(sizes).sort(([, a], [, b]) => b.most - a.most)[0],
  };
}

const results = volumes.map(model);
const number = (value) =>
  value >= 10 ? Math.round(value).toLocaleString('en') : value.toPrecision(2);
const volume = (terabytes) => (terabytes >= 1000 ? `${terabytes / 1000} PB` : `${terabytes} TB`);

function table(head, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function page() {
  const costs = Object.entries(roles).map(([role, { cpu, network, disk }]) => [
    role,
    number(cpu),
    String(network),
    String(disk),
  ]);
  const sizes = results.map(({ terabytes, peak, sizes, machines, streams, clusters, first }) => [
    volume(terabytes),
    `${number(peak * 1000)} MB/s`,
    ...Object.values(sizes).map(({ count }) => number(count)),
    number(machines * 24),
    number(streams),
    number(clusters),
    `${first[0]}: ${first[1].limit}`,
  ]);
  return `Measured on ${bench.date} and ${jetstream.date} with Node ${bench.node} on ${bench.machine}; per GB of packed events:

${table(['role', 'CPU s', 'times over the network', 'times to disk'], costs)}

A machine is taken to have ${machine.cores} cores, ${machine.networkGBps * 8} Gbit/s and a disk of ${machine.diskTB} TB that writes ${machine.diskGBps} GB/s, and is planned to be ${machine.busy * 100} % busy at the peak, which is ${PEAK} times the mean of the day. The streams keep ${HOURS} hours, on ${REPLICAS} replicas.

${table(['a day', 'peak', 'edge', 'ingest', 'server', 'writer', 'machine hours a day', 'streams', 'clusters', 'full first'], sizes)}

![Machines by volume a day](performance/scale.svg)`;
}

const COLORS = { edge: '#2563eb', ingest: '#0b7a75', server: '#d97706', writer: '#a855f7' };

/** Lines on logarithmic axes; follows the reader's choice of light or dark. */
function plot() {
  const [width, height, left, bottom] = [640, 320, 60, 270];
  const most = Math.max(
    ...results.flatMap(({ sizes }) => Object.values(sizes).map(({ count }) => count)),
  );
  const x = (terabytes) => left + (Math.log10(terabytes / volumes[0]) / 5) * (width - left - 90);
  const y = (count) => bottom - (Math.log10(count) / Math.ceil(Math.log10(most))) * (bottom - 30);
  const parts = [];
  for (const terabytes of volumes) {
    parts.push(
      `<path class="grid" d="M${x(terabytes).toFixed(1)} 30V${bottom}"/>`,
      `<text x="${x(terabytes).toFixed(1)}" y="${bottom + 18}" text-anchor="middle">${volume(terabytes)}</text>`,
    );
  }
  for (let count = 1; count <= most * 10 && y(count) >= 29; count *= 10) {
    parts.push(
      `<path class="grid" d="M${left} ${y(count).toFixed(1)}H${width - 90}"/>`,
      `<text x="${left - 6}" y="${(y(count) + 4).toFixed(1)}" text-anchor="end">${count.toLocaleString('en')}</text>`,
    );
  }
  const ends = [];
  for (const role of Object.keys(roles)) {
    const points = results.map(
      ({ terabytes, sizes }) => `${x(terabytes).toFixed(1)},${y(sizes[role].count).toFixed(1)}`,
    );
    parts.push(
      `<polyline points="${points.join(' ')}" fill="none" stroke="${COLORS[role]}" stroke-width="2"/>`,
    );
    ends.push({ role, at: y(results.at(-1).sizes[role].count) });
  }
  // Names that would stand on one another move down.
  ends.sort((a, b) => a.at - b.at);
  let last = -Infinity;
  for (const { role, at } of ends) {
    last = Math.max(at, last + 14);
    parts.push(
      `<text x="${width - 84}" y="${(last + 4).toFixed(1)}" style="fill:${COLORS[role]}">${role}</text>`,
    );
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="Machines of each role by volume a day">
<style>text{font:12px system-ui,sans-serif;fill:#1f2328}.grid{stroke:#d1d9e0}@media (prefers-color-scheme:dark){text{fill:#f0f6fc}.grid{stroke:#3d444d}}</style>
<text x="8" y="18">Machines of each role by volume a day, both logarithmic</text>
${parts.join('\n')}
</svg>
`;
}

const text = readFileSync(pagePath, 'utf8');
const [start, end] = [text.indexOf(START), text.indexOf(END)];
if (start < 0 || end < start) throw new Error(`docs/scale.md lacks ${START} and ${END}`);
const wanted = await format(`${text.slice(0, start)}${START}\n\n${page()}\n\n${text.slice(end)}`, {
  ...(await resolveConfig(pagePath)),
  filepath: pagePath,
});
if (process.argv.includes('--check')) {
  const fresh = text === wanted && readFileSync(plotPath, 'utf8') === plot();
  console.log(
    fresh
      ? 'docs/scale.md is up to date'
      : 'docs/scale.md is out of date: run tools/scale/model.mjs',
  );
  process.exitCode = fresh ? 0 : 1;
} else {
  writeFileSync(pagePath, wanted);
  writeFileSync(plotPath, plot());
}
