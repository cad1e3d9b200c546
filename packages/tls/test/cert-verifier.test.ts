import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  createServerContext,
  type CertVerifier,
  type PeerVerdict,
  type ServerTlsOptions,
  type VerifyContext,
} from '../src/index.js';
import { authority, type Authority, yesterday } from './support/authority.js';
import { visit } from './support/client.js';
import { temporaryFolder } from './support/folder.js';
import { openssl } from './support/openssl.js';
import { startServer } from './support/tls-server.js';
import { generateSelfSigned } from '../src/index.js';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';

const own: ServerTlsOptions = { insecure: true, generatePrivateKeyType: 'ecdsa' };
const example = path.join(import.meta.dirname, '../examples/cn-verifier.mjs');
let folder: string;
let issuer: Authority;
let caPath: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'sluice-verifier-'));
  issuer = await authority();
  caPath = path.join(folder, 'ca.pem');
  await writeFile(caPath, issuer.ca.certificate);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function decide(
  certVerifier: string | CertVerifier,
  client: { certificate: string; privateKey: string } | undefined,
  options: ServerTlsOptions = {},
): Promise<PeerVerdict> {
  const server = await startServer({ ...own, caPath, certVerifier, ...options });
  try {
    const given = client === undefined ? {} : { cert: client.certificate, key: client.privateKey };
    const { text } = await visit(server.port, given);
    expect(server.verdicts).toHaveLength(1);
    expect(text === 'hello\n').toBe(server.verdicts[0].ok);
    return server.verdicts[0];
  } finally {
    await server.close();
  }
}

type Call = [ok: boolean, depth: number, errorCode: string, subject: string];

/** Records its calls and hands `ok` on. */
function recorder(): { calls: Call[]; contexts: VerifyContext[]; verifier: CertVerifier } {
  const calls: Call[] = [];
  const contexts: VerifyContext[] = [];
  const verifier = (ok: boolean, context: VerifyContext): boolean => {
    const { CN } = context.currentCertificate.toLegacyObject().subject;
    calls.push([ok, context.depth, context.errorCode, String(CN)]);
    contexts.push(context);
    return ok;
  };
  return { calls, contexts, verifier };
}

test('is called for each certificate, from the root to the leaf', async () => {
  const { calls, contexts, verifier } = recorder();
  const client = await issuer.client({ commonName: 'fluentd' });
  expect(await decide(verifier, client)).toEqual({ ok: true });
  expect(calls).toEqual([
    [true, 1, 'OK', 'Test CA'],
    [true, 0, 'OK', 'fluentd'],
  ]);
  expect(contexts[0].errorText).toBe('ok');
  const subjects = contexts[0].chain.map(({ subject }) => subject.split('\n').at(-1));
  expect(subjects).toEqual(['CN=fluentd', 'CN=Test CA']);
  expect(contexts[1].currentCertificate).toBe(contexts[1].chain[0]);
});

test('walks a chain with an intermediate', async () => {
  const at = (name: string): string => path.join(folder, name);
  await writeFile(at('root-key.pem'), issuer.ca.privateKey);
  await writeFile(at('b.ext'), 'basicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign\n');
  await writeFile(at('c.ext'), 'extendedKeyUsage=clientAuth\n');
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const make = async (name: string, cn: string, ca: string, caKey: string): Promise<void> => {
    const request = ['-keyout', at(`${name}-key.pem`), '-subj', `/CN=${cn}`, '-out', at('r.pem')];
    await openssl(['req', ...key, ...request]);
    const signing = ['-CA', ca, '-CAkey', caKey, '-CAcreateserial', '-extfile', at(`${name}.ext`)];
    const args = ['x509', '-req', '-in', at('r.pem'), ...signing, '-out', at(`${name}.pem`)];
    const { status, text } = await openssl(args);
    expect(status, text).toBe(0);
  };
  await make('b', 'Between', caPath, at('root-key.pem'));
  await make('c', 'fluentd', at('b.pem'), at('b-key.pem'));
  const [leaf, between, privateKey] = await Promise.all(
    ['c.pem', 'b.pem', 'c-key.pem'].map((name) => readFile(at(name), 'utf8')),
  );
  const walk = [
    [2, 'Test CA'],
    [1, 'Between'],
    [0, 'fluentd'],
  ];
  const sent = leaf + between;
  for (const certificate of [sent, sent + issuer.ca.certificate]) {
    const { calls, verifier } = recorder();
    const verdict = await decide(verifier, { certificate, privateKey });
    if (verdict.ok) {
      expect(calls.map(([, depth, , subject]) => [depth, subject])).toEqual(walk);
    } else {
      // What some versions of Node do not show cannot be verified, so it is refused.
      expect(process.version).toMatch(/^v(24|26)\./);
      expect(verdict).toMatchObject({ code: 'CERT_CHAIN_INCOMPLETE', depth: 0 });
    }
  }
  // The way out for those versions, and for clients that send their own certificate alone.
  await writeFile(at('all.pem'), issuer.ca.certificate + between);
  const { calls, verifier } = recorder();
  const trusting = { caPath: at('all.pem') };
  expect(await decide(verifier, { certificate: leaf, privateKey }, trusting)).toEqual({ ok: true });
  expect(calls.map(([, depth, , subject]) => [depth, subject])).toEqual(walk);
});

test('sees each error, and what it returns replaces ok', async () => {
  const other = await authority('Another CA');
  const stranger = await yesterday(() => other.client({ expiration: 60 }));
  const { calls, verifier } = recorder();
  expect(await decide(verifier, stranger)).toMatchObject({ ok: false });
  // The first refusal ends the walk.
  expect(calls).toHaveLength(1);
  const all: Call[] = [];
  const record = recorder();
  const forgiving = (ok: boolean, context: VerifyContext): boolean => {
    (record.verifier as (ok: boolean, context: VerifyContext) => boolean)(ok, context);
    return true;
  };
  expect(await decide(forgiving, stranger)).toEqual({ ok: true });
  all.push(...record.calls);
  expect(all.map(([ok, depth, code]) => [ok, depth, code])).toEqual([
    [false, 0, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
    [false, 0, 'CERT_HAS_EXPIRED'],
  ]);
  // Forgiving one error does not forgive the other.
  const lenient = (ok: boolean, { errorCode }: VerifyContext): boolean =>
    ok || errorCode === 'CERT_HAS_EXPIRED';
  expect(await decide(lenient, stranger)).toMatchObject({
    ok: false,
    code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  });
});

test('allowSelfSignedCert comes before it', async () => {
  const { calls, verifier } = recorder();
  const client = await generateSelfSigned({ keyType: 'ecdsa', commonName: 'lonely' });
  expect(await decide(verifier, client, { allowSelfSignedCert: true })).toEqual({ ok: true });
  expect(calls).toEqual([[true, 0, 'OK', 'lonely']]);
});

const refusing: [string, CertVerifier, string, RegExp][] = [
  ['false', () => false, 'CERT_VERIFIER_REFUSED', /refused/],
  ['no boolean', () => 'yes' as never, 'CERT_VERIFIER_REFUSED', /refused/],
  ['a promise of false', () => Promise.resolve(false), 'CERT_VERIFIER_REFUSED', /refused/],
  [
    'a throw',
    () => {
      throw new Error('no list');
    },
    'CERT_VERIFIER_FAILED',
    /failed: no list/,
  ],
  [
    'a rejection',
    () => Promise.reject(new Error('no answer')),
    'CERT_VERIFIER_FAILED',
    /failed: no answer/,
  ],
  ['silence', () => new Promise<boolean>(() => undefined), 'CERT_VERIFIER_TIMEOUT', /in time/],
];

test.each(refusing)('%s refuses the client', async (_, certVerifier, code, reason) => {
  const verdict = await decide(certVerifier, await issuer.client(), { certVerifierTimeout: 0.05 });
  expect(verdict).toMatchObject({ ok: false, code, reason: expect.stringMatching(reason) });
  expect(verdict).toMatchObject({ depth: 1, subject: expect.stringContaining('Test CA') });
});

test('a client without a certificate is refused before it is asked', async () => {
  const { calls, verifier } = recorder();
  expect(await decide(verifier, undefined)).toMatchObject({ code: 'NO_PEER_CERTIFICATE' });
  expect(calls).toEqual([]);
});

test('a synchronous verifier decides synchronously', async () => {
  const context = await createServerContext({ ...own, caPath, certVerifier: () => true });
  context.close();
  const { certificate } = await issuer.client();
  const { X509Certificate } = await import('node:crypto');
  const { raw } = new X509Certificate(certificate);
  const peer = {
    raw,
    valid_from: 'Jan  1 00:00:00 2020 GMT',
    valid_to: 'Jan  1 00:00:00 2090 GMT',
  };
  const socket = { authorized: true, getPeerCertificate: () => peer } as never;
  expect(context.verifyPeer(socket)).toEqual({ ok: true });
});

test('no session is resumed past it', async () => {
  const client = await issuer.client();
  const identity = { cert: client.certificate, key: client.privateKey };
  const { calls, verifier } = recorder();
  for (const version of ['TLSv1_2', 'TLSv1_3'] as const) {
    calls.length = 0;
    const server = await startServer({ ...own, caPath, certVerifier: verifier, version });
    const { session } = await visit(server.port, identity);
    const again = await visit(server.port, { ...identity, ...(session ? { session } : {}) });
    await server.close();
    expect(again).toMatchObject({ resumed: false, text: 'hello\n' });
    expect(calls).toHaveLength(4);
  }
});

test("the shipped example lets clients in by common name, as Fluentd's does", async () => {
  expect(await decide(example, await issuer.client({ commonName: 'fluentd-client' }))).toEqual({
    ok: true,
  });
  expect(await decide(example, await issuer.client({ commonName: 'stranger' }))).toMatchObject({
    ok: false,
    code: 'CERT_VERIFIER_REFUSED',
    depth: 0,
    subject: expect.stringContaining('CN=stranger'),
  });
  // The right name of the wrong CA.
  const forged = await (await authority('Another CA')).client({ commonName: 'fluentd' });
  expect(await decide(example, forged)).toMatchObject({ ok: false });
});

const modules: [string, string, string][] = [
  ['a function', 'v.mjs', 'export default (ok, context) => ok && context.depth >= 0;'],
  ['an object', 'v.mjs', 'export default { call: (ok) => ok };'],
  [
    'a class',
    'v.mjs',
    'export default class Checker { #y = true; call(ok) { return ok && this.#y; } }',
  ],
  ['CommonJS', 'v.cjs', 'module.exports = (ok) => ok;'],
  [
    'TypeScript compiled to CommonJS',
    'v.cjs',
    'Object.defineProperty(exports, "__esModule", { value: true }); exports.default = (ok) => ok;',
  ],
];

test.each(modules)('loads a module that exports %s', async (_, name, source) => {
  const { file } = await temporaryFolder();
  expect(await decide(await file(name, source), await issuer.client())).toEqual({ ok: true });
});

const broken: [string, string, string, RegExp][] = [
  ['nothing', 'v.mjs', 'export const verify = 1;', /neither a function .* nor an object/],
  ['a syntax error', 'v.mjs', 'export default (', /cannot be loaded/],
  ['a throw', 'v.mjs', 'throw new Error("no such list");', /cannot be loaded: no such list/],
  ['Ruby', 'v.rb', 'Proc.new { |ok, ctx| ok }', /is a Ruby file/],
];

test.each(broken)(
  'a module with %s keeps the server from starting',
  async (_, name, source, message) => {
    const { file } = await temporaryFolder();
    const certVerifier = await file(name, source);
    await expect(createServerContext({ ...own, caPath, certVerifier })).rejects.toMatchObject({
      name: 'CertVerifierError',
      code: 'ERR_SLUICE_TLS_CERT_VERIFIER',
      option: 'certVerifier',
      file: certVerifier,
      message: expect.stringMatching(message),
    });
  },
);

test('a verifier that would never be called is a mistake', async () => {
  const options = { ...own, certVerifier: () => true, clientCertAuth: false };
  await expect(createServerContext(options)).rejects.toMatchObject({
    code: 'ERR_SLUICE_TLS_CONFIG',
    option: 'certVerifier',
  });
});
