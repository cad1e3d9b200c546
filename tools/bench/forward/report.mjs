/** The figures as tables. */
import { contestants } from './contestants.mjs';

/** Median, least and most. */
export function spread(values) {
  const sorted = values.toSorted((a, b) => a - b);
  return { median: sorted[sorted.length >> 1], least: sorted[0], most: sorted.at(-1) };
}

const digits = (value) => (value >= 100 ? 0 : value >= 10 ? 1 : value >= 1 ? 2 : 3);
export const short = (value) => value.toFixed(digits(value));

export function shortSpread(values) {
  const { median, least, most } = spread(values);
  return `${short(median)} (${short(least)}–${short(most)})`;
}

/** CPU of Sluice divided by that of another in the same round, for each round. */
export function ratiosTo(row, name, figure = 'cpu') {
  const mine = row.results.sluice ?? [];
  const other = row.results[name] ?? [];
  return mine.slice(0, other.length).map((result, n) => result[figure] / other[n][figure]);
}

/** Each goal with what was reached: every round has to. */
export function ratios({ rows }) {
  return rows.flatMap((row) => {
    const sink = row.sinkOf
      ? { ...row, results: { ...row.results, sink: sinkOf(rows, row) } }
      : row;
    const list = [
      { to: 'bit', goal: row.goal, values: ratiosTo(row, 'bit') },
      { to: 'sink', goal: row.sinkGoal, values: ratiosTo(sink, 'sink') },
    ];
    return list
      .filter(({ goal, values }) => goal !== undefined && values.length > 0)
      .map(({ to, goal, values }) => ({
        row: row.name,
        to: contestants[to].title,
        goal,
        ...spread(values),
        met: Math.max(...values) <= goal,
      }));
  });
}

const sinkOf = (rows, { sinkOf: name }) => rows.find((row) => row.name === name)?.results.sink;

/** The rows of the table, as text. */
export function tableRows({ rows }) {
  return rows.flatMap((row) =>
    Object.entries(row.results).map(([name, list]) => {
      const of = (figure) => list.map((result) => result[figure]);
      return [
        row.name,
        contestants[name].title,
        shortSpread(of('cpu')),
        shortSpread(of('cold')),
        shortSpread(of('rate').map((rate) => rate / 1e6)),
        `${short(spread(of('p50')).median)} / ${short(spread(of('p99')).median)}`,
        spread(of('memory')).median.toFixed(0),
        short(spread(of('sender')).median),
      ];
    }),
  );
}

export const heads = [
  'row',
  'server',
  'CPU s per million',
  'cold',
  'million events/s',
  'ack p50 / p99 ms',
  'MB',
  'sender CPU s',
];

export function printTable(report) {
  console.log(`${report.date}, Node ${report.node}, ${report.machine}, ${report.rounds} rounds`);
  const lines = [heads, ...tableRows(report)];
  const widths = heads.map((_, at) => Math.max(...lines.map((line) => line[at].length)));
  let last;
  for (const line of lines) {
    const [name] = line;
    const shown = line.map((text, at) =>
      (at === 0 && name === last ? '' : text).padEnd(widths[at]),
    );
    console.log(shown.join('  ').trimEnd());
    last = name;
  }
  console.log('\nratio of CPU in each round: median (least–most)');
  for (const { row, to, goal, median, least, most, met } of ratios(report)) {
    const text = `${short(median)} (${short(least)}–${short(most)})`;
    console.log(
      `${row.padEnd(32)} to ${to.padEnd(14)} ${text.padEnd(22)} goal ${goal}${met ? '' : '  MISSED'}`,
    );
  }
  const twins = report.rows.flatMap((row) => {
    const list = row.results.sluice ?? [];
    if (list.length < 3) return [];
    const { least, most } = spread(list.map(({ cpu }) => cpu));
    return [`${row.name} ${(most / least).toFixed(2)}`];
  });
  if (twins.length > 0) console.log(`\nslowest to fastest process of Sluice: ${twins.join(', ')}`);
}
