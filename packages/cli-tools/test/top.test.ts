import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { fetchStatus, lineText, topView, type AgentStatus } from '../src/index.js';

const plugin = {
  id: 'in',
  category: 'input',
  type: 'forward',
  records: 1000,
  bytes: 1,
  failed: 0,
  pending: 0,
  queuedBytes: null,
  queuedChunks: null,
  retry: null,
};
const server = {
  plugin: 'in',
  title: 'in_forward',
  protocol: 'tcp',
  address: '127.0.0.1:24224',
  open: 3,
  accepted: 4,
  refused: 0,
  bytesIn: 10_000,
  bytesOut: 500,
};
const status: AgentStatus = {
  version: '0.1.0',
  pid: 1,
  workers: 1,
  worker: null,
  time: 100,
  uptime: 3700,
  memory: 50_000_000,
  plugins: [plugin],
  servers: [server],
  destinations: [],
  unmatchedEvents: 0,
  failedEmits: 0,
  errorEvents: 0,
  warned: { warn: 0, error: 0 },
  warnings: [],
  history: [{ records: 7, bytes: 1 }],
};
const text = (now: AgentStatus, before?: AgentStatus) =>
  topView(now, before, 80).map(lineText).join('\n');

test('rates are of the time between two looks', () => {
  const later: AgentStatus = {
    ...status,
    time: 102,
    plugins: [{ ...plugin, records: 3000 }],
    servers: [{ ...server, bytesIn: 30_000 }],
  };
  expect(text(later, status)).toMatch(
    /^sluice 0\.1\.0 {2}up 1h 1m {2}1 worker .* 1,000 events\/s\n▁|█\n/,
  );
  expect(text(later, status)).toMatch(/^in +input forward +1,000 +3,000 /m);
  expect(text(later, status)).toMatch(
    /^in_forward +127\.0\.0\.1:24224 tcp +3 +4 +0 +10\.0 kB +0 B$/m,
  );
});

test('at the first look there are none but that of the last second', () => {
  expect(text(status)).toMatch(/ 7 events\/s\n/);
  expect(text(status)).toMatch(/^in +input forward +- +1,000 /m);
});

test('an agent that was restarted has none either', () => {
  expect(text({ ...status, time: 101, plugins: [{ ...plugin, records: 5 }] }, status)).toMatch(
    /^in +input forward +- +5 /m,
  );
});

test('queues, retries, destinations, workers and warnings', () => {
  const shown = text({
    ...status,
    workers: 2,
    plugins: [
      {
        ...plugin,
        category: 'output',
        pending: 2,
        failed: 1,
        queuedBytes: 2000,
        queuedChunks: 3,
        retry: { steps: 4, nextTime: 130, reason: 'refused\u001b[2J' },
      },
    ],
    destinations: [
      {
        plugin: 'out',
        name: 'a',
        address: 'h:1',
        availableTo: 0,
        seenBy: 1,
        kept: 5,
        failures: 6,
        reason: 'no heartbeat',
      },
    ],
    shares: [0, 1].map((worker) => ({
      worker,
      answers: worker === 0,
      pid: 10,
      memory: 1e6,
      records: 5,
      pending: 0,
      open: 2,
    })),
    unmatchedEvents: 9,
    warned: { warn: 1, error: 0 },
    warnings: [{ time: 0, level: 'warn', text: 'odd', plugin: 'in', fields: { a: 'b' }, count: 3 }],
  });
  expect(shown).toMatch(/ 2 +1 +2\.0 kB in 3 +4 failed, next in 30s: refused\\x1b\[2J$/m);
  expect(shown).toMatch(/^out a +h:1 +no heartbeat +5 +6$/m);
  expect(shown).toMatch(/^ +0 +10 +5 +2 +0 +1\.0 MB\n +1 +no answer /m);
  expect(shown).toMatch(/^9 events without a match, 1 warning$/m);
  expect(shown).toMatch(/ warn \[in\] odd a=b \(3 times\)$/m);
});

async function answering(answer: string): Promise<string> {
  const fake = createServer((socket) => void socket.on('error', () => undefined).end(answer));
  fake.listen(0, '127.0.0.1');
  await once(fake, 'listening');
  onTestFinished(() => void fake.close());
  return `http://127.0.0.1:${(fake.address() as AddressInfo).port}`;
}

test.each(['HTTP/1.1 200 OK\r\n\r\n{}', 'HTTP/1.1 404 No\r\n\r\nnot JSON', 'SSH-2.0\r\n', ''])(
  'what answers %j is not a monitor',
  async (answer) => {
    await expect(fetchStatus(await answering(answer))).rejects.toMatchObject({
      code: 'ERR_SLUICE_MONITOR',
    });
  },
);
