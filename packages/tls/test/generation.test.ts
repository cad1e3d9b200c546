import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { checkServerIdentity } from 'node:tls';
import { expect, test } from 'vitest';
import {
  generateCa,
  generateSelfSigned,
  issueClientCertificate,
  issueServerCertificate,
  type CertificatePair,
  type GenerateOptions,
} from '../src/index.js';
import { temporaryFolder } from './support/folder.js';
import { openssl } from './support/openssl.js';

const quick = { keyType: 'ecdsa' } as const;

async function text(pem: string): Promise<string> {
  const output = await openssl(['x509', '-noout', '-text'], pem);
  expect(output.status).toBe(0);
  return output.text;
}

async function strictlyVerified(pem: string, ca: string, purpose: string): Promise<string> {
  const { file } = await temporaryFolder();
  const caFile = await file('ca.pem', ca);
  const own = await file('own.pem', pem);
  const args = ['verify', '-x509_strict', '-purpose', purpose, '-CAfile', caFile, own];
  return (await openssl(args)).text;
}

/** A CA made by OpenSSL, so that generation is tried against one that is not its own. */
async function foreignCa(...newKey: string[]): Promise<CertificatePair> {
  const { folder, file } = await temporaryFolder();
  const key = await file('key.pem', '');
  const usage = ['-addext', 'keyUsage=critical,keyCertSign'];
  const subject = '/C=DE/O=Örtliche Stelle/CN=Wurzel';
  const args = ['req', '-x509', ...newKey, '-nodes', '-utf8', '-keyout', key, '-days', '30'];
  const output = await openssl([...args, ...usage, '-subj', subject, '-out', `${folder}/ca.pem`]);
  expect(output.status, output.text).toBe(0);
  return {
    certificate: await readFile(`${folder}/ca.pem`, 'utf8'),
    privateKey: await readFile(key, 'utf8'),
  };
}

const authorities: [string, () => Promise<CertificatePair>][] = [
  ['an RSA CA', () => generateCa()],
  ['an EC CA', () => generateCa({ ...quick, keyLength: 384, digest: 'sha384' })],
  ["OpenSSL's RSA CA", () => foreignCa('-newkey', 'rsa:2048')],
  ["OpenSSL's EC CA", () => foreignCa('-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256')],
  ["OpenSSL's Ed25519 CA", () => foreignCa('-newkey', 'ed25519')],
];

test.each(authorities)('certificates signed by %s verify strictly', async (_, makeCa) => {
  const ca = await makeCa();
  const by = { caCertificate: ca.certificate, caPrivateKey: ca.privateKey };
  for (const keyType of ['rsa', 'ecdsa'] as const) {
    const server = await issueServerCertificate({ ...by, keyType });
    expect(await strictlyVerified(server.certificate, ca.certificate, 'sslserver')).toMatch(/OK/);
    const client = await issueClientCertificate({ ...by, keyType, commonName: 'fluent-client' });
    expect(await strictlyVerified(client.certificate, ca.certificate, 'sslclient')).toMatch(/OK/);
    // Each for its own purpose only.
    expect(await strictlyVerified(client.certificate, ca.certificate, 'sslserver')).toMatch(
      /unsuitable certificate purpose|unsupported certificate purpose/,
    );
    const x509 = new X509Certificate(server.certificate);
    expect(x509.checkPrivateKey(createPrivateKey(server.privateKey))).toBe(true);
  }
});

test.each(['rsa', 'ecdsa'] as const)('a self-signed %s certificate verifies', async (keyType) => {
  const { certificate } = await generateSelfSigned({ keyType });
  expect(await strictlyVerified(certificate, certificate, 'sslserver')).toMatch(/OK/);
});

test('a server certificate says what it is for', async () => {
  const ca = await generateCa(quick);
  const { certificate } = await issueServerCertificate({
    caCertificate: ca.certificate,
    caPrivateKey: ca.privateKey,
    commonName: 'logs.example.org',
    altNames: ['192.0.2.7', '2001:db8::7', '*.logs.example.org'],
    crlUrls: ['http://crl.example.org/a.crl', 'http://crl.example.org/b.crl'],
  });
  const printed = await text(certificate);
  expect(printed).toMatch(/Version: 3/);
  expect(printed).toMatch(/Subject: C = US, ST = CA, L = Mountain View, CN = logs.example.org/);
  expect(printed).toMatch(/Basic Constraints: critical\s+CA:FALSE/);
  expect(printed).toMatch(/Key Usage: critical\s+Digital Signature, Key Encipherment\n/);
  expect(printed).toMatch(/Extended Key Usage: \s+TLS Web Server Authentication\n/);
  const names = /Subject Alternative Name: \s+(.*)/.exec(printed)?.[1]?.split(', ');
  expect(names).toEqual([
    'DNS:logs.example.org',
    'IP Address:192.0.2.7',
    'IP Address:2001:DB8:0:0:0:0:0:7',
    'DNS:*.logs.example.org',
    `DNS:${hostname()}`,
    'DNS:localhost',
    'IP Address:127.0.0.1',
    'IP Address:0:0:0:0:0:0:0:1',
  ]);
  expect(printed).toMatch(/CRL Distribution Points: \s+Full Name:\s+URI:\S+a.crl\s+URI:\S+b.crl/);
  // The leaf's authority is the CA's key, not its own.
  const authority = /Authority Key Identifier: \s+(?:keyid:)?(\S+)/.exec(printed)?.[1];
  const caSubject = /Subject Key Identifier: \s+(\S+)/.exec(await text(ca.certificate))?.[1];
  expect(authority).toBe(caSubject);
  expect(authority).not.toBe(/Subject Key Identifier: \s+(\S+)/.exec(printed)?.[1]);
});

test('a CA certificate may sign and nothing else', async () => {
  const printed = await text((await generateCa({ ...quick, commonName: 'Dev CA' })).certificate);
  expect(printed).toMatch(/Basic Constraints: critical\s+CA:TRUE/);
  expect(printed).toMatch(/Key Usage: critical\s+Certificate Sign, CRL Sign\n/);
  expect(printed).toMatch(/CN = Dev CA/);
});

test('hostname checks accept each name, and no other', async () => {
  const { certificate } = await generateSelfSigned({
    ...quick,
    commonName: 'bücher.example',
    altNames: ['2001:db8::1'],
  });
  const x509 = new X509Certificate(certificate);
  // As browsers do: the SAN counts, the common name does not.
  const strict = { subject: 'never' } as const;
  for (const name of ['xn--bcher-kva.example', 'localhost', hostname()]) {
    expect(x509.checkHost(name, strict), name).toBe(name);
  }
  for (const address of ['127.0.0.1', '::1', '2001:db8::1']) {
    expect(x509.checkIP(address), address).toBe(address);
  }
  expect(x509.checkHost('other.example', strict)).toBeUndefined();
  expect(x509.checkIP('127.0.0.2')).toBeUndefined();
  const legacy = x509.toLegacyObject() as never;
  expect(checkServerIdentity('xn--bcher-kva.example', legacy)).toBeUndefined();
  expect(checkServerIdentity('127.0.0.1', legacy)).toBeUndefined();
  expect(checkServerIdentity('other.example', legacy)).toBeInstanceOf(Error);
  const { file } = await temporaryFolder();
  const pem = await file('own.pem', certificate);
  const verify = ['verify', '-x509_strict', '-CAfile', pem];
  expect((await openssl([...verify, '-verify_hostname', 'localhost', pem])).text).toMatch(/OK/);
  expect((await openssl([...verify, '-verify_ip', '::1', pem])).text).toMatch(/OK/);
  expect((await openssl([...verify, '-verify_hostname', 'other', pem])).status).not.toBe(0);
});

test('names keep their letters', async () => {
  const { certificate } = await generateSelfSigned({
    ...quick,
    country: 'JP',
    state: '東京都',
    locality: 'Ōta',
    commonName: 'ログ収集 サーバー',
  });
  const subject = new X509Certificate(certificate).toLegacyObject().subject;
  expect(subject).toMatchObject({ C: 'JP', ST: '東京都', L: 'Ōta', CN: 'ログ収集 サーバー' });
  const utf8 = ['x509', '-noout', '-subject', '-nameopt', 'utf8,sep_comma_plus,show_type'];
  expect((await openssl(utf8, certificate)).text).toContain('UTF8STRING:東京都');
});

test('a host name that is too long for a common name stands in the SAN', async () => {
  const long = `${'a'.repeat(60)}.${'b'.repeat(40)}.example`;
  const x509 = new X509Certificate(
    (await generateSelfSigned({ ...quick, commonName: long })).certificate,
  );
  expect(x509.checkHost(long, { subject: 'never' })).toBe(long);
  expect(x509.subject).not.toContain('CN=');
});

test('serial numbers are positive, random and short enough', async () => {
  const pairs = await Promise.all(Array.from({ length: 40 }, () => generateSelfSigned(quick)));
  const serials = pairs.map(({ certificate }) => new X509Certificate(certificate).serialNumber);
  expect(new Set(serials).size).toBe(40);
  for (const serial of serials) expect(serial).toMatch(/^[4-7][0-9A-F]{31}$/);
});

test('validity is backdated, as long as asked for, and within the CA', async () => {
  const days = 24 * 60 * 60;
  const ca = await generateCa({ ...quick, expiration: 50 * days });
  const by = { caCertificate: ca.certificate, caPrivateKey: ca.privateKey, ...quick };
  const leaf = async (expiration: number): Promise<X509Certificate> =>
    new X509Certificate((await issueServerCertificate({ ...by, expiration })).certificate);
  const short = await leaf(7 * days);
  expect(Date.parse(short.validFrom)).toBeLessThan(Date.now() - 30 * 60 * 1000);
  expect(Math.round((Date.parse(short.validTo) - Date.now()) / 1000 / days)).toBe(7);
  expect((await leaf(100 * days)).validTo).toBe(new X509Certificate(ca.certificate).validTo);
  // Past 2049 time is written in another type.
  const late = new X509Certificate(
    (await generateSelfSigned({ ...quick, expiration: 40 * 365 * days })).certificate,
  );
  expect(new Date(late.validTo).getUTCFullYear()).toBeGreaterThan(2060);
  expect((await openssl(['asn1parse'], late.toString())).text).toMatch(/GENERALIZEDTIME/);
});

const signatures: [GenerateOptions, RegExp][] = [
  [{ digest: 'sha1' }, /sha1WithRSAEncryption/],
  [{}, /sha256WithRSAEncryption/],
  [{ digest: 'sha384', keyType: 'ecdsa' }, /ecdsa-with-SHA384/],
  [{ digest: 'sha512', keyType: 'ecdsa', keyLength: 521 }, /ecdsa-with-SHA512[\s\S]*secp521r1/],
  [{ keyLength: 3072 }, /Public-Key: \(3072 bit\)/],
  [{}, /Public-Key: \(2048 bit\)/],
];

test.each(signatures)('%j makes the key and signature asked for', async (options, expected) => {
  const { certificate } = await generateSelfSigned(options);
  expect(await text(certificate)).toMatch(expected);
});

test('a private key can be written encrypted', async () => {
  const pair = await generateCa({ ...quick, passphrase: 'not in clear' });
  expect(pair.privateKey).toMatch(/^-----BEGIN ENCRYPTED PRIVATE KEY-----/);
  const issued = await issueServerCertificate({
    ...quick,
    caCertificate: pair.certificate,
    caPrivateKey: pair.privateKey,
    caPassphrase: 'not in clear',
  });
  expect(await strictlyVerified(issued.certificate, pair.certificate, 'sslserver')).toMatch(/OK/);
});

test('wrong wishes are refused by name', async () => {
  const bad: [GenerateOptions, string][] = [
    [{ country: 'USA' }, 'country'],
    [{ expiration: -1 }, 'expiration'],
    [{ digest: 'md5' as never }, 'digest'],
    [{ keyType: 'dsa' as never }, 'keyType'],
    [{ keyLength: 512 }, 'keyLength'],
  ];
  for (const [options, option] of bad) {
    await expect(generateSelfSigned(options)).rejects.toMatchObject({ option });
  }
});

test('only a CA signs, and only with its own key', async () => {
  const [ca, leaf] = await Promise.all([generateCa(quick), generateSelfSigned(quick)]);
  const sign = (caCertificate: string, caPrivateKey: string): Promise<CertificatePair> =>
    issueServerCertificate({ ...quick, caCertificate, caPrivateKey });
  await expect(sign(leaf.certificate, leaf.privateKey)).rejects.toMatchObject({
    code: 'ERR_SLUICE_TLS_CERTIFICATE',
    message: 'caCertificate is not a CA certificate',
  });
  await expect(sign(ca.certificate, leaf.privateKey)).rejects.toMatchObject({
    code: 'ERR_SLUICE_TLS_KEY_MISMATCH',
  });
  const { privateKey } = generateKeyPairSync('x25519');
  const notForSigning = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
  await expect(sign(ca.certificate, notForSigning)).rejects.toMatchObject({
    code: 'ERR_SLUICE_TLS_PRIVATE_KEY',
  });
});
