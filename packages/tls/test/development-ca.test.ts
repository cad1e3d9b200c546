import { readFile, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { createDevelopmentCa } from '../src/index.js';
import { temporaryFolder } from './support/folder.js';
import { openssl, sClient } from './support/openssl.js';
import { startServer } from './support/tls-server.js';

const quick = { keyType: 'ecdsa' } as const;

test('a folder with all that mutual TLS needs', async () => {
  const { folder } = await temporaryFolder();
  const made = await createDevelopmentCa(path.join(folder, 'pki'), {
    ...quick,
    serverNames: ['logs.example', '192.0.2.7'],
    clients: ['fluentd', 'fluent-bit'],
  });
  for (const key of [made.caPrivateKeyPath, made.server.privateKeyPath]) {
    expect((await stat(key)).mode & 0o777).toBe(0o600);
  }
  const server = await startServer({ ...made.server, caPath: made.caPath, clientCertAuth: true });
  const { certPath, privateKeyPath } = made.clients['fluent-bit'];
  const identity = ['-cert', certPath, '-key', privateKeyPath];
  const checks = ['-CAfile', made.caPath, '-x509_strict', '-verify_hostname', 'logs.example'];
  const { text } = await sClient(server.port, ...identity, ...checks);
  await server.close();
  expect(text).toContain('Verify return code: 0 (ok)');
  expect(text).toContain('hello');
});

test('a second run keeps the CA and issues the rest anew', async () => {
  const { folder } = await temporaryFolder();
  const options = { ...quick, caPassphrase: 'sealed' };
  const first = await createDevelopmentCa(folder, options);
  const [ca, server] = await Promise.all(
    [first.caPath, first.server.certPath].map((file) => readFile(file, 'utf8')),
  );
  const second = await createDevelopmentCa(folder, options);
  expect(await readFile(second.caPath, 'utf8')).toBe(ca);
  expect(await readFile(second.server.certPath, 'utf8')).not.toBe(server);
  const verify = await openssl(['verify', '-CAfile', second.caPath, second.server.certPath]);
  expect(verify.text).toMatch(/OK/);
  expect(await readFile(second.caPrivateKeyPath, 'utf8')).toMatch(/ENCRYPTED/);
});

test('half a CA and odd client names are refused', async () => {
  const { folder } = await temporaryFolder();
  const { caPrivateKeyPath } = await createDevelopmentCa(folder, quick);
  await rm(caPrivateKeyPath);
  await expect(createDevelopmentCa(folder, quick)).rejects.toMatchObject({
    code: 'ERR_SLUICE_TLS_FILE',
    file: caPrivateKeyPath,
  });
  await expect(createDevelopmentCa(folder, { clients: ['../x'] })).rejects.toMatchObject({
    option: 'clients',
  });
});
