import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, onTestFinished, test } from 'vitest';
import { AgentProcess, sluice, temporaryFolder } from '../support/agent-process.js';

const configuration = `
<source>
  @type forward
  bind 127.0.0.1
  port 0
</source>
<match **>
  @type file
  path $FOLDER/events
  append true
  <format>
    @type json
  </format>
  <buffer []>
  </buffer>
</match>
`;

/** The service manager's end of NOTIFY_SOCKET. */
class Manager {
  readonly messages: Record<string, string>[] = [];
  readonly #child: ChildProcess;
  readonly #bound: Promise<unknown>;

  constructor(readonly address: string) {
    const program = path.join(import.meta.dirname, '../fixtures/notify-reader.mjs');
    this.#child = spawn(process.execPath, [program, address], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => void this.#child.kill('SIGKILL'));
    const lines = createInterface({ input: this.#child.stdout! });
    this.#bound = once(lines, 'line').then(() => {
      lines.on('line', (line) => {
        const pairs = (JSON.parse(line) as string).trim().split('\n');
        this.messages.push(Object.fromEntries(pairs.map((pair) => pair.split(/=(.*)/, 2))));
        this.#child.emit('told');
      });
    });
  }

  async environment(): Promise<Record<string, string>> {
    await this.#bound;
    return { NOTIFY_SOCKET: this.address };
  }

  async told(name: string, times = 1): Promise<void> {
    while (this.messages.filter((message) => name in message).length < times) {
      await once(this.#child, 'told');
    }
  }
}

describe.each(['a path', 'an abstract name'])('sd_notify over %s', (kind) => {
  test('tells when it is ready, reloads, is well and stops', async () => {
    const folder = temporaryFolder();
    const manager = new Manager(
      kind === 'a path'
        ? path.join(folder, 'notify.sock')
        : `@sluice-test-${path.basename(folder)}`,
    );
    const env = { ...(await manager.environment()), WATCHDOG_USEC: '200000' };
    const agent = await AgentProcess.start(configuration, folder, { env });
    await manager.told('READY');
    expect(manager.messages[0]).toMatchObject({ READY: '1', STATUS: 'running with 1 worker' });
    await manager.told('WATCHDOG', 2);
    await agent.reload(`<system>\n  workers 2\n</system>\n${configuration}`, 'SIGHUP');
    await manager.told('READY', 2);
    const names = manager.messages.flatMap((message) => Object.keys(message));
    expect(names.indexOf('RELOADING')).toBeLessThan(names.lastIndexOf('READY'));
    const reloading = manager.messages.find((message) => 'RELOADING' in message)!;
    expect(Number(reloading.MONOTONIC_USEC)).toBeGreaterThan(0);
    expect(manager.messages.findLast((message) => 'READY' in message)).toMatchObject({
      STATUS: 'running with 2 workers',
    });
    expect(await agent.stop()).toBe(0);
    await manager.told('STOPPING');
  });
});

test('a worker that hangs keeps the watchdog silent', async () => {
  const folder = temporaryFolder();
  const manager = new Manager(path.join(folder, 'notify.sock'));
  const env = { ...(await manager.environment()), WATCHDOG_USEC: '200000' };
  const agent = await AgentProcess.start(configuration, folder, { env });
  await manager.told('WATCHDOG');
  const [pid] = agent.workerPids();
  process.kill(pid, 'SIGSTOP');
  await agent.logged(({ msg }) => msg === 'no sign of life from worker 0');
  process.kill(pid, 'SIGCONT');
  const count = manager.messages.filter((message) => 'WATCHDOG' in message).length;
  await manager.told('WATCHDOG', count + 2);
  expect(await agent.stop()).toBe(0);
});

test('a manager that is not there is a warning, no more', async () => {
  const env = { NOTIFY_SOCKET: '/no/such/socket' };
  const agent = await AgentProcess.start(configuration, undefined, { env });
  const warning = await agent.logged(({ msg }) => msg.includes('cannot be notified'));
  expect(warning.reason).toBe('sendto /no/such/socket: ENOENT');
  expect(await agent.stop()).toBe(0);
});

test('SIGUSR1 has all workers flush, and ends nothing', async () => {
  const agent = await AgentProcess.start(configuration, undefined, { args: ['-w', '2'] });
  const pids = agent.workerPids();
  agent.child.kill('SIGUSR1');
  const flushed = (): unknown[] =>
    agent.log.filter(({ msg }) => msg === 'outputs flushed').map(({ worker }) => worker);
  await agent.until(() => flushed().length === 2, 'both had flushed');
  expect(flushed().sort()).toEqual([0, 1]);
  expect(agent.workerPids()).toEqual(pids);
  expect(await agent.stop()).toBe(0);
});

test('--pid-file holds the number of the primary while it runs', async () => {
  const folder = temporaryFolder();
  const file = path.join(folder, 'sluice.pid');
  const agent = await AgentProcess.start(configuration, folder, { args: ['--pid-file', file] });
  expect(readFileSync(file, 'utf8')).toBe(`${agent.child.pid}\n`);
  expect(await agent.stop()).toBe(0);
  expect(existsSync(file)).toBe(false);
  const args = ['-c', path.join(folder, 'sluice.conf'), '--pid-file', '/no/such/folder/pid'];
  const { code, stderr } = await sluice(args);
  expect(stderr).toContain('/no/such/folder/pid');
  expect(code).toBe(1);
});

test('--umask reaches the files of the workers', async () => {
  const agent = await AgentProcess.start(configuration, undefined, { args: ['--umask', '077'] });
  expect(statSync(path.join(agent.folder, 'events.log')).mode & 0o777).toBe(0o600);
  expect(await agent.stop()).toBe(0);
});

test('--inline-config is appended to the file', async () => {
  const inline = '<source>\n  @type forward\n  bind 127.0.0.1\n  port 0\n  @id inline\n</source>';
  const agent = await AgentProcess.start('<match **>\n  @type null\n</match>\n', undefined, {
    args: ['-i', inline],
  });
  expect(agent.log.find(({ msg }) => msg.startsWith('listening'))!.plugin).toBe('inline');
  expect(await agent.stop()).toBe(0);
});

test('--no-supervisor is one process, which cannot reload', async () => {
  const agent = await AgentProcess.start(configuration, undefined, { args: ['--no-supervisor'] });
  expect(agent.workerPids()).toEqual([]);
  agent.child.kill('SIGHUP');
  await agent.logged(({ msg }) => msg.includes('cannot be reloaded'));
  agent.child.kill('SIGUSR1');
  await agent.logged(({ msg }) => msg === 'outputs flushed');
  expect(await agent.stop()).toBe(0);
});

test.each([
  [['--daemon', 'sluice.pid'], 'foreground'],
  [['--workers', '0'], 'from 1 to 256'],
  [['--workers', 'many'], 'from 1 to 256'],
  [['--umask', '999'], 'octal'],
])('%s is refused', async (args, reason) => {
  const { code, stderr } = await sluice(['-c', 'sluice.conf', ...args]);
  expect(stderr).toContain(reason);
  expect(code).toBe(2);
});
