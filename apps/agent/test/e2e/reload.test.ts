import { once } from 'node:events';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { FluentClient } from '@fluent-org/logger';
import fluentLogger from 'fluent-logger';
import { describe, expect, test, vi } from 'vitest';
import { AgentProcess, sluice } from '../support/agent-process.js';
import { fluentOrg } from '../support/clients.js';
import { Traffic } from '../support/traffic.js';

const configuration = (workers: number, name: string, source = '', rest = '') => `
<system>
  workers ${workers}
</system>
<source>
  @type forward
  bind 127.0.0.1
  port 0
  ${source}
</source>
<match **>
  @type file
  path "$FOLDER/${name}.#{worker_id}"
  append true
  <format>
    @type json
  </format>
  <buffer []>
  </buffer>
</match>
${rest}`;

/** All lines that a configuration's workers have written. */
function kept(agent: AgentProcess, name: string, workers: number): Record<string, unknown>[] {
  return Array.from({ length: workers }, (_, id) => `${name}.${id}.log`)
    .filter((file) => existsSync(path.join(agent.folder, file)))
    .flatMap((file) => agent.jsonLines(file));
}

describe.each([1, 2])('reload of %i under traffic', (workers) => {
  test('loses nothing, refuses nobody, and brings the new configuration', async () => {
    const agent = await AgentProcess.start(configuration(workers, 'file0'));
    const senders = [
      new Traffic(agent.port, 'one connection'),
      new Traffic(agent.port, 'connections of five', 5),
      new Traffic(agent.port, 'connections of one', 1),
    ];
    await Promise.all(senders.map((sender) => sender.more(30)));
    const port = agent.port;
    for (const [round, signal] of (['SIGHUP', 'SIGUSR2'] as const).entries()) {
      const old = agent.workerPids();
      // The number of workers changes too.
      const count = workers + round + 1;
      const entry = await agent.reload(configuration(count, `file${round + 1}`), signal);
      expect(entry.msg).toBe('configuration reloaded');
      const ended = ({ msg }: { msg: string }) => msg.includes('old configuration have ended');
      const times = round + 1;
      await agent.until(() => agent.log.filter(ended).length === times, 'the old ones had ended');
      expect(agent.workerPids()).toHaveLength(count);
      expect(agent.workerPids().some((pid) => old.includes(pid))).toBe(false);
      await Promise.all(senders.map((sender) => sender.more(30)));
    }
    await fluentOrg('app', [{ from: 'npm', id: 1 }], { port, mode: 'Message', ack: true });
    await Promise.all(senders.map((sender) => sender.stop()));
    expect(await agent.stop()).toBe(0);

    const lines = ['file0', 'file1', 'file2'].flatMap((name) => kept(agent, name, workers + 2));
    for (const sender of senders) {
      expect(sender.refused).toBe(0);
      const ids = new Set(lines.filter(({ from }) => from === sender.name).map(({ id }) => id));
      expect(sender.acked.filter((id) => !ids.has(id))).toEqual([]);
    }
    for (const name of ['file0', 'file1', 'file2']) {
      expect(kept(agent, name, workers + 2).length).toBeGreaterThan(0);
    }
    expect(kept(agent, 'file2', workers + 2)).toContainEqual({ from: 'npm', id: 1 });
    expect(agent.log.filter(({ level }) => Number(level) >= 50)).toEqual([]);
  }, 40_000);
});

test.each([
  ['the same file', 'events.log'],
  ['files of their own', 'events.#{worker_id}.log'],
])(
  'reloads of three workers with %s lose nothing and break no line',
  async (_name, file) => {
    const text = configuration(3, 'x').replace(/path .*/, `path "$FOLDER/${file}"`);
    const agent = await AgentProcess.start(text);
    const senders = Array.from({ length: 4 }, (_, n) => new Traffic(agent.port, `${n}`, 20));
    for (let round = 0; round < 3; round += 1) {
      await Promise.all(senders.map((sender) => sender.more(30)));
      expect((await agent.reload(text, 'SIGHUP')).msg).toBe('configuration reloaded');
    }
    await Promise.all(senders.map((sender) => sender.more(30)));
    await Promise.all(senders.map((sender) => sender.stop()));
    expect(await agent.stop()).toBe(0);
    const files = readdirSync(agent.folder).filter((name) => name.endsWith('.log'));
    const lines = files.flatMap((name) => agent.jsonLines(name));
    for (const sender of senders) {
      expect(sender.refused).toBe(0);
      const ids = new Set(lines.filter(({ from }) => from === sender.name).map(({ id }) => id));
      expect(sender.acked.filter((id) => !ids.has(id))).toEqual([]);
    }
  },
  40_000,
);

test('clients of npm that want no acks lose nothing in a reload, and nothing comes twice', async () => {
  const text = configuration(2, 'events');
  const agent = await AgentProcess.start(text);
  const socket = { host: '127.0.0.1', port: agent.port };
  const org = new FluentClient('app', { socket });
  const logger = fluentLogger.createFluentSender('app', { ...socket, reconnectInterval: 20 });
  let sent = 0;
  const timer = setInterval(() => {
    for (let n = 0; n < 5; n += 1) {
      sent += 1;
      void org.emit('x', { from: 'org', id: sent });
      logger.emit('x', { from: 'logger', id: sent });
    }
  }, 5);
  const old = ({ msg }: { msg: string }) => msg.includes('old configuration have ended');
  for (let round = 1; round <= 2; round += 1) {
    const before = sent;
    await vi.waitUntil(() => sent > before + 100, 10_000);
    await agent.reload(text, 'SIGHUP');
    await agent.until(() => agent.log.filter(old).length === round, 'the old ones had ended');
  }
  clearInterval(timer);
  const ids = (from: string) =>
    kept(agent, 'events', 2)
      .filter((line) => line.from === from)
      .map(({ id }) => Number(id))
      .sort((a, b) => a - b);
  const all = Array.from({ length: sent }, (_, n) => n + 1);
  await vi.waitUntil(() => ids('org').length + ids('logger').length >= 2 * sent, 10_000);
  expect(ids('org')).toEqual(all);
  expect(ids('logger')).toEqual(all);
  await org.disconnect();
  logger.end(null as never, null, () => undefined);
  expect(await agent.stop()).toBe(0);
}, 40_000);

describe('a new configuration that is wrong leaves the old one as it is', () => {
  test.each([
    ['a mistake in the file', configuration(2, 'file', 'backlog high')],
    ['a section that is not closed', '<source>\n'],
    [
      'a plugin that does not exist',
      configuration(2, 'file', '', '<match x>\n@type nil\n</match>'),
    ],
    ['a wrong number of workers', configuration(0, 'file')],
  ])('%s: the log has the text that a start would have', async (_name, wrong) => {
    const agent = await AgentProcess.start(configuration(2, 'file'));
    const before = agent.workerPids();
    const entry = await agent.reload(wrong, 'SIGHUP');
    expect(entry.level).toBe(50);
    const { stderr } = await sluice(['-c', path.join(agent.folder, 'sluice.conf')]);
    expect(entry.msg).toBe('configuration not reloaded, the old one stays');
    expect(entry.details).toBe(stderr.trimEnd());
    expect(entry.details).toContain('sluice.conf:');
    expect(agent.workerPids()).toEqual(before);

    // A worker that is replaced now runs what the others run, and not what the file says.
    process.kill(before[0], 'SIGKILL');
    await agent.logged(({ msg }) => msg.includes('was replaced'));
    const records = Array.from({ length: 4 }, (_, id) => ({ id }));
    for (const record of records) {
      await fluentOrg('app', [record], { port: agent.port, mode: 'Forward', ack: true });
    }
    expect(await agent.stop()).toBe(0);
    expect(kept(agent, 'file', 2)).toHaveLength(4);
    for (const id of [0, 1]) expect(existsSync(`${agent.folder}/file.${id}.log`)).toBe(true);
  });

  test('a port in use: the workers that could not start are gone', async () => {
    const other = net.createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as net.AddressInfo;
    const agent = await AgentProcess.start(configuration(2, 'file'));
    const before = agent.workerPids();
    const wrong = configuration(2, 'new').replace('port 0', `port ${port}`);
    const entry = await agent.reload(wrong, 'SIGUSR2');
    other.close();
    expect(entry.msg).toContain('not reloaded');
    expect(entry.details).toMatch(new RegExp(`127\\.0\\.0\\.1:${port}.*EADDRINUSE`));
    expect(agent.workerPids()).toEqual(before);

    // The next one is right again.
    expect((await agent.reload(configuration(1, 'new'), 'SIGHUP')).msg).toBe(
      'configuration reloaded',
    );
    await agent.logged(({ msg }) => msg.includes('old configuration have ended'));
    await fluentOrg('app', [{ id: 1 }], { port: agent.port, mode: 'Message', ack: true });
    expect(await agent.stop()).toBe(0);
    expect(kept(agent, 'new', 1)).toHaveLength(1);
  });
});

test('many signals for a reload at once, and then a stop, end well', async () => {
  const agent = await AgentProcess.start(configuration(2, 'file'));
  for (let count = 0; count < 5; count += 1) agent.child.kill('SIGHUP');
  await agent.logged(({ msg }) => msg.includes('reloading'));
  agent.child.kill('SIGUSR2');
  expect(await agent.stop()).toBe(0);
});

test('files that the configuration includes are read again, too', async () => {
  const main = '@include parts/*.conf\n';
  const agent = await AgentProcess.start(configuration(1, 'file') + main);
  const file = path.join(agent.folder, 'extra.conf');
  writeFileSync(file, '<source>\n  @type forward\n  bind 127.0.0.1\n  port nowhere\n</source>\n');
  const entry = await agent.reload(configuration(1, 'file', '', '@include extra.conf\n'), 'SIGHUP');
  expect(entry.details).toContain(`${file}:4:`);
  expect(await agent.stop()).toBe(0);
});
