import { getFips } from 'node:crypto';
import { hostname } from 'node:os';
import { X509Certificate } from 'node:crypto';
import { expect, test, vi } from 'vitest';
import {
  certificateFileOptions,
  clientTlsOptions,
  createClientContext,
  createServerContext,
  generateCa,
  generateSelfSigned,
  serverTlsOptions,
  type ServerTlsOptions,
  type TlsOptionInfo,
} from '../src/index.js';
import { authority, files } from './support/authority.js';
import { temporaryFolder } from './support/folder.js';
import { recordingLogger, type LogLine } from './support/logs.js';
import { openssl } from './support/openssl.js';
import { startServer } from './support/tls-server.js';
import { sClient } from './support/openssl.js';

const quick = { generatePrivateKeyType: 'ecdsa' } as const;

/** The certificate that a server with these options serves. */
async function served(options: ServerTlsOptions): Promise<X509Certificate> {
  const context = await createServerContext({ ...quick, ...options });
  context.close();
  return new X509Certificate(String(context.options.cert));
}

test('without a way to a certificate the error names the three', async () => {
  await expect(createServerContext({})).rejects.toMatchObject({
    name: 'TlsConfigError',
    message: expect.stringMatching(/certPath, caCertPath or insecure.*cert_path, ca_cert_path or/),
  });
});

test('certPath goes before caCertPath, caCertPath before insecure', async () => {
  const { file } = await temporaryFolder();
  const ca = await generateCa({ keyType: 'ecdsa', commonName: 'The CA' });
  const byCa = {
    caCertPath: await file('ca.pem', ca.certificate),
    caPrivateKeyPath: await file('ca-key.pem', ca.privateKey),
  };
  const own = await files(await generateSelfSigned({ keyType: 'ecdsa', commonName: 'own' }));
  const all = { ...own, ...byCa, insecure: true };
  expect((await served(all)).subject).toContain('CN=own');
  expect((await served({ ...byCa, insecure: true })).issuer).toContain('CN=The CA');
  const alone = await served({ insecure: true });
  expect(alone.issuer).toBe(alone.subject);
});

test('a path without its key names what is missing', async () => {
  await expect(createServerContext({ certPath: 'x' })).rejects.toMatchObject({
    option: 'privateKeyPath',
    message: 'privateKeyPath is required when certPath is specified',
  });
  await expect(createServerContext({ caCertPath: 'x' })).rejects.toMatchObject({
    option: 'caPrivateKeyPath',
  });
});

async function told(options: ServerTlsOptions, create = createServerContext): Promise<LogLine[]> {
  const { log, lines } = recordingLogger();
  (await create({ watch: false, ...options, log })).close();
  return lines.filter(({ level }) => level !== 'debug');
}

test('a passphrase is recommended once in a process, as information', async () => {
  const { file } = await temporaryFolder();
  vi.resetModules();
  const { createServerContext: create } = await import('../src/index.js'); // as a new process
  const own = await files(await generateSelfSigned({ keyType: 'ecdsa' }));
  expect(await told(own, create)).toEqual([
    {
      level: 'info',
      fields: { option: 'privateKeyPassphrase' },
      message:
        'the private key is not encrypted: privateKeyPassphrase is recommended with certPath',
    },
  ]);
  expect(await told(own, create)).toEqual([]);
  const sealed = await files(await generateSelfSigned({ keyType: 'ecdsa', passphrase: 'p' }));
  expect(await told({ ...sealed, privateKeyPassphrase: 'p' }, create)).toEqual([]);
  const ca = await generateCa({ keyType: 'ecdsa' });
  const caCertPath = await file('ca.pem', ca.certificate);
  const caPrivateKeyPath = await file('ca-key.pem', ca.privateKey);
  const signed = { ...quick, caCertPath, caPrivateKeyPath };
  expect(await told(signed, create)).toMatchObject([
    { level: 'info', fields: { option: 'caPrivateKeyPassphrase' } },
  ]);
  expect(await told(signed, create)).toEqual([]);
});

test('options without effect are warned about: they may have been meant as a lock', async () => {
  const { file } = await temporaryFolder();
  const own = await files(await generateSelfSigned({ keyType: 'ecdsa' }));
  const ca = await generateCa({ keyType: 'ecdsa' });
  const caPath = await file('ca.pem', ca.certificate);
  const warned = async (options: ServerTlsOptions): Promise<string[]> =>
    (await told(options)).filter(({ level }) => level === 'warn').map(({ message }) => message);

  expect(
    await warned({
      ...own,
      insecure: true,
      fqdn: 'a.example',
      caPath,
      certVerifierTimeout: 3,
      generateCertState: 'X',
      generatePrivateKeyType: 'ecdsa',
      caPrivateKeyPassphrase: 'p',
      allowSelfSignedCert: true,
      enableSystemCertStore: false,
    }),
  ).toEqual([
    'generatePrivateKeyType has no effect with certPath',
    'generateCertState has no effect with certPath',
    'caPrivateKeyPassphrase has no effect with certPath',
    'insecure has no effect with certPath',
    'fqdn has no effect with certPath and without verifyFqdn',
    'certVerifierTimeout has no effect without certVerifier',
    'caPath has no effect on clients without clientCertAuth',
    'allowSelfSignedCert has no effect without clientCertAuth',
  ]);
  expect(await warned({ ...quick, insecure: true, privateKeyPath: 'x' })).toEqual([
    'insecure: clients cannot verify the certificate, which was made for this run only',
    'privateKeyPath has no effect without certPath',
  ]);
  expect(await warned({ ...own, clientCertAuth: true, caPath, certVerifier: () => true })).toEqual(
    [],
  );
});

test('the table of options has a description for each, and marks secrets', () => {
  for (const table of [serverTlsOptions, clientTlsOptions, certificateFileOptions]) {
    for (const [name, info] of Object.entries(table) as [string, TlsOptionInfo][]) {
      expect(info.description).not.toBe('');
      expect(info.secret === true, name).toBe(/passphrase/i.test(name));
      expect(info.values !== undefined, name).toBe(info.kind === 'word');
    }
  }
});

test('the options of generation reach the certificate', async () => {
  const { subject, publicKey, validTo, ...rest } = await served({
    insecure: true,
    generatePrivateKeyLength: 384,
    generateCertCountry: 'JP',
    generateCertState: 'Tokyo',
    generateCertLocality: 'Chiyoda',
    generateCertCommonName: 'logs.example.jp',
    generateCertExpiration: 90 * 24 * 60 * 60,
    generateCertDigest: 'sha384',
  }).then((x509) => ({
    subject: x509.subject,
    publicKey: x509.publicKey,
    validTo: x509.validTo,
    pem: x509.toString(),
  }));
  expect(subject).toBe('C=JP\nST=Tokyo\nL=Chiyoda\nCN=logs.example.jp');
  expect(publicKey.asymmetricKeyDetails).toEqual({ namedCurve: 'secp384r1' });
  expect(Math.round((Date.parse(validTo) - Date.now()) / 86_400_000)).toBe(90);
  const { text } = await openssl(['x509', '-noout', '-text'], rest.pem);
  expect(text).toContain('ecdsa-with-SHA384');
});

test('by default it is what the document says', async () => {
  const x509 = await served({ insecure: true, generatePrivateKeyType: 'rsa' });
  expect(x509.subject).toBe(`C=US\nST=CA\nL=Mountain View\nCN=${hostname()}`);
  expect(x509.publicKey.asymmetricKeyDetails?.modulusLength).toBe(2048);
  const days = (Date.parse(x509.validTo) - Date.now()) / 86_400_000;
  expect(Math.round(days)).toBe(3650);
});

test('fqdn is the name of a generated certificate', async () => {
  const x509 = await served({ insecure: true, fqdn: 'logs.example', verifyFqdn: true });
  expect(x509.subject).toContain('CN=logs.example');
  expect(x509.checkHost('logs.example', { subject: 'never' })).toBe('logs.example');
  const both = await served({
    insecure: true,
    fqdn: 'logs.example',
    generateCertCommonName: 'another',
  });
  expect(both.subject).toContain('CN=another');
  expect(both.checkHost('logs.example', { subject: 'never' })).toBe('logs.example');
});

test('verifyFqdn keeps a server with another name from starting', async () => {
  const own = await files(await generateSelfSigned({ keyType: 'ecdsa', commonName: 'a.example' }));
  const start = async (fqdn?: string): Promise<void> =>
    (await createServerContext({ ...own, verifyFqdn: true, ...(fqdn ? { fqdn } : {}) })).close();
  await start('a.example');
  await start(); // the host name, which is in there as well
  await expect(start('b.example')).rejects.toMatchObject({
    name: 'FqdnError',
    code: 'ERR_SLUICE_TLS_FQDN',
    option: 'fqdn',
    file: own.certPath,
    message: expect.stringMatching(/no certificate covers b\.example, only a\.example/),
  });
});

test('a CA signs the server, and its clients verify it', async () => {
  const { file } = await temporaryFolder();
  const ca = await generateCa({ passphrase: 'sealed' });
  const caCertPath = await file('ca.pem', ca.certificate);
  const caPrivateKeyPath = await file('ca-key.pem', ca.privateKey);
  const options = { caCertPath, caPrivateKeyPath, fqdn: 'logs.example' };
  const server = await startServer({ ...options, caPrivateKeyPassphrase: 'sealed' });
  const checks = ['-CAfile', caCertPath, '-x509_strict', '-verify_return_error'];
  const { text } = await sClient(server.port, ...checks, '-verify_hostname', 'logs.example');
  expect(text).toContain('Verify return code: 0 (ok)');
  expect(text).toContain('hello');
  await server.close();
  await expect(createServerContext(options)).rejects.toMatchObject({
    code: 'ERR_SLUICE_TLS_PASSPHRASE',
    option: 'caPrivateKeyPassphrase',
    file: caPrivateKeyPath,
  });
  const notCa = await files(await (await authority()).server());
  await expect(
    createServerContext({ caCertPath: notCa.certPath, caPrivateKeyPath: notCa.privateKeyPath }),
  ).rejects.toMatchObject({ code: 'ERR_SLUICE_TLS_CERTIFICATE', option: 'caCertPath' });
});

test.runIf(getFips() === 0)('ensureFips refuses to start without FIPS mode', async () => {
  for (const create of [
    () => createServerContext({ insecure: true, ensureFips: true }),
    () => createClientContext({ ensureFips: true }),
  ]) {
    await expect(create()).rejects.toMatchObject({ option: 'ensureFips' });
  }
});

const mistakes: [string, object][] = [
  ['client_cert_auth', { client_cert_auth: true }],
  ['clientCertAuth', { clientCertAuth: 'yes' }],
  ['certPaths', { certPaths: 'one.pem' }],
  ['certVerifier', { certVerifier: 7 }],
  ['certVerifierTimeout', { certVerifierTimeout: 0 }],
  ['generatePrivateKeyLength', { generatePrivateKeyLength: 512 }],
  ['generatePrivateKeyType', { generatePrivateKeyType: 'dsa' }],
  ['generateCertDigest', { generateCertDigest: 'md5' }],
  ['generateCertCountry', { generateCertCountry: 'USA' }],
  ['generateCertExpiration', { generateCertExpiration: -1 }],
  ['ticketRotation', { ticketRotation: Number.NaN }],
  ['ciphers', { ciphers: '' }],
  ['alpnProtocols', { alpnProtocols: [1] }],
];

test.each(mistakes)('a mistake in %s is refused by name', async (option, options) => {
  const made = createServerContext({ insecure: true, ...options });
  await expect(made).rejects.toMatchObject({ code: 'ERR_SLUICE_TLS_CONFIG', option });
});
