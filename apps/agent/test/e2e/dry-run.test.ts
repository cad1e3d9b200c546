import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import net from 'node:net';
import path from 'node:path';
import { expect, test } from 'vitest';
import { generateSelfSigned } from '@sluice/tls';
import { sluice, temporaryFolder } from '../support/agent-process.js';

async function dryRun(text: string, folder = temporaryFolder()) {
  const file = path.join(folder, 'test.conf');
  writeFileSync(file, text.replaceAll('$FOLDER', folder));
  return { file, folder, ...(await sluice(['--dry-run', '-c', file])) };
}

const tlsSource = (lines: string) =>
  `<source>\n@type forward\nbind 127.0.0.1\nport 0\n<transport tls>\n${lines}\n</transport>\n</source>\n`;

test('certificates are loaded', async () => {
  const folder = temporaryFolder();
  const [one, other] = await Promise.all(
    ['a', 'b'].map((commonName) => generateSelfSigned({ commonName, keyType: 'ecdsa' })),
  );
  writeFileSync(path.join(folder, 'cert.pem'), one.certificate);
  writeFileSync(path.join(folder, 'key.pem'), one.privateKey);
  writeFileSync(path.join(folder, 'other.pem'), other.privateKey);
  const paths = (key: string) => `cert_path $FOLDER/cert.pem\nprivate_key_path $FOLDER/${key}`;

  expect(await dryRun(tlsSource(paths('key.pem')), folder)).toMatchObject({ code: 0 });
  const mismatch = await dryRun(tlsSource(paths('other.pem')), folder);
  expect(mismatch.code).toBe(1);
  expect(mismatch.stderr).toContain(`${mismatch.file}:`);
  expect(mismatch.stderr).toMatch(/ +\d+ \| .*\n +\| *\^/);
  const missing = await dryRun(tlsSource(paths('gone.pem')), folder);
  expect(missing.stderr).toContain('gone.pem');
  expect(missing.code).toBe(1);
});

test('an address that is not of this machine is reported, a port in use is not', async () => {
  const source = (bind: string, port: number) =>
    `<source>\n@type forward\nbind ${bind}\nport ${port}\n</source>\n`;
  const elsewhere = await dryRun(source('192.0.2.1', 24224));
  expect(elsewhere).toMatchObject({ code: 1, stdout: '' });
  expect(elsewhere.stderr).toContain(`${elsewhere.file}:3:6: cannot listen`);

  const running = net.createServer().listen(0, '127.0.0.1');
  await once(running, 'listening');
  const { port } = running.address() as net.AddressInfo;
  expect(await dryRun(source('127.0.0.1', port))).toMatchObject({ code: 0 });
  running.close();
});

test('folders that cannot be written are reported, all at once, and nothing is made', async () => {
  const folder = temporaryFolder();
  mkdirSync(path.join(folder, 'locked'));
  chmodSync(path.join(folder, 'locked'), 0o500);
  writeFileSync(path.join(folder, 'file'), '');
  const match = (tag: string, to: string) =>
    `<match ${tag}>\n@type file\npath ${to}\nappend true\n</match>\n`;
  const text =
    match('a', '$FOLDER/file/a.log') +
    match('b', '$FOLDER/new/deep/b.log') +
    match('c', '$FOLDER/file/%Y/%m/%d/c.log') +
    (process.getuid?.() === 0 ? '' : match('d', '$FOLDER/locked/d.log'));
  const { code, stderr, file } = await dryRun(text, folder);
  expect(code).toBe(1);
  expect(stderr).toContain(`${file}:3:6: path: ${folder}/file is not a folder`);
  expect(stderr).toContain(`${file}:13:6: path: ${folder}/file is not a folder`);
  if (process.getuid?.() !== 0) expect(stderr).toContain(`${file}:18:6: path: EACCES`);
  expect(stderr).not.toContain(`${file}:8:`);
  expect(existsSync(path.join(folder, 'new'))).toBe(false);
});

test('every worker is checked', async () => {
  const text = `<system>\nworkers 2\n</system>\n<worker 1>\n<match **>\n@type relabel\n@label @X\n</match>\n</worker>\n`;
  const { code, stderr, file } = await dryRun(text);
  expect(stderr).toContain(`${file}:7:8: unknown label @X`);
  expect(code).toBe(1);
});
