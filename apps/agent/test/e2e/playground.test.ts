import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, onTestFinished, test } from 'vitest';
import { textWidth } from '@sluice/cli-tools';
import { bin, sluice, temporaryFolder } from '../support/agent-process.js';
import { Terminal } from '../support/terminal.js';

const line = '{"message":"hello"}\n';

/** The ports that a playground says in its hints; where the usual ones are free, it says none. */
function portsIn(text: string): { port: string; monitor: string } {
  return {
    port: /on 127\.0\.0\.1:(\d+) for/.exec(text)![1],
    monitor: / top(?: -p (\d+))?\s/.exec(text)?.[1] ?? '24220',
  };
}

/** A playground that prints lines, as it is where there is no terminal. */
class PlainPlayground {
  readonly lines: string[] = [];
  readonly child;
  readonly #waiting = new Set<() => void>();

  constructor(args: string[], cwd = temporaryFolder()) {
    this.child = spawn(process.execPath, [bin, ...args], {
      cwd,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => void this.child.kill('SIGKILL'));
    createInterface({ input: this.child.stdout }).on('line', (text) => {
      this.lines.push(text);
      for (const check of this.#waiting) check();
    });
  }

  printed(expected: RegExp): Promise<void> {
    return new Promise((resolve) => {
      const check = (): void => {
        if (!expected.test(this.lines.join('\n'))) return;
        this.#waiting.delete(check);
        resolve();
      };
      this.#waiting.add(check);
      check();
    });
  }

  async ports() {
    await this.printed(/Ctrl-C stops/);
    return portsIn(this.lines.join('\n'));
  }

  async stop(signal: NodeJS.Signals): Promise<number | null> {
    const closed = new Promise<number | null>((resolve) => this.child.once('close', resolve));
    this.child.kill(signal);
    return closed;
  }
}

describe('sluice without a configuration', () => {
  test.each([
    [[], 'SIGINT'],
    [['--plain'], 'SIGTERM'],
    [['playground', '--plain'], 'SIGINT'],
  ] as const)('%j shows what comes in, as lines', async (args, signal) => {
    const playground = new PlainPlayground([...args]);
    const { port } = await playground.ports();
    const sent = await sluice(['cat', '-p', port, 'test.hello'], line);
    expect(sent).toMatchObject({ code: 0 });
    await playground.printed(
      /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d test\.hello: \{"message":"hello"\}$/m,
    );
    expect(await playground.stop(signal)).toBe(0);
  });

  test('two of them take different ports, and say so', async () => {
    const first = await new PlainPlayground([]).ports();
    const second = await new PlainPlayground([]).ports();
    expect(second.port).not.toBe(first.port);
    expect(second.monitor).not.toBe(first.monitor);
    expect(await sluice(['playground', '--port', first.port])).toMatchObject({
      code: 1,
      stderr: `sluice playground: port ${first.port} of 127.0.0.1 is taken\n`,
    });
  });

  test('control characters of a peer do not reach the terminal', async () => {
    const playground = new PlainPlayground([]);
    const { port } = await playground.ports();
    await sluice(['cat', '-p', port, 'a\u001b[2Jb'], '{"m":"\\u009b2J\\u202e"}\n');
    await playground.printed(/a\\x1b\[2Jb: /);
    expect(playground.lines.join('')).toMatch(/"m":"\\x9b2J\\u202e"/);
  });

  test('options of an agent need a configuration', async () => {
    const cwd = temporaryFolder();
    for (const args of [['--workers', '2'], ['--dry-run'], ['-v']]) {
      const { code, stderr } = await sluice(args, '', cwd);
      expect(code).toBe(2);
      expect(stderr).toMatch(/^sluice: --\S+ needs a configuration file: -c FILE\n/);
    }
  });

  test('a sluice.conf in the folder is used', async () => {
    const cwd = temporaryFolder();
    writeFileSync(path.join(cwd, 'sluice.conf'), '<match **>\n@type nul\n</match>\n');
    for (const args of [[], ['--dry-run'], ['config', 'show']]) {
      const { code, stderr } = await sluice(args, '', cwd);
      expect(code).toBe(1);
      expect(stderr).toContain('sluice.conf:2:7: unknown output plugin "nul"');
    }
    const { stderr } = await sluice(['--plain'], '', cwd);
    expect(stderr).toContain('--plain does not go with a configuration');
  });
});

describe('in a terminal', () => {
  test('hints, throughput and the last events; it fits at any size, and Ctrl-C ends it', async () => {
    const terminal = Terminal.start([], { cwd: temporaryFolder() });
    await terminal.sees(/No events yet/);
    expect(terminal.screen.join('\n')).toMatch(/second terminal:\n {2}echo .* cat .*\n.*bench/);
    const { port } = portsIn(terminal.screen.join('\n'));
    const wide = JSON.stringify({ message: '日本語'.repeat(100) });
    await sluice(['cat', '-p', port, 'test.hello'], `${line}${wide}\n`);
    await terminal.sees(/2 events .*\n[^]*test\.hello: \{"message":"hello"\}\n.*日本/);
    expect(Math.max(...terminal.screen.map(textWidth))).toBeLessThanOrEqual(100);
    terminal.resize(40, 9);
    await terminal.sees((screen) => screen.length <= 9 && screen.every((l) => textWidth(l) <= 40));
    expect(terminal.isRaw()).toBe(true);
    terminal.type('\u0003');
    expect(await terminal.closed()).toBe(0);
    // The terminal's own screen and its cursor are back.
    expect(terminal.output).toMatch(/\u001b\[\?25h\u001b\[\?1049l2 events /);
  });

  test('q ends it, too', async () => {
    const terminal = Terminal.start(['playground'], { cwd: temporaryFolder() });
    await terminal.sees(/No events yet/);
    terminal.type('q');
    expect(await terminal.closed()).toBe(0);
  });
});

describe('sluice top', () => {
  test('in a terminal follows a running agent, and says when it is gone', async () => {
    const playground = new PlainPlayground([]);
    const { port, monitor } = await playground.ports();
    const terminal = Terminal.start(['top', '-p', monitor, '--interval', '0.1']);
    await terminal.sees(/PLUGIN +TYPE +EVENTS\/S/);
    await sluice(['cat', '-p', port, 'a'], line.repeat(3));
    await terminal.sees(/^view +output playground +[\d,]+ +3 /m);
    await terminal.sees(new RegExp(`^in_forward +127\\.0\\.0\\.1:${port} tcp +0 +1 `, 'm'));
    terminal.resize(50, 5);
    await terminal.sees((screen) => screen.length <= 5 && screen.every((l) => textWidth(l) <= 50));
    terminal.resize(120, 30);
    expect(await playground.stop('SIGTERM')).toBe(0);
    await terminal.sees(
      /nobody listens there; the agent needs a <source> with @type monitor_agent/,
    );
    terminal.type('q');
    expect(await terminal.closed()).toBe(0);
  });

  test('for scripts: --once, --json, --plain', async () => {
    const { port, monitor } = await new PlainPlayground([]).ports();
    await sluice(['cat', '-p', port, 'a'], line);
    const ask = (...more: string[]) => sluice(['top', '-p', monitor, ...more]);
    const once = await ask('--once', '--interval', '0.1');
    expect(once).toMatchObject({ code: 0, stderr: '' });
    expect(once.stdout).toMatch(/^sluice \d.* 1 worker /);
    expect(once.stdout).toMatch(/^view +output playground +0 +1 +0 +0 /m);
    expect(once.stdout).not.toContain('\u001b');
    const json = await ask('--once', '--json');
    const { plugins } = JSON.parse(json.stdout) as { plugins: { id: string; records: number }[] };
    expect(plugins.find(({ id }) => id === 'view')).toMatchObject({ records: 1 });
    const plain = new PlainPlayground(['top', '-p', monitor, '--plain', '--interval', '0.1']);
    await plain.printed(/PLUGIN[^]*PLUGIN/);
    expect(await plain.stop('SIGINT')).toBe(0);
  });

  test('without an agent, and on a port of something else', async () => {
    const { port } = await new PlainPlayground([]).ports();
    const other = await sluice(['top', '--once', '-p', port]);
    expect(other).toMatchObject({ code: 1 });
    expect(other.stderr).toMatch(/^sluice top: http:\/\/127\.0\.0\.1:\d+: /);
    const none = await sluice(['top', '--once', '-p', '1']);
    expect(none.stderr).toMatch(/nobody listens there; the agent needs a <source>/);
    expect((await sluice(['top', '--interval', '0'])).stderr).toContain(
      '--interval is 0.1 to 3600',
    );
  });
});
