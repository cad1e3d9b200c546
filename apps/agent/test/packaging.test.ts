import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { sluice } from './support/agent-process.js';

const root = path.join(import.meta.dirname, '../../..');
const packaging = path.join(root, 'packaging');
const read = (file: string): string => readFileSync(path.join(packaging, file), 'utf8');

const unit = Object.fromEntries(
  read('systemd/sluice.service')
    .split('\n')
    .filter((line) => /^\w+=/.test(line))
    .map((line) => line.split(/=(.*)/, 2)),
) as Record<string, string>;

/** The arguments after the program, as the command line takes them. */
const commandLine = (command: string): string[] => command.split(' ').slice(1);

test('the systemd unit runs the command as it is, and speaks its signals', async () => {
  for (const name of ['ExecStart', 'ExecStartPre']) {
    expect(unit[name]).toMatch(/^\/usr\/bin\/sluice .*-c \/etc\/sluice\/sluice\.conf$/);
    const args = commandLine(unit[name]).map((arg) =>
      arg.startsWith('/') ? path.join(packaging, 'sluice.conf') : arg,
    );
    expect(await sluice(['--dry-run', ...args.filter((arg) => arg !== '--dry-run')])).toMatchObject(
      {
        code: 0,
      },
    );
  }
  expect(unit).toMatchObject({
    Type: 'notify',
    NotifyAccess: 'main',
    KillMode: 'mixed',
    ExecReload: '/bin/kill -HUP $MAINPID',
    Restart: 'on-failure',
  });
  // The agent gives its workers a minute; the manager has to wait for longer than that.
  expect(Number(unit.TimeoutStopSec)).toBeGreaterThan(60);
  expect(read('systemd/sluice.sysusers.conf')).toContain(`\nu ${unit.User} `);
});

test('the Dockerfile installs this version, and copies what there is', () => {
  const lines = read('Dockerfile')
    .replaceAll('\\\n', ' ')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(/\s+(.*)/, 2) as [string, string]);
  const of = (name: string): string[] =>
    lines.filter(([instruction]) => instruction === name).map(([, rest]) => rest);
  expect(lines[0][0]).toBe('FROM');
  const { version, engines, bin } = JSON.parse(
    readFileSync(path.join(root, 'apps/agent/package.json'), 'utf8'),
  ) as { version: string; engines: { node: string }; bin: Record<string, string> };
  expect(of('ARG')).toEqual([`SLUICE_VERSION=${version}`]);
  const node = Number(/^node:(\d+)-/.exec(of('FROM')[0])![1]);
  expect(node).toBeGreaterThanOrEqual(Number(/\d+/.exec(engines.node)![0]));
  const copies = of('COPY').map((rest) => rest.split(' '));
  for (const [from] of copies) expect(existsSync(path.join(packaging, from))).toBe(true);
  const [program] = JSON.parse(of('ENTRYPOINT')[0]) as string[];
  expect(Object.keys(bin)).toContain(program);
  const args = JSON.parse(of('CMD')[0]) as string[];
  expect(copies.map(([, to]) => to)).toContain(args.at(-1));
  expect(of('USER')).toEqual(['sluice']);
  expect(of('STOPSIGNAL')).toEqual(['SIGTERM']);
});
