import { X509Certificate } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { createServerContext, generateSelfSigned, TlsError } from '../src/index.js';
import { authority, files, yesterday } from './support/authority.js';
import { temporaryFolder } from './support/folder.js';
import { recordingLogger } from './support/logs.js';
import { openssl, sClient } from './support/openssl.js';
import { startServer } from './support/tls-server.js';

const passphrase = 'pass phrase, ünïcode';

/** Makes a key with OpenSSL, a certificate for it, and converts the key. */
async function made(
  newKey: string[],
  convert: string[],
): Promise<{ certPath: string; privateKeyPath: string }> {
  const { folder } = await temporaryFolder();
  const [raw, key, cert] = ['raw.pem', 'key.pem', 'cert.pem'].map((name) => `${folder}/${name}`);
  const run = async (args: string[]): Promise<void> => {
    const { status, text } = await openssl(args);
    expect(status, text).toBe(0);
  };
  await run(['genpkey', ...newKey, '-out', raw]);
  await run(['req', '-x509', '-new', '-key', raw, '-subj', '/CN=keys', '-out', cert]);
  await run([...convert, '-in', raw, '-out', key]);
  return { certPath: cert, privateKeyPath: key };
}

const rsa = ['-algorithm', 'RSA'];
const ec = ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'];
const ed25519 = ['-algorithm', 'ED25519'];
const encrypted = ['-v2', 'aes-256-cbc', '-passout', `pass:${passphrase}`];
const old = ['-aes256', '-passout', `pass:${passphrase}`];

const forms: [string, string[], string[], boolean][] = [
  ['RSA in PKCS#1', rsa, ['rsa', '-traditional'], false],
  ['RSA in PKCS#1, encrypted', rsa, ['rsa', '-traditional', ...old], true],
  ['RSA in PKCS#8', rsa, ['pkcs8', '-topk8', '-nocrypt'], false],
  ['RSA in PKCS#8, encrypted', rsa, ['pkcs8', '-topk8', ...encrypted], true],
  ['EC in SEC 1', ec, ['ec'], false],
  ['EC in SEC 1, encrypted', ec, ['ec', ...old], true],
  ['EC in PKCS#8, encrypted', ec, ['pkcs8', '-topk8', ...encrypted], true],
  ['Ed25519 in PKCS#8', ed25519, ['pkcs8', '-topk8', '-nocrypt'], false],
  ['Ed25519 in PKCS#8, encrypted', ed25519, ['pkcs8', '-topk8', ...encrypted], true],
];

test.each(forms)('serves with a key of %s', async (_, newKey, convert, isEncrypted) => {
  const pair = await made(newKey, convert);
  const secret = isEncrypted ? { privateKeyPassphrase: passphrase } : {};
  const server = await startServer({ ...pair, ...secret });
  expect((await sClient(server.port)).text).toContain('hello');
  await server.close();
  if (!isEncrypted) return;
  for (const [given, message] of [
    ['wrong', /privateKeyPassphrase does not open the private key in .*key\.pem$/],
    [undefined, /is encrypted: set privateKeyPassphrase$/],
  ] as const) {
    const options = given === undefined ? pair : { ...pair, privateKeyPassphrase: given };
    await expect(createServerContext(options)).rejects.toMatchObject({
      name: 'PassphraseError',
      code: 'ERR_SLUICE_TLS_PASSPHRASE',
      option: 'privateKeyPassphrase',
      file: pair.privateKeyPath,
      message: expect.stringMatching(message),
    });
  }
});

// One wrong passphrase in 256 decrypts to valid padding, and OpenSSL then says something else.
test('no wrong passphrase is taken for a broken file', async () => {
  const pair = await made(ec, [
    'pkcs8',
    '-topk8',
    '-v2',
    'aes-128-cbc',
    '-iter',
    '1',
    '-passout',
    'pass:x',
  ]);
  for (let attempt = 0; attempt < 600; attempt += 1) {
    await expect(
      createServerContext({ ...pair, privateKeyPassphrase: `wrong ${attempt}` }),
    ).rejects.toMatchObject({ code: 'ERR_SLUICE_TLS_PASSPHRASE' });
  }
});

const half = (text: string): string => text.slice(0, text.length / 2);
const noise = (text: string): string => text.replace(/\n.{20}/, `\n${'A'.repeat(20)}`);

test.each([
  ['empty', () => ''],
  ['no PEM at all', () => 'not a key\n'],
  ['cut off', half],
  ['overwritten in its head', noise],
  ['a certificate', () => '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'],
])('a key file that is %s is called broken', async (_, damage) => {
  for (const convert of [
    ['pkcs8', '-topk8', '-nocrypt'],
    ['pkcs8', '-topk8', ...encrypted],
  ]) {
    const pair = await made(ec, convert);
    await writeFile(pair.privateKeyPath, damage(await readFile(pair.privateKeyPath, 'utf8')));
    await expect(
      createServerContext({ ...pair, privateKeyPassphrase: passphrase }),
    ).rejects.toMatchObject({
      name: 'PrivateKeyError',
      code: 'ERR_SLUICE_TLS_PRIVATE_KEY',
      option: 'privateKeyPath',
      file: pair.privateKeyPath,
    });
  }
});

test.each([
  ['empty', () => ''],
  ['cut off', half],
  ['overwritten in its head', noise],
])('a certificate file that is %s is called broken', async (_, damage) => {
  const pair = await files(await generateSelfSigned({ keyType: 'ecdsa' }));
  await writeFile(pair.certPath, damage(await readFile(pair.certPath, 'utf8')));
  await expect(createServerContext(pair)).rejects.toMatchObject({
    name: 'CertificateError',
    code: 'ERR_SLUICE_TLS_CERTIFICATE',
    option: 'certPath',
    file: pair.certPath,
  });
});

test('a missing file is named', async () => {
  const pair = await files(await generateSelfSigned({ keyType: 'ecdsa' }));
  const missing = `${pair.certPath}.missing`;
  for (const option of ['certPath', 'privateKeyPath', 'caPath'] as const) {
    await expect(createServerContext({ ...pair, [option]: missing })).rejects.toMatchObject({
      name: 'TlsFileError',
      code: 'ERR_SLUICE_TLS_FILE',
      option,
      file: missing,
      message: `${option}: cannot read ${missing} (ENOENT)`,
    });
  }
});

test("a key that is another certificate's is told from a broken one", async () => {
  const issuer = await authority();
  const [own, other] = [await issuer.server(), await issuer.server()];
  const pair = await files({ certificate: own.certificate, privateKey: other.privateKey });
  await expect(createServerContext(pair)).rejects.toMatchObject({
    name: 'KeyMismatchError',
    code: 'ERR_SLUICE_TLS_KEY_MISMATCH',
    file: pair.privateKeyPath,
    message: expect.stringContaining(`does not belong to the certificate in ${pair.certPath}`),
  });
  // The usual slip: the chain is the wrong way round.
  const reversed = await files({ ...own, certificate: issuer.ca.certificate + own.certificate });
  await expect(createServerContext(reversed)).rejects.toThrow(/put the server's own first/);
});

test('an expired certificate is served with a warning', async () => {
  const pair = await files(
    await yesterday(() => generateSelfSigned({ keyType: 'ecdsa', expiration: 60 })),
  );
  const { log, lines } = recordingLogger();
  const context = await createServerContext({ ...pair, log, title: 'in_forward' });
  context.close();
  expect(lines).toContainEqual({
    level: 'warn',
    message: 'certificate has expired',
    fields: expect.objectContaining({ title: 'in_forward', file: pair.certPath, role: 'own' }),
  });
});

test('a chain is sent whole', async () => {
  const { folder, file } = await temporaryFolder();
  const root = await authority('Root');
  await file('root.pem', root.ca.certificate);
  await file('root-key.pem', root.ca.privateKey);
  const config = await file('ca.ext', 'basicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign\n');
  const at = (name: string): string => `${folder}/${name}`;
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  await openssl([
    'req',
    ...key,
    '-keyout',
    at('k.pem'),
    '-subj',
    '/CN=Between',
    '-out',
    at('r.pem'),
  ]);
  const signing = ['-CA', at('root.pem'), '-CAkey', at('root-key.pem'), '-CAcreateserial'];
  await openssl([
    'x509',
    '-req',
    '-in',
    at('r.pem'),
    ...signing,
    '-extfile',
    config,
    '-out',
    at('b.pem'),
  ]);
  const caFiles = { caCertPath: at('b.pem'), caPrivateKeyPath: at('k.pem') };

  // Both ways: a generated certificate brings its intermediate, a file brings what it holds.
  const generated = await startServer({ ...caFiles, generatePrivateKeyType: 'ecdsa' });
  const shown = await sClient(generated.port, '-showcerts', '-CAfile', at('root.pem'));
  expect(shown.text.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
  expect(shown.text).toMatch(/Verify return code: 0/);
  const { cert, key: privateKey } = generated.tls.options;
  await generated.close();
  const chain = await files({
    certificate: String(cert),
    privateKey: (privateKey as Buffer).toString(),
  });
  const fromFiles = await startServer(chain);
  const again = await sClient(fromFiles.port, '-showcerts', '-CAfile', at('root.pem'));
  expect(again.text.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
  expect(again.text).toMatch(/Verify return code: 0/);
  await fromFiles.close();
});

test('SHA-1 works where it is asked for', async () => {
  const server = await startServer({ insecure: true, generateCertDigest: 'sha1' });
  const { text } = await sClient(server.port, '-cipher', 'ALL:@SECLEVEL=0');
  await server.close();
  expect(text).toContain('hello');
  const [certificate] = /-----BEGIN[\s\S]*?END CERTIFICATE-----/.exec(text) ?? [];
  expect(new X509Certificate(certificate!).subject).toContain('CN=');
});

test('errors are one family, with a code', async () => {
  const error: unknown = await createServerContext({}).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(TlsError);
  expect(error).toBeInstanceOf(Error);
  expect((error as TlsError).code).toMatch(/^ERR_SLUICE_TLS_/);
});
