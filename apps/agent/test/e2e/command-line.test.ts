import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { AgentProcess, sluice, temporaryFolder } from '../support/agent-process.js';

function configFile(text: string): string {
  const file = path.join(temporaryFolder(), 'test.conf');
  writeFileSync(file, text);
  return file;
}

test('check tells in text and in JSON what files need, and exits with 0 where all of them run', async () => {
  const good = configFile('<source>\n@type forward\n</source>\n<match **>\n@type null\n</match>\n');
  const other = configFile('<match **>\n@type search_engine\n</match>\n');
  expect(await sluice(['check', good])).toMatchObject({ code: 0, stderr: '' });
  const both = await sluice(['check', good, other]);
  expect(both.code).toBe(1);
  expect(both.stdout).toContain(`${good}: runs\n`);
  expect(both.stdout).toContain('out_search_engine: looked for as the npm package sluice-plugin-');
  expect(both.stdout).toMatch(/\n2 files: 1 runs, 1 not\n$/);
  const json = await sluice(['check', '--format', 'json', other]);
  expect(JSON.parse(json.stdout)).toMatchObject([
    { path: other, ok: false, load: [{ name: 'out_search_engine', line: 1 }] },
  ]);
  expect((await sluice(['check'])).code).toBe(2);
  expect((await sluice(['check', '--format', 'xml', good])).code).toBe(2);
});

describe('--dry-run', () => {
  const good = '<source>\n@type forward\nbind 127.0.0.1\nport 0\n</source>\n';
  const match = '<match **>\n@type null\n</match>\n';
  const odd = good.replace('port 0', 'port 0\nprot 1') + match;

  test('says in its last line how many warnings there are, however quiet', async () => {
    const file = configFile(odd);
    const { code, stdout, stderr } = await sluice(['--dry-run', '-c', file]);
    expect([code, stdout]).toEqual([0, `${file}: OK, with 1 warning\n`]);
    expect(stderr).toContain('prot');
    const quiet = await sluice(['--dry-run', '-qq', '-c', file]);
    expect(quiet).toMatchObject({ code: 0, stdout: `${file}: OK, with 1 warning\n`, stderr: '' });
  });

  test('--strict makes an error of them, in a real start too', async () => {
    const file = configFile(odd);
    const dry = await sluice(['--dry-run', '--strict', '-c', file]);
    expect([dry.code, dry.stdout]).toEqual([1, '']);
    expect(dry.stderr).toMatch(/: 1 warning\n$/);
    for (const more of [[], ['--no-supervisor'], ['-qq']]) {
      const real = await sluice(['--strict', '-c', file, ...more]);
      expect(real.code).toBe(1);
      expect(real.stderr).toContain('prot');
      expect(real.stderr).toMatch(/the configuration gives 1 warning, and --strict is set\n$/);
    }
    const clean = await sluice(['--dry-run', '--strict', '-c', configFile(good + match)]);
    expect(clean).toMatchObject({ code: 0 });
  });

  test('tells all mistakes, as a real start does', async () => {
    const file = configFile(`${good.replace('port 0', 'port x')}<match a>\n@type nul\n</match>\n`);
    for (const args of [['--dry-run'], [], ['--no-supervisor']]) {
      const { code, stderr } = await sluice([...args, '-c', file]);
      expect(code).toBe(1);
      expect(stderr).toContain(`${file}:4:6: `);
      expect(stderr).toContain(`${file}:7:7: unknown output plugin "nul"`);
    }
    const { stderr } = await sluice(['--dry-run', '-c', file]);
    expect(stderr).toMatch(/: 2 errors\n$/);
  });

  test('an empty configuration is an error, and one without a source has a warning', async () => {
    const empty = configFile('');
    const none = await sluice(['--dry-run', '-c', empty]);
    expect([none.code, none.stdout]).toEqual([1, '']);
    expect(none.stderr).toContain(`${empty}: the configuration has no <source>`);
    expect(none.stderr).toMatch(/: 1 error and 1 warning\n$/);
    const half = configFile(match);
    const warned = await sluice(['--dry-run', '-c', half]);
    expect([warned.code, warned.stdout]).toEqual([0, `${half}: OK, with 1 warning\n`]);
    expect(warned.stderr).toContain('the configuration has no <source>');
    expect((await sluice(['--dry-run', '--strict', '-c', half])).code).toBe(1);
    const { stderr, code } = await sluice(['--dry-run', '-c', configFile(good)]);
    expect(code).toBe(0);
    expect(stderr).toContain('no <match>');
  });

  test('folders that cannot be made are told by a start as by a dry run', async () => {
    const folder = temporaryFolder();
    writeFileSync(path.join(folder, 'file'), '');
    const file = configFile(
      `${good}<match **>\n@type file\npath ${folder}/file/deep/out\n</match>\n`,
    );
    for (const args of [['--dry-run'], [], ['--no-supervisor']]) {
      const { code, stderr } = await sluice([...args, '-c', file]);
      expect(code).toBe(1);
      expect(stderr).toContain(`${file}:8:6: path: ${folder}/file is not a folder`);
    }
  });

  test('two sources on one port', async () => {
    const source = good.replace('port 0', 'port 24224');
    const { code, stderr } = await sluice(['--dry-run', '-c', configFile(source + source + match)]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/test\.conf:9:6: duplicate port 24224/);
  });
});

test('<match *\\*> is a pattern for a star, and no crash', async () => {
  const source = '<source>\n@type forward\nbind 127.0.0.1\nport 0\n</source>\n';
  const file = configFile(`${source}<match *\\*>\n@type null\n</match>\n`);
  expect(await sluice(['--dry-run', '-c', file])).toMatchObject({ code: 0 });
});

describe('--help', () => {
  test.each([
    [['config', '--help'], 'sluice config show'],
    [['config', 'show', '-h'], '--show-secrets'],
    [['plugin', '--help'], 'sluice plugin list'],
    [['plugin', 'show', '--help'], '--json'],
    [['cat', '--help'], '--no-ack'],
    [['bench', '--help'], 'sluice-bench.HOSTNAME'],
    [['top', '-h'], '--interval N'],
    [['playground', '--help'], '--plain'],
    [['completion', '--help'], 'bash|zsh|fish'],
    [['buffer', '--help'], 'sluice buffer export'],
    [['buffer', 'show', '--help'], '--events'],
    [['--help'], '--strict'],
  ])('of %j', async (args, words) => {
    const { code, stdout, stderr } = await sluice(args);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain(words);
  });

  test('of a command has its options only', async () => {
    const { stdout } = await sluice(['cat', '--help']);
    expect(stdout).not.toContain('--dry-run');
  });
});

describe('completion', () => {
  test('of another shell is refused', async () => {
    const { code, stderr } = await sluice(['completion', 'tcsh']);
    expect(code).toBe(2);
    expect(stderr).toContain('bash, zsh, fish');
  });

  test.each([
    ['sluice --dr', ['--dry-run']],
    ['sluice c', ['cat', 'check', 'completion', 'config']],
    ['sluice config ', ['--help', 'show']],
    ['sluice config show --no', ['--no-defaults']],
    ['sluice plugin l', ['list']],
    ['sluice buffer ', ['--help', 'export', 'list', 'show']],
    ['sluice buffer show --e', ['--events']],
    ['sluice --log-format ', ['json', 'text']],
    ['sluice cat --in', ['--insecure']],
    ['sluice t', ['top']],
    ['sluice bench --c', ['--ca', '--cert', '--connections']],
    ['sluice completion z', ['zsh']],
  ])('of bash: %j', async (line, expected) => {
    const script = (await sluice(['completion', 'bash'])).stdout;
    const words = line.split(' ');
    const run =
      `${script}\nCOMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')})\n` +
      `COMP_CWORD=${words.length - 1}\n_sluice\nprintf '%s\\n' "\${COMPREPLY[@]}"\n`;
    const { stdout, stderr } = spawnSync('bash', ['--norc', '-c', run], { encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(stdout.trim().split('\n').sort()).toEqual(expected);
  });

  const has = (shell: string) => spawnSync(shell, ['-c', 'true']).status === 0;
  test.skipIf(!has('zsh'))('the script of zsh is good for zsh', async () => {
    const { stdout } = await sluice(['completion', 'zsh']);
    const run = `autoload -U compinit; compinit -D -u; ${stdout}\nprint $_comps[sluice]`;
    const shell = spawnSync('zsh', ['-f', '-c', run], { encoding: 'utf8' });
    expect([shell.stdout, shell.stderr]).toEqual(['_sluice\n', '']);
  });

  test.skipIf(!has('fish'))('of fish', async () => {
    const { stdout } = await sluice(['completion', 'fish']);
    const complete = (line: string): string[] => {
      const run = `${stdout}\ncomplete -C '${line}'`;
      const shell = spawnSync('fish', ['--no-config', '-c', run], { encoding: 'utf8' });
      expect(shell.stderr).toBe('');
      return shell.stdout
        .trim()
        .split('\n')
        .map((row) => row.split('\t')[0])
        .sort();
    };
    expect(complete('sluice c')).toEqual(['cat', 'check', 'completion', 'config']);
    expect(complete('sluice plugin ')).toEqual(['list', 'show']);
    expect(complete('sluice --log-format ')).toEqual(['json', 'text']);
    expect(complete('sluice cat --in')).toEqual(['--insecure']);
  });
});

test('<label @FLUENT_LOG> gets the lines of a running agent', async () => {
  const agent = await AgentProcess.start(
    '<source>\n@type forward\nbind 127.0.0.1\nport 0\n</source>\n' +
      '<label @FLUENT_LOG>\n<match **>\n@type stdout\n</match>\n</label>\n<match **>\n@type null\n</match>\n',
  );
  await agent.until(() => agent.stdout.includes('listening on'), 'the line was an event');
  expect(agent.stdout).toMatch(/ fluent\.info: \{.*"message":".*listening on/);
  expect(await agent.stop()).toBe(0);
});
