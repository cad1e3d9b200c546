import { readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { fluentOrg } from '../support/clients.js';
import { filesIn } from '../support/files-in.js';
import { describe, expect, test, vi } from 'vitest';
import { AckedSender } from '../support/acked-sender.js';
import { AgentProcess, temporaryFolder } from '../support/agent-process.js';
import { childrenOf } from '../support/process-tree.js';

const configuration = (buffer: string, workers = 1): string => `
<system>
  workers ${workers}
</system>
<source>
  @type forward
  bind 127.0.0.1
  port 0
</source>
<match **>
  @type stdout
  <format>
    @type json
  </format>
  <buffer tag>
    @type file
    path $FOLDER/buffer
    ${buffer}
  </buffer>
</match>
`;

/** The numbers that an agent has printed, in their order. */
function printed(agent: AgentProcess): number[] {
  return agent.stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => (JSON.parse(line) as { n: number }).n);
}

/** No process of the agent gets to say a last word. */
async function killAll(agent: AgentProcess): Promise<void> {
  for (const worker of childrenOf(agent.child.pid!)) process.kill(worker, 'SIGKILL');
  await agent.stop('SIGKILL');
}

describe('killed with a file buffer: what was acknowledged is written by the next agent', () => {
  test.each([
    ['synced', ''],
    ['not synced', 'fsync false'],
    ['gzip', 'compress gzip'],
  ])(
    '%s',
    async (_name, text) => {
      const folder = temporaryFolder();
      const senders: AckedSender[] = [];
      const before: AgentProcess[] = [];
      for (let round = 0; round < 3; round += 1) {
        const agent = await AgentProcess.start(configuration(`flush_mode lazy\n${text}`), folder);
        const both = await Promise.all(
          [0, 1].map((n) =>
            AckedSender.connect(agent.port, `t${n}`, { first: (round * 2 + n) * 1_000_000 }),
          ),
        );
        senders.push(...both);
        await Promise.all(both.map((sender) => sender.untilAcked(200 + round * 333)));
        await killAll(agent);
        before.push(agent);
        await Promise.all(both.map((sender) => sender.ended));
      }
      const acked = senders.flatMap((sender) => sender.acked);
      expect(acked.length).toBeGreaterThan(1000);
      const agent = await AgentProcess.start(configuration(`flush_interval 1s\n${text}`), folder);
      // What an agent has left goes on in the next one, until it is due or full.
      const earlier = new Set(before.flatMap(printed));
      await agent.until(() => {
        const all = new Set(printed(agent));
        return acked.every((n) => all.has(n) || earlier.has(n));
      }, 'all was written');
      // Each sender's events come in their order.
      const lines = printed(agent);
      for (const sender of senders) {
        const first = Math.floor(sender.acked[0] / 1_000_000);
        const own = lines.filter((n) => Math.floor(n / 1_000_000) === first);
        expect(own).toEqual(own.toSorted((a, b) => a - b));
      }
      expect(await agent.stop()).toBe(0);
    },
    60_000,
  );
});

test('fewer workers write what the others left', async () => {
  const folder = temporaryFolder();
  const two = await AgentProcess.start(configuration('flush_mode lazy', 2), folder);
  const senders = await Promise.all(
    [0, 1, 2, 3].map((n) => AckedSender.connect(two.port, 't', { first: n * 1_000_000 })),
  );
  await Promise.all(senders.map((sender) => sender.untilAcked(100)));
  await killAll(two);
  await Promise.all(senders.map((sender) => sender.ended));
  const one = await AgentProcess.start(configuration('flush_interval 1s'), folder);
  const acked = senders.flatMap((sender) => sender.acked);
  await one.until(() => {
    const all = new Set(printed(one));
    return acked.every((n) => all.has(n));
  }, 'all was written');
  expect(await one.stop()).toBe(0);
}, 60_000);

test('the example of buffered files runs: what waited when the agent was killed is in its files later', async () => {
  const example = readFileSync(
    path.join(import.meta.dirname, '../../../../examples/buffered-files.conf'),
    'utf8',
  )
    .replace('port 24224', 'port 0')
    .replaceAll('./out', '$FOLDER/out');
  const first = await AgentProcess.start(example);
  const records = ['ada', 'bob', 'ada'].map((user, n) => ({ user, n }));
  await fluentOrg('app.web', records, { port: first.port, mode: 'PackedForward', ack: true });
  await killAll(first);
  expect(filesIn(path.join(first.folder, 'out', 'app.web'))).toEqual([]);
  const second = await AgentProcess.start(example, first.folder);
  // The hour goes on; a signal writes what there is of it.
  second.child.kill('SIGUSR1');
  const out = path.join(first.folder, 'out');
  const written = (): Map<string, unknown[]> => {
    const all = new Map<string, unknown[]>();
    for (const file of filesIn(out).filter((name) => name.startsWith('app.web/'))) {
      const user = path.basename(file).split('.')[0];
      const lines = gunzipSync(readFileSync(path.join(out, file))).toString();
      const read = lines.split('\n').filter((line) => line !== '');
      all.set(user, [
        ...(all.get(user) ?? []),
        ...read.map((line) => (JSON.parse(line) as { n: number }).n),
      ]);
    }
    return all;
  };
  const expected = new Map([
    ['ada', [0, 2]],
    ['bob', [1]],
  ]);
  await vi.waitFor(() => expect(written()).toEqual(expected), { timeout: 30_000 });
  expect(await second.stop()).toBe(0);
}, 60_000);
