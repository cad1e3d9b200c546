import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { AckedSender } from '../support/acked-sender.js';
import { AgentProcess, temporaryFolder } from '../support/agent-process.js';
import { childrenOf } from '../support/process-tree.js';
import { filesIn } from '../support/files-in.js';

const configuration = (match: string, system = '', port = 0): string => `
${system}
<source>
  @type forward
  bind 127.0.0.1
  port ${port}
</source>
<match **>
  @type file
  ${match}
</match>
`;

/** One file, NAME.log, that grows by lines of JSON. */
const growing = (name: string, more = '', chunkKeys = '[]'): string =>
  `path ${name}\nappend true\n${more}
  <format>
    @type json
  </format>
  <buffer ${chunkKeys}>
  </buffer>`;

/** The agent's workers; itself where it needs none. */
function workersOf(agent: AgentProcess): number[] {
  const pid = agent.child.pid!;
  const workers = childrenOf(pid);
  return workers.length > 0 ? workers : [pid];
}

/** No process of the agent gets to say a last word. */
function killAll(agent: AgentProcess): void {
  for (const worker of workersOf(agent)) process.kill(worker, 'SIGKILL');
  agent.child.kill('SIGKILL');
}

/** The numbers in the files of a folder; every line has to be whole. */
function numbersIn(folder: string): number[] {
  return filesIn(folder).flatMap((file) => {
    const bytes = readFileSync(path.join(folder, file));
    const text = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString();
    expect(text.endsWith('\n') || text === '').toBe(true);
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => (JSON.parse(line) as { n: number }).n);
  });
}

function expectKept(folder: string, senders: readonly AckedSender[]): void {
  const kept = new Set(numbersIn(folder));
  const acked = senders.flatMap((sender) => sender.acked);
  expect(acked.length).toBeGreaterThan(0);
  expect(acked.filter((n) => !kept.has(n))).toEqual([]);
}

describe('killed in the middle, started again: what was acknowledged is there, and whole', () => {
  test.each([
    ['lines', growing('$FOLDER/logs/a')],
    ['lines with fsync', growing('$FOLDER/logs/a', 'fsync true')],
    ['gzip', growing('$FOLDER/logs/a', 'compress gzip')],
    ['rotated by size, tagged', growing('$FOLDER/logs/${tag}', 'rotate_size 20k', 'tag,time')],
    ['a new file for each start', 'path $FOLDER/logs/a\n<format>\n@type json\n</format>'],
  ])(
    '%s',
    async (_name, match) => {
      const folder = temporaryFolder();
      const senders: AckedSender[] = [];
      for (let round = 0; round < 3; round += 1) {
        const agent = await AgentProcess.start(configuration(match), folder);
        const both = await Promise.all(
          [0, 1].map((n) =>
            AckedSender.connect(agent.port, `t${n}`, { first: (round * 2 + n) * 1_000_000 }),
          ),
        );
        senders.push(...both);
        await Promise.all(both.map((sender) => sender.untilAcked(200 + round * 333)));
        killAll(agent);
        await Promise.all(both.map((sender) => sender.ended));
      }
      const agent = await AgentProcess.start(configuration(match), folder);
      const last = await AckedSender.connect(agent.port, 't0', { first: 90_000_000 });
      await last.untilAcked(100);
      await last.stop();
      expect(await agent.stop()).toBe(0);
      expectKept(path.join(folder, 'logs'), [...senders, last]);
    },
    60_000,
  );
});

test('several agents write one path, one of them is killed: all lines are whole', async () => {
  const folder = temporaryFolder();
  const match = growing(`${folder}/logs/shared`);
  const agents = await Promise.all(
    [0, 1, 2].map((n) => {
      const own = path.join(folder, `agent${n}`);
      mkdirSync(own);
      return AgentProcess.start(configuration(match), own);
    }),
  );
  const senders = await Promise.all(
    agents.map((agent, n) =>
      AckedSender.connect(agent.port, 't', { first: n * 1_000_000, text: 'y'.repeat(2000) }),
    ),
  );
  await Promise.all(senders.map((sender) => sender.untilAcked(300)));
  killAll(agents[0]);
  await senders[0].ended;
  await Promise.all(senders.slice(1).map((sender) => sender.untilAcked(1000)));
  await Promise.all(senders.slice(1).map((sender) => sender.stop()));
  for (const agent of agents.slice(1)) expect(await agent.stop()).toBe(0);
  expectKept(path.join(folder, 'logs'), senders);
}, 60_000);

const hasPrlimit = spawnSync('prlimit', ['--version']).status === 0;

describe.skipIf(!hasPrlimit)('a disk that takes only a part of a write', () => {
  const limit = (agent: AgentProcess, bytes: string): void => {
    for (const worker of workersOf(agent)) {
      execFileSync('prlimit', ['--pid', String(worker), `--fsize=${bytes}`]);
    }
  };

  test('the part is taken back, events wait, and all are kept when there is space again', async () => {
    const agent = await AgentProcess.start(configuration(growing('$FOLDER/logs/a')));
    const sender = await AckedSender.connect(agent.port, 't', { perChunk: 7 });
    await sender.untilAcked(50);
    limit(agent, '20011:unlimited'); // in the middle of a line
    await agent.logged((entry) => entry.msg.includes('events wait, unacknowledged'));
    // Nothing half-written is to be seen, and nothing acknowledged is missing.
    expectKept(path.join(agent.folder, 'logs'), [sender]);
    const before = sender.acked.length;
    limit(agent, 'unlimited:unlimited');
    await agent.logged((entry) => entry.msg.includes('works again'));
    await sender.untilAcked(before + 100);
    await sender.stop();
    expect(await agent.stop()).toBe(0);
    const kept = numbersIn(path.join(agent.folder, 'logs'));
    expect(kept).toEqual(Array.from(kept, (_, index) => index));
    expect(kept).toEqual(sender.acked);
  }, 60_000);

  test('the agent can be stopped meanwhile, and what waits is not acknowledged', async () => {
    const agent = await AgentProcess.start(configuration(growing('$FOLDER/logs/a')));
    limit(agent, '1000:unlimited');
    const sender = await AckedSender.connect(agent.port, 't');
    await agent.logged((entry) => entry.msg.includes('events wait, unacknowledged'));
    await agent.stop();
    await sender.ended;
    expect(sender.acked).toEqual([]);
    expect(numbersIn(path.join(agent.folder, 'logs'))).toEqual([]);
  }, 60_000);
});

test('the example of files runs', async () => {
  const example = path.join(import.meta.dirname, '../../../../examples/files.conf');
  const agent = await AgentProcess.start(
    readFileSync(example, 'utf8')
      .replace('port 24224', 'port 0')
      .replaceAll('./out', '$FOLDER/out'),
  );
  const senders = await Promise.all(
    ['audit.login', 'web'].map((tag) => AckedSender.connect(agent.port, tag)),
  );
  await Promise.all(senders.map((sender) => sender.untilAcked(100)));
  await Promise.all(senders.map((sender) => sender.stop()));
  expect(await agent.stop()).toBe(0);
  const out = path.join(agent.folder, 'out');
  expect(filesIn(out).filter((file) => file !== 'all.log')).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/^audit\/audit\.login\.\d{10}\.log\.gz$/) as unknown,
    ]),
  );
  expect(numbersIn(path.join(out, 'audit'))).toEqual(senders[0].acked);
  expect(readFileSync(path.join(out, 'all.log'), 'utf8')).toMatch(/^(n:\d+\ttext:x+\n)+$/);
}, 60_000);
