import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { AgentProcess, sluice, temporaryFolder } from '../support/agent-process.js';

function configFile(text: string): string {
  const file = path.join(temporaryFolder(), 'test.conf');
  writeFileSync(file, text);
  return file;
}

const source = (extra = '') =>
  `<source>\n  @type forward\n  bind 127.0.0.1\n  port 0\n${extra}</source>\n`;

describe('a wrong configuration ends with 1, names the place and says what would be right', () => {
  test.each([
    ['a section that is not closed', '<source>\n  @type forward\n', ':1:1:', '</source>'],
    [
      'a value of the wrong type',
      '<source>\n  @type forward\n  port high\n</source>\n',
      ':3:8:',
      'hint:',
    ],
    ['a plugin that does not exist', '<source>\n  @type forwrad\n</source>\n', ':2:9:', 'forward'],
    ['an output that does not exist', '<match **>\n  @type kafka\n</match>\n', ':2:9:', 'stdout'],
    ['a missing @type', '<match **>\n</match>\n', ':1:1:', '@type is required'],
    ['an unknown section', '<sauce>\n</sauce>\n', ':1:1:', '<source>'],
    ['a broken pattern', '<match {a>\n  @type null\n</match>\n', ':1:8:', 'not closed'],
    ['Ruby code', '<match "#{1+1}">\n  @type null\n</match>\n', ':1:', 'hint:'],
  ])('%s', async (_name, text, place, rightOne) => {
    const file = configFile(text);
    for (const args of [
      ['-c', file],
      ['--dry-run', '-c', file],
    ]) {
      const { code, stdout, stderr } = await sluice(args);
      expect(stderr).toContain(`${file}${place}`);
      expect(stderr).toMatch(/^ +\d+ \| .*\n +\| *\^/m);
      expect(stderr).toContain(rightOne);
      expect(stdout).toBe('');
      expect(code).toBe(1);
    }
  });

  test('a file that is not there', async () => {
    const { code, stderr } = await sluice(['-c', '/no/such/file.conf']);
    expect(stderr).toContain('/no/such/file.conf');
    expect(code).toBe(1);
  });
});

describe('what cannot be started ends with 1 and one clear line', () => {
  test('a port in use', async () => {
    const other = net.createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as net.AddressInfo;
    const file = configFile(source().replace('port 0', `port ${port}`));
    const { code, stderr } = await sluice(['-c', file]);
    other.close();
    expect(stderr).toMatch(new RegExp(`:4:\\d+: .*127\\.0\\.0\\.1:${port}.*EADDRINUSE`));
    expect(code).toBe(1);
  });

  test('a certificate that cannot be read', async () => {
    const transport = `<transport tls>
      cert_path /no/such/server.pem
      private_key_path /no/such/server.key
    </transport>\n`;
    const { code, stderr } = await sluice(['-c', configFile(source(transport))]);
    expect(stderr).toMatch(/:\d+:\d+: .*\/no\/such\/server\.pem/);
    expect(code).toBe(1);
  });

  const notAFolder = configFile;
  test.each([
    ['below a file', () => `${notAFolder('')}/logs`],
    ['below a system folder that takes none', () => '/proc/sluice/logs'],
  ])('an output folder that cannot be written: %s', async (_name, folderOf) => {
    const folder = folderOf();
    const file = configFile(
      `${source()}<match **>\n  @type file\n  path ${folder}/out.log\n</match>\n`,
    );
    const { code, stderr } = await sluice(['-c', file]);
    expect(stderr).toContain(path.dirname(folder));
    expect(code).toBe(1);
  });
});

test('a good configuration passes the dry run, and nothing is started', async () => {
  const folder = temporaryFolder();
  const file = configFile(
    `${source()}<match **>\n  @type file\n  path ${folder}/out/a.log\n</match>\n`,
  );
  const { code, stdout } = await sluice(['--dry-run', '-c', file]);
  expect(stdout).toBe(`${file}: OK\n`);
  expect(code).toBe(0);
});

test('a wrong command line ends with 2 and points at the help', async () => {
  for (const args of [
    ['-w', '2'],
    ['-x'],
    ['nonsense'],
    ['-c'],
    ['-c', 'a', '--log-format', 'xml'],
  ]) {
    const { code, stderr } = await sluice(args);
    expect(stderr).toContain('sluice --help');
    expect(code).toBe(2);
  }
});

test('--help and --version print to standard output', async () => {
  expect(await sluice(['--help'])).toMatchObject({ code: 0, stderr: '' });
  expect((await sluice(['--version'])).stdout).toMatch(/^sluice \d+\.\d+\.\d+\n$/);
});

test('a broken message closes its own connection, with one warning, and no other', async () => {
  const agent = await AgentProcess.start(`${source()}<match **>\n  @type stdout\n</match>\n`);
  const good = net.connect(agent.port, '127.0.0.1');
  await once(good, 'connect');
  const bad = net.connect(agent.port, '127.0.0.1');
  bad.on('error', () => undefined); // a reset is fine too
  await once(bad, 'connect');
  const { localAddress, localPort } = bad;
  const closed = new Promise((resolve) => bad.once('close', resolve));
  bad.write(Buffer.from('c1c1c1c1', 'hex')); // 0xc1 is no MessagePack
  await closed;
  const warning = await agent.logged((entry) => entry.level === 40);
  expect(warning.peer).toBe(`${localAddress}:${localPort}`);

  // ["t", 1, {"a": 1}, {"chunk": "x"}]
  good.write(Buffer.from('94a17401' + '81a16101' + '81a56368756e6ba178', 'hex'));
  const [ack] = (await once(good, 'data')) as [Buffer];
  expect(ack.toString('latin1')).toBe('\x81\xa3ack\xa1x');
  await agent.until(() => agent.stdout.includes(' t: {"a":1}\n'), 'the event was printed');
  good.destroy();
  expect(await agent.stop('SIGINT')).toBe(0);
  expect(agent.log.filter((entry) => entry.level === 40)).toHaveLength(1);
});
