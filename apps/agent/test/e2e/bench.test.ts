import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { AgentProcess, bin, sluice } from '../support/agent-process.js';
import { Terminal } from '../support/terminal.js';

function start(more = ''): Promise<AgentProcess> {
  return AgentProcess.start(
    `<source>\n@type forward\nbind 127.0.0.1\nport 0\n${more}\n</source>
<match load>\n@type file\n@id file\npath $FOLDER/events\nappend true\n<buffer []>\n</buffer>\n<format>\n@type json\n</format>\n</match>
<match **>\n@type null\n</match>\n`,
  );
}

describe('sluice bench', () => {
  test('sends for so long, tells how it goes, and in one line how it went', async () => {
    const { port } = await start();
    const { code, stdout, stderr } = await sluice(['bench', '-p', `${port}`, '-s', '2', '-n', '2']);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      new RegExp(
        `^[\\d,]+ events \\([\\d.]+ \\w?B\\) acknowledged by 127\\.0\\.0\\.1:${port} in [\\d.]+ s: ` +
          '[\\d,]+ events/s, [\\d.]+ \\w?B/s\\n$',
      ),
    );
    expect(stderr).toMatch(/^\d+s {2}[\d,]+ events\/s {2}.*\/s {2}[\d,]+ under way\n/);
  });

  test('rate, size and tag are what is asked for, and what is told is true', async () => {
    const agent = await start();
    const args = ['--rate', '100', '--size', '50', '-t', 'load', '-s', '1', '--json'];
    const { code, stdout } = await sluice(['bench', '-p', `${agent.port}`, ...args]);
    expect(code).toBe(0);
    const result = JSON.parse(stdout) as Record<string, number>;
    // At most the rate: a busy machine may send less.
    expect(result.sent).toBeLessThanOrEqual(105);
    expect(result.sent).toBeGreaterThan(0);
    expect(result.kept).toBe(result.sent);
    expect(result.seconds).toBeGreaterThanOrEqual(0.9);
    await agent.stop();
    const events = agent.jsonLines('events.log');
    expect(events).toHaveLength(result.sent);
    expect(events[0].message).toHaveLength(50);
  });

  test('Ctrl-C ends it early, with the result', async () => {
    const { port } = await start();
    const child = spawn(process.execPath, [bin, 'bench', '-p', `${port}`, '-s', '600'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    await once(child.stderr, 'data');
    child.kill('SIGINT');
    expect(await once(child, 'close')).toEqual([0, null]);
    expect(stdout).toMatch(/^[\d,]+ events? .* acknowledged by /);
  });

  test('on a terminal there is one line of progress', async () => {
    const { port } = await start();
    const terminal = Terminal.start(['bench', '-p', `${port}`, '-s', '2']);
    expect(await terminal.closed()).toBe(0);
    expect(terminal.output).toMatch(/\r\d+s .*events\/s.*\u001b\[K.*\r\u001b\[K[\d,]+ events/);
    expect(terminal.output.match(/\n/g)).toHaveLength(1);
  });

  test('a server that asks for a key, one that takes nothing, one that ends', async () => {
    const security = '<security>\nself_hostname server\nshared_key k\n</security>';
    const { port } = await start(security);
    const keyless = await sluice(['bench', '-p', `${port}`, '-s', '1']);
    expect(keyless.code).toBe(1);
    expect(keyless.stderr).toContain('the server asks for a shared key: --shared-key');
    const right = await sluice(['bench', '-p', `${port}`, '-s', '1', '--shared-key', 'k']);
    expect(right).toMatchObject({ code: 0 });
    const none = await sluice(['bench', '-p', '1', '-s', '1']);
    expect(none).toMatchObject({ code: 1, stdout: '' });
    expect(none.stderr).toMatch(/^sluice bench: 127\.0\.0\.1:1: .*ECONNREFUSED/);
    const server = createServer((socket) => socket.once('data', () => socket.destroy()));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const ended = await sluice(['bench', '-p', `${(server.address() as AddressInfo).port}`]);
    expect(ended.code).toBe(1);
    expect(ended.stdout).toMatch(/^0 events /);
    expect(ended.stderr).toMatch(/sluice bench: [\d,]+ of [\d,]+ events may be lost\n$/);
  });

  test.each([
    [['--rate', '0'], '--rate is 1 to 1000000000, not "0"'],
    [['--seconds', 'x'], '--seconds is 1 to 86400, not "x"'],
    [['--connections', '1001'], '--connections is 1 to 1000, not "1001"'],
    [['--size', '-1'], '--size'],
    [['tag'], '"tag" is one argument too many'],
    [['--ca', 'x'], '--ca needs --tls'],
  ])('%j is refused', async (args, words) => {
    const { code, stderr } = await sluice(['bench', ...args]);
    expect(code).toBe(2);
    expect(stderr).toContain(words);
  });
});
