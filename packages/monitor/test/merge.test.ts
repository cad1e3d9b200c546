import { expect, test } from 'vitest';
import { mergeHistories } from '../src/history.js';
import { mergeMetrics } from '../src/merge-metrics.js';
import { mergeStatuses } from '../src/merge-status.js';
import type { Status } from '../src/status.js';

function status(worker: number, change: Partial<Status> = {}): Status {
  const input = {
    id: 'in',
    category: 'input' as const,
    type: 'forward',
    emits: 1,
    records: 10 * (worker + 1),
    bytes: 100,
    failed: 0,
    pending: worker,
    pendingSince: worker === 0 ? null : 5000,
    queuedBytes: null,
    queuedChunks: null,
    retry: null,
    latencySum: 0.5,
    latencyCount: 1,
    acks: 1,
  };
  const server = {
    plugin: 'in',
    title: 'in_forward',
    protocol: 'tcp',
    address: '127.0.0.1:1',
    open: 2,
    accepted: 3,
    refused: 0,
    handshakeFailures: 0,
    bytesIn: 7,
    bytesOut: 1,
  };
  const destination = {
    plugin: 'out',
    name: 'a',
    address: '127.0.0.1:2',
    availableTo: worker,
    seenBy: 1,
    weight: 60,
    standby: false,
    kept: 4,
    failures: worker,
    reason: worker === 0 ? 'connection refused' : null,
  };
  return {
    version: '1',
    pid: 100 + worker,
    worker,
    workers: 3,
    time: 10 + worker,
    uptime: 5,
    memory: 1000,
    plugins: [input],
    servers: [server, { ...server, title: 'in_monitor_agent', address: `127.0.0.1:${worker}` }],
    destinations: [destination],
    certificates: [],
    unmatchedEvents: 1,
    failedEmits: 0,
    errorEvents: 0,
    warned: { warn: 1, error: 0 },
    warnings: [],
    history: [{ time: 9 + worker, records: 1, bytes: 2 }],
    ...change,
  };
}

test('workers are added up, and each has its share; one that is silent is shown as such', () => {
  const retry = { steps: 4, start: 1, reason: 'down' };
  const [plugin] = status(1).plugins;
  const second = status(1, { plugins: [{ ...plugin, retry }] });
  const merged = mergeStatuses(
    new Map([
      [0, status(0)],
      [1, second],
      [2, undefined],
    ]),
    null,
  );
  expect(merged).toMatchObject({ worker: null, time: 11, memory: 2000, unmatchedEvents: 2 });
  expect(merged.plugins).toEqual([
    expect.objectContaining({ records: 30, pending: 1, pendingSince: 5000, acks: 2, retry }),
  ]);
  expect(merged.servers.map(({ open, accepted }) => [open, accepted])).toEqual([
    [4, 6],
    [4, 6],
  ]);
  expect(merged.destinations).toEqual([
    expect.objectContaining({ availableTo: 1, seenBy: 2, kept: 8, reason: 'connection refused' }),
  ]);
  expect(merged.shares).toEqual([
    expect.objectContaining({ worker: 0, answers: true, pid: 100, records: 10, open: 2 }),
    expect.objectContaining({ worker: 1, answers: true, pid: 101, records: 20, open: 2 }),
    expect.objectContaining({ worker: 2, answers: false, records: 0 }),
  ]);
  expect(merged.history.map(({ time, records }) => [time, records])).toEqual([
    [9, 1],
    [10, 1],
  ]);
});

test('the same seconds of several workers are added up, the last two minutes stay', () => {
  const seconds = Array.from({ length: 130 }, (_, time) => ({ time, records: 1, bytes: 2 }));
  const merged = mergeHistories([seconds, seconds.slice(100)]);
  expect(merged).toHaveLength(120);
  expect([merged[0].time, merged[0].records, merged.at(-1)!.records]).toEqual([10, 1, 2]);
});

test('metrics of workers are one page: each family once, with all samples', () => {
  const page = (worker: number, more = '') =>
    `# HELP a_total A.\n# TYPE a_total counter\na_total{worker="${worker}"} 1\n\n${more}`;
  const extra = '# HELP b B.\n# TYPE b gauge\nb{worker="1"} 2\n';
  expect(mergeMetrics([page(0), page(1, extra)])).toBe(
    '# HELP a_total A.\n# TYPE a_total counter\na_total{worker="0"} 1\na_total{worker="1"} 1\n\n' +
      '# HELP b B.\n# TYPE b gauge\nb{worker="1"} 2\n',
  );
});
