import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import tls from 'node:tls';
import { encodeMessage } from '@sluice/forward-protocol';
import { describe, expect, onTestFinished, test } from 'vitest';
import { AgentProcess } from '../support/agent-process.js';
import { fluentOrg } from '../support/clients.js';
import { Traffic } from '../support/traffic.js';

const source = '<source>\n  @type forward\n  bind 127.0.0.1\n  port 0\n</source>\n';
const perWorkerFile = `<match **>
  @type file
  path "$FOLDER/events.#{worker_id}"
  append true
  <format>
    @type json
  </format>
  <buffer []>
  </buffer>
</match>
`;
const system = (workers: number) => `<system>\n  workers ${workers}\n</system>\n`;

/** Ids of one sender's events in the files of all workers. */
function kept(agent: AgentProcess, from: string, workers: number): Set<unknown> {
  const ids = new Set<unknown>();
  for (let id = 0; id < workers; id += 1) {
    if (!existsSync(path.join(agent.folder, `events.${id}.log`))) continue;
    for (const record of agent.jsonLines(`events.${id}.log`)) {
      if (record.from === from) ids.add(record.id);
    }
  }
  return ids;
}

async function gone(pid: number): Promise<void> {
  for (let tries = 0; tries < 1000; tries += 1) {
    // A process that nobody has waited for yet is gone, too.
    if (
      !existsSync(`/proc/${pid}/stat`) ||
      readFileSync(`/proc/${pid}/stat`, 'utf8').includes(' Z ')
    ) {
      return;
    }
    await delay(10);
  }
  throw new Error(`process ${pid} is still there`);
}

test('four workers share connections evenly, and stop together with exit code 0', async () => {
  const agent = await AgentProcess.start(system(4) + source + perWorkerFile);
  const pids = agent.workerPids();
  expect(pids).toHaveLength(4);
  const message = encodeMessage('app', { record: { from: 'even', id: 1 } }, { chunk: 'x' });
  for (let round = 0; round < 40; round += 1) {
    const socket = net.connect(agent.port, '127.0.0.1');
    socket.write(message);
    await once(socket, 'data');
    socket.destroy();
  }
  expect(await agent.stop()).toBe(0);
  for (let id = 0; id < 4; id += 1) {
    expect(agent.jsonLines(`events.${id}.log`)).toHaveLength(10);
  }
  for (const pid of pids) await gone(pid);
});

test('all workers log, each with its number', async () => {
  const agent = await AgentProcess.start(source + perWorkerFile, undefined, {
    args: ['--workers', '3'],
  });
  const listening = agent.log.filter((entry) => entry.msg.startsWith('listening'));
  expect(listening.map((entry) => entry.worker).sort()).toEqual([0, 1, 2]);
  expect(new Set(listening.map((entry) => entry.port)).size).toBe(1);
  expect(await agent.stop('SIGINT')).toBe(0);
});

describe.each([1, 3])('a worker of %i that is killed under traffic', (workers) => {
  test('is replaced: nobody is refused, and what was acknowledged is in the file', async () => {
    const agent = await AgentProcess.start(system(workers) + source + perWorkerFile);
    const senders = [
      new Traffic(agent.port, 'one connection'),
      new Traffic(agent.port, 'connections of ten', 10),
      new Traffic(agent.port, 'connections of one', 1),
    ];
    await Promise.all(senders.map((sender) => sender.more(50)));
    for (let round = 1; round <= 2; round += 1) {
      const [victim] = agent.workerPids();
      process.kill(victim, 'SIGKILL');
      const entry = await agent.logged(({ pid, msg }) => pid === victim && msg.includes('ended'));
      expect(entry).toMatchObject({ level: 50, signal: 'SIGKILL' });
      expect(entry.msg).toMatch(/^worker \d ended unexpectedly: SIGKILL/);
      const replaced = (): number =>
        agent.log.filter(({ msg }) => msg.includes('was replaced')).length;
      await agent.until(() => replaced() === round, 'the worker was replaced');
      await Promise.all(senders.map((sender) => sender.more(50)));
    }
    await Promise.all(senders.map((sender) => sender.stop()));
    expect(agent.workerPids()).toHaveLength(workers);
    expect(await agent.stop()).toBe(0);
    for (const sender of senders) {
      expect(sender.refused).toBe(0);
      const ids = kept(agent, sender.name, workers);
      expect(sender.acked.filter((id) => !ids.has(id))).toEqual([]);
    }
  }, 40_000);
});

test('clients of npm go on after the worker that served them was killed', async () => {
  const agent = await AgentProcess.start(system(2) + source + perWorkerFile);
  const target = { port: agent.port, mode: 'PackedForward' as const, ack: true };
  const send = (from: string) =>
    fluentOrg(
      'app',
      Array.from({ length: 20 }, (_, id) => ({ from, id })),
      target,
    );
  await send('before');
  for (const pid of agent.workerPids()) process.kill(pid, 'SIGKILL');
  // The port stays open while not one worker is there: this waits, and is not refused.
  await send('between');
  expect(await agent.stop()).toBe(0);
  expect(kept(agent, 'before', 2).size).toBe(20);
  expect(kept(agent, 'between', 2).size).toBe(20);
});

test('a worker that gets SIGTERM drains, and is replaced', async () => {
  const agent = await AgentProcess.start(system(2) + source + perWorkerFile);
  const [victim] = agent.workerPids();
  process.kill(victim, 'SIGTERM');
  const entry = await agent.logged(({ pid, msg }) => pid === victim && msg.includes('stopped'));
  expect(entry).toMatchObject({ level: 40, code: 0 });
  await agent.logged(({ msg }) => /worker \d was replaced/.test(msg));
  expect(await agent.stop()).toBe(0);
});

test('the workers end when the primary is killed', async () => {
  const agent = await AgentProcess.start(system(2) + source + perWorkerFile);
  const sender = new Traffic(agent.port, 'orphan');
  await sender.more(20);
  const pids = agent.workerPids();
  await agent.stop('SIGKILL');
  for (const pid of pids) await gone(pid);
  await sender.stop();
  const ids = kept(agent, 'orphan', 2);
  expect(sender.acked.filter((id) => !ids.has(id))).toEqual([]);
});

test('a second signal ends everything at once', async () => {
  const agent = await AgentProcess.start(
    `${system(2)}${source}<match **>\n  @type stdout\n</match>`,
  );
  const socket = net.connect(agent.port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => undefined);
  const record = { text: 'x'.repeat(1024 * 1024) };
  // Its standard output is full before the first event is out, and nobody reads it: it cannot drain.
  const begun = new Promise((resolve) => agent.child.stdout!.on('readable', resolve));
  for (let id = 0; id < 8; id += 1) socket.write(encodeMessage('app', { record }, { chunk: 'x' }));
  await begun;
  const pids = agent.workerPids();
  agent.child.kill('SIGTERM');
  await agent.logged(({ msg }) => msg === 'stopping on SIGTERM');
  agent.child.kill('SIGINT');
  await agent.logged(({ msg }) => msg.includes('leaving at once'));
  agent.child.stdout!.removeAllListeners('readable').resume();
  await once(agent.child, 'exit');
  expect(agent.child.exitCode).toBe(1);
  for (const pid of pids) await gone(pid);
});

test('a TLS session that began with one worker goes on with another', async () => {
  const agent = await AgentProcess.start(
    system(2) +
      source.replace('port 0', 'port 0\n  <transport tls>\n    insecure true\n  </transport>') +
      perWorkerFile,
  );
  const message = encodeMessage('app', { record: { from: 'tls', id: 1 } }, { chunk: 'x' });
  let session: Buffer | undefined;
  const reused: boolean[] = [];
  for (let round = 0; round < 4; round += 1) {
    const socket = tls.connect({
      port: agent.port,
      host: '127.0.0.1',
      rejectUnauthorized: false,
      ...(session && { session }),
    });
    socket.on('session', (given) => (session = given));
    await once(socket, 'secureConnect');
    reused.push(socket.isSessionReused());
    socket.write(message);
    await once(socket, 'data');
    socket.destroy();
  }
  expect(reused).toEqual([false, true, true, true]);
  expect(await agent.stop()).toBe(0);
  for (const id of [0, 1]) expect(agent.jsonLines(`events.${id}.log`)).toHaveLength(2);
});

test('the example configuration of workers runs as it is', async () => {
  const example = readFileSync(
    path.join(import.meta.dirname, '../../../../examples/workers.conf'),
    'utf8',
  );
  expect(example).toMatch(/port 24224\n[^]*port 24225\n/);
  // Its ports and its folder may be taken on this machine.
  const agent = await AgentProcess.start(
    example.replace(/port 2422\d/g, 'port 0').replaceAll('/tmp/sluice-example', '$FOLDER'),
  );
  const listening = agent.log.filter(({ msg }) => msg.startsWith('listening'));
  expect(
    listening.map(({ worker, plugin }) => `${String(worker)} ${String(plugin)}`).sort(),
  ).toEqual(['0 first_worker_only', '0 forward_0', '1 forward_0']);
  const { port } = listening.find(({ plugin }) => plugin === 'forward_0')!;
  const target = { port: port as number, mode: 'Forward' as const, ack: true };
  for (const id of [0, 1]) await fluentOrg('app.x', [{ id }], target);
  expect(await agent.stop()).toBe(0);
  const kept = [0, 1].flatMap((id) => agent.jsonLines(`app.worker-${id}.log`));
  expect(kept.map(({ id }) => id).sort()).toEqual([0, 1]);
});
