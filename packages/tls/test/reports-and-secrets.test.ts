import { createHash, createPrivateKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { inspect } from 'node:util';
import tls from 'node:tls';
import { expect, onTestFinished, test, vi } from 'vitest';
import {
  createClientContext,
  createServerContext,
  generateCa,
  generateSelfSigned,
  type ServerTlsOptions,
} from '../src/index.js';
import { authority, files } from './support/authority.js';
import { temporaryFolder } from './support/folder.js';
import { recordingLogger } from './support/logs.js';
import { openssl } from './support/openssl.js';

test('the report says what is served, as OpenSSL does', async () => {
  const { file } = await temporaryFolder();
  const issuer = await authority();
  const pair = await files(await issuer.server({ commonName: 'logs.example' }));
  const other = await files(await generateSelfSigned({ keyType: 'ecdsa', commonName: 'b' }));
  const caPath = await file('ca.pem', issuer.ca.certificate);
  const context = await createServerContext({ ...pair, caPath, certificates: [other] });
  context.close();
  const [own, second, ca] = context.report();
  expect(own).toMatchObject({
    role: 'own',
    source: 'file',
    file: pair.certPath,
    subject: 'CN=logs.example, L=Mountain View, ST=CA, C=US',
    issuer: 'CN=Test CA, L=Mountain View, ST=CA, C=US',
    selfSigned: false,
    keyType: 'ec',
    names: expect.arrayContaining(['logs.example', 'localhost', '127.0.0.1']),
    daysLeft: 3649,
  });
  expect(second).toMatchObject({ role: 'own', file: other.certPath, selfSigned: true });
  expect(ca).toMatchObject({ role: 'ca', file: caPath, selfSigned: true });
  const wanted = ['-serial', '-fingerprint', '-enddate'];
  const pem = await readFile(pair.certPath, 'utf8');
  const sha1 = (await openssl(['x509', '-noout', ...wanted, '-sha1'], pem)).text;
  const sha256 = (await openssl(['x509', '-noout', ...wanted, '-sha256'], pem)).text;
  expect(sha1).toContain(`=${own.fingerprint}\n`);
  expect(sha256).toContain(`=${own.fingerprint256}\n`);
  expect(sha256).toContain(`serial=${own.serialNumber}\n`);
  expect(new Date(/notAfter=(.*)/.exec(sha256)![1])).toEqual(own.notAfter);
});

test.each([
  [29, 30, true],
  [31, 30, false],
  [31, 40, true],
])('with %i days left and a warning at %i: %s', async (left, expiryWarningDays, warned) => {
  const expiration = left * 24 * 60 * 60;
  const pair = await files(await generateSelfSigned({ keyType: 'ecdsa', expiration }));
  const { log, lines } = recordingLogger();
  const settings = { expiryWarningDays, log };
  (await createServerContext({ ...pair, ...settings })).close();
  (await createClientContext({ ...pair, ...settings, enableSystemCertStore: false })).close();
  const warnings = lines.filter(({ message }) => message === 'certificate expires soon');
  expect(warnings).toHaveLength(warned ? 2 : 0);
  for (const { fields } of warnings) {
    expect(fields).toMatchObject({ file: pair.certPath, daysLeft: left - 1, role: 'own' });
  }
});

test('a trusted CA that expires is warned about as well', async () => {
  const { file } = await temporaryFolder();
  const ca = await generateCa({ keyType: 'ecdsa', expiration: 24 * 60 * 60 });
  const caPath = await file('ca.pem', ca.certificate);
  const { log, lines } = recordingLogger();
  const options = { insecure: true, generatePrivateKeyType: 'ecdsa', caPath, log } as const;
  (await createServerContext(options)).close();
  expect(lines).toContainEqual({
    level: 'warn',
    message: 'certificate expires soon',
    fields: expect.objectContaining({ role: 'ca', file: caPath }),
  });
});

test('secrets show up in no log line, error or dump', async () => {
  const passphrase = 'correct horse battery staple';
  const { log, lines } = recordingLogger();
  const pair = await generateSelfSigned({ keyType: 'ecdsa', passphrase });
  const at = await files(pair);
  const { file } = await temporaryFolder();
  const secret = createHash('sha512').update('ticket').digest('hex');
  const options: ServerTlsOptions = {
    ...at,
    privateKeyPassphrase: passphrase,
    ticketSecretPath: await file('secret', secret),
    certificates: [{ ...at, privateKeyPassphrase: passphrase }],
    log,
  };
  const context = await createServerContext(options);
  const server = tls.createServer(context.options);
  context.attach(server);
  await context.reload();
  const failures: unknown[] = [];
  const attempts: ServerTlsOptions[] = [
    { ...options, privateKeyPassphrase: `${passphrase}!` },
    { ...options, privateKeyPath: options.certPath! },
    { ...options, privateKeyPath: options.ticketSecretPath! },
    { ...options, certPath: options.privateKeyPath! },
    { ...options, ticketRotation: -1 },
  ];
  for (const attempt of attempts) {
    failures.push(await createServerContext(attempt).catch((error: unknown) => error));
  }
  expect(failures.every((failure) => failure instanceof Error)).toBe(true);
  const show = (value: unknown): string =>
    inspect(value, { depth: 20, showHidden: true, maxArrayLength: null, maxStringLength: null });
  // Symbols and functions of Node's server are left out of JSON, cycles make it fail.
  const shown = [
    ...[context, context.options, context.report(), failures, lines].map(show),
    inspect(server, { depth: 20, maxArrayLength: null, maxStringLength: null }),
    JSON.stringify([context, context.options, context.report(), failures, lines]),
    ...failures.map((failure) => String((failure as Error).stack)),
  ].join('\n');
  context.close();

  const key = createPrivateKey({ key: pair.privateKey, passphrase });
  const clear = key.export({ type: 'pkcs8', format: 'pem' }) as string;
  const { d } = key.export({ format: 'jwk' });
  const [, body] = clear.split('\n');
  const ticketKeys = context.options.ticketKeys!;
  const hidden = [passphrase, secret, body, d!, Buffer.from(clear).toString('hex')];
  for (const text of hidden) expect(shown).not.toContain(text);
  expect(shown).not.toContain([...Buffer.from(clear).subarray(0, 40)].join(','));
  for (const form of ['hex', 'base64'] as const) {
    expect(shown).not.toContain(ticketKeys.toString(form).slice(0, 30));
  }
  expect(shown).not.toContain([...ticketKeys.subarray(0, 16)].join(','));
  expect(shown).toContain('[private key]');
});

/** Lets hours pass, one by one, for timers and the clock; files are read in real time. */
async function pass(hours: number): Promise<void> {
  for (let hour = 0; hour < hours; hour += 1) {
    await vi.advanceTimersByTimeAsync(3_600_000);
  }
}

test('the warning comes again, and turns when the certificate has expired', async () => {
  const day = 24 * 60 * 60;
  const pair = await files(await generateSelfSigned({ keyType: 'ecdsa', expiration: 31 * day }));
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'Date'] });
  onTestFinished(() => void vi.useRealTimers());
  const { log, lines } = recordingLogger();
  const context = await createServerContext({ ...pair, watch: false, log });
  const said = (message: string): number => lines.filter((line) => line.message === message).length;
  expect(said('certificate expires soon')).toBe(0);
  await pass(48);
  expect(said('certificate expires soon')).toBeGreaterThan(0);
  expect(said('certificate has expired')).toBe(0);
  await pass(31 * 24);
  expect(said('certificate has expired')).toBeGreaterThan(0);
  context.close();
});

test.each([2 * 60 * 60, 30 * 24 * 60 * 60])(
  'a certificate generated for %i seconds is renewed in time',
  async (generateCertExpiration) => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'Date'] });
    onTestFinished(() => void vi.useRealTimers());
    const options = { insecure: true, generatePrivateKeyType: 'ecdsa', generateCertExpiration };
    const context = await createServerContext(options as ServerTlsOptions);
    const [before] = context.report();
    const step = (generateCertExpiration * 1000) / 24;
    for (let passed = 0; passed < 20; passed += 1) {
      await vi.advanceTimersByTimeAsync(step);
    }
    await vi.waitUntil(() => context.reloads.succeeded > 0);
    const [after] = context.report();
    expect(after.fingerprint256).not.toBe(before.fingerprint256);
    expect(after.notAfter.getTime()).toBeGreaterThan(before.notAfter.getTime());
    expect(context.reloads.failed).toBe(0);
    context.close();
  },
);
