/**
 * What an event stream costs: `node tools/bench/event-stream.mjs [ROUNDS] [FOLDER]`, after a build.
 * CPU microseconds per 1,000 events of about 100 bytes. With the folder of another built checkout
 * both take turns, case by case, and the ratio of this one to the other is printed, too.
 */
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from '../workspace.mjs';

const rounds = Number(process.argv[2] ?? 9);
const other = process.argv[3];
const COUNT = 1000;
const REPETITIONS = 200;

/** The package as it was built in a checkout. */
function load(checkout) {
  const file = path.resolve(checkout, 'packages/event-stream/dist/index.js');
  return import(pathToFileURL(file).href);
}

const builds = [await load(root), ...(other === undefined ? [] : [await load(other)])];

/** The same bytes for all builds. */
function packed(metadata) {
  const { EventStream, EventTime } = builds[0];
  const events = Array.from({ length: COUNT }, (_, n) => ({
    time: new EventTime(1_700_000_000 + (n >> 4), n),
    record: { n, level: 'info', message: `GET /index.html ${'x'.repeat(40)}`, status: 200 },
    ...(metadata && { metadata: {} }),
  }));
  return Buffer.from(EventStream.fromEvents(events).bytes);
}

const usual = packed(false);
const fluentBit = packed(true);
const sumOf = (stream) => {
  let sum = 0;
  for (const { record } of stream) sum += record.n;
  return sum;
};

/** Each makes the work of one case, from a build's EventStream. */
const cases = {
  scan: (EventStream) => () => EventStream.scan(usual).entries,
  "scan, Fluent Bit's entries": (EventStream) => () => EventStream.scan(fluentBit).entries,
  decode: (EventStream) => {
    const { stream } = EventStream.scan(usual);
    return () => sumOf(stream);
  },
  'JSON lines': (EventStream) => {
    const { stream } = EventStream.scan(usual);
    return () => stream.toJsonLines().length;
  },
  'JSON lines with time and tag': (EventStream) => {
    const { stream } = EventStream.scan(usual);
    return () => stream.toJsonLines({ timeKey: 'time', tagKey: 'tag', tag: 'a.b' }).length;
  },
  'withFields, a new field': (EventStream) => {
    const { stream } = EventStream.scan(usual);
    return () => stream.withFields({ host: 'web-1' }).count;
  },
  'withFields, in place of one': (EventStream) => {
    const { stream } = EventStream.scan(usual);
    return () => stream.withFields({ level: 'web-1' }).count;
  },
  filter: (EventStream) => {
    const { stream } = EventStream.scan(usual);
    return () => stream.filter(({ record }) => record.n % 2 === 1).count;
  },
};

function time(work) {
  const start = process.cpuUsage();
  for (let left = REPETITIONS; left > 0; left -= 1) work();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / REPETITIONS;
}

function median(values) {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}

const spread = (values, digits) =>
  `${median(values).toFixed(digits).padStart(8)} (${Math.min(...values).toFixed(digits)}–${Math.max(...values).toFixed(digits)})`;

console.log(`Node ${process.version}, ${rounds} rounds of ${REPETITIONS}: CPU µs per 1,000 events`);
for (const [name, make] of Object.entries(cases)) {
  const works = builds.map(({ EventStream }) => make(EventStream));
  for (const work of works) time(work); // warm up
  const times = works.map(() => []);
  for (let round = 0; round < rounds; round += 1) {
    const order = works.map((_, n) => (n + round) % works.length);
    for (const n of order) times[n].push(time(works[n]));
  }
  const ratios = times.length === 1 ? [] : times[0].map((mine, n) => mine / times[1][n]);
  const ratio = ratios.length === 0 ? '' : `   ratio ${spread(ratios, 2)}`;
  console.log(`${name.padEnd(28)} ${spread(times[0], 1)}${ratio}`);
}
