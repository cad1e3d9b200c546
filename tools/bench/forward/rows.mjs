/** What is measured. `goal` is a ratio to Fluent Bit, `sinkGoal` one to the ack-only sink. */
const row = (name, changes) => ({
  name,
  mode: 'packed',
  events: 1000, // of a chunk
  size: 98,
  connections: 1,
  ahead: 8,
  output: 'null',
  total: 4e6, // events of a run
  ...changes,
});

export const rows = [
  row('packed', { goal: 0.25, sinkGoal: 3 }),
  row('Forward', { mode: 'forward', goal: 0.2, sinkGoal: 3 }),
  row('packed over TLS', { tls: true, goal: 0.2, sinkGoal: 2 }),
  row('gzip', { mode: 'gzip', total: 2e6, goal: 0.4 }),
  row('JSON lines to a file', {
    output: 'file',
    total: 2e6,
    goal: 0.45,
    sinkOf: 'packed',
    sinkGoal: 8,
  }),
  row('Message, an ack each', { mode: 'message', events: 100, total: 2e5, goal: 0.2 }),
  row('100 connections, chunks of 200', {
    events: 200,
    connections: 100,
    ahead: 1,
    total: 2e6,
    goal: 0.33,
  }),
  row('chunks of 10', { events: 10, total: 1e6, goal: 0.4 }),
  row('relay with acks', { output: 'relay', total: 2e6, goal: 0.5 }),
  row('memory buffer, then relay', { output: 'memory', total: 2e6, goal: 0.5 }),
  row('file buffer, then relay', { output: 'disk', total: 2e6 }),
];

const scaled = (name, changes) => row(name, { scale: true, ...changes });
const total = (events, size = 98) =>
  Math.max(Math.min(1e6, 5e7 / size, events * 50_000), events * 20);

/** How cost and speed change with one quantity at a time: `--scale`. */
export const scaleRows = [
  ...[1, 10, 100, 1000, 10_000].map((events) =>
    scaled(`chunks of ${events} events`, { events, total: total(events) }),
  ),
  ...[50, 98, 1000, 10_000, 100_000, 1_000_000].map((size) => {
    const events = Math.max(Math.min(1000, Math.floor(1e6 / size)), 1);
    return scaled(`records of ${size} bytes`, { size, events, total: total(events, size) });
  }),
  ...[1, 10, 100, 1000].map((connections) =>
    scaled(`${connections} connections`, { connections, events: 100, ahead: 2 }),
  ),
  ...[1, 2].map((workers) =>
    scaled(`${workers} worker${workers > 1 ? 's' : ''}, 8 connections`, {
      workers,
      connections: 8,
    }),
  ),
];
