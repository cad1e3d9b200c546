import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import tls from 'node:tls';
import { expect, test } from 'vitest';
import {
  createServerContext,
  generateSelfSigned,
  type CertificatePair,
  type PeerVerdict,
  type ServerTlsOptions,
} from '../src/index.js';
import { authority, files, type Authority, yesterday } from './support/authority.js';
import { visit } from './support/client.js';
import { temporaryFolder } from './support/folder.js';
import { recordingLogger } from './support/logs.js';
import { openssl, sClient } from './support/openssl.js';
import { startServer } from './support/tls-server.js';

const own: ServerTlsOptions = {
  insecure: true,
  generatePrivateKeyType: 'ecdsa',
  clientCertAuth: true,
};
const bothVersions = { minVersion: 'TLSv1_2', maxVersion: 'TLSv1_3' } as const;

/** One visit by s_client with a certificate: what the server decided, and whether it said hello. */
async function visitWith(
  options: ServerTlsOptions,
  pair: CertificatePair | undefined,
  ...more: string[]
): Promise<PeerVerdict> {
  const server = await startServer({ ...own, ...bothVersions, ...options });
  try {
    const given = pair === undefined ? undefined : await files(pair);
    const args = given === undefined ? [] : ['-cert', given.certPath, '-key', given.privateKeyPath];
    const { text } = await sClient(server.port, ...args, ...more);
    expect(server.verdicts).toHaveLength(1);
    const [verdict] = server.verdicts;
    expect(text.includes('hello')).toBe(verdict.ok);
    return verdict;
  } finally {
    await server.close();
  }
}

async function caFile(issuer: Authority): Promise<string> {
  const { file } = await temporaryFolder();
  return file('ca.pem', issuer.ca.certificate);
}

test('a client of the CA is let in, by either version', async () => {
  const issuer = await authority();
  const caPath = await caFile(issuer);
  const client = await issuer.client();
  for (const version of ['-tls1_2', '-tls1_3']) {
    expect(await visitWith({ caPath }, client, version)).toEqual({ ok: true });
  }
  expect(await visitWith({ certPaths: [caPath] }, client)).toEqual({ ok: true });
});

const refusals: [
  string,
  string,
  RegExp,
  (issuer: Authority) => Promise<CertificatePair | undefined>,
][] = [
  [
    'no certificate',
    'NO_PEER_CERTIFICATE',
    /did not return a certificate/,
    () => Promise.resolve(undefined),
  ],
  [
    'an unknown CA',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    /unable to verify the first certificate/,
    async () => (await authority('Another CA')).client(),
  ],
  [
    'an unknown CA that is sent along',
    'SELF_SIGNED_CERT_IN_CHAIN',
    /self-signed certificate in certificate chain/,
    async () => {
      const other = await authority('Another CA');
      const client = await other.client();
      return { ...client, certificate: client.certificate + other.ca.certificate };
    },
  ],
  [
    'a self-signed certificate',
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    /self-signed certificate/,
    () => generateSelfSigned({ keyType: 'ecdsa' }),
  ],
  [
    'an expired certificate',
    'CERT_HAS_EXPIRED',
    /certificate has expired/,
    (issuer) => yesterday(() => issuer.client({ expiration: 60 })),
  ],
  ["a server's certificate", 'INVALID_PURPOSE', /certificate purpose/, (issuer) => issuer.server()],
];

test.each(refusals)('a client with %s is refused as %s', async (_, code, reason, make) => {
  const issuer = await authority();
  const pair = await make(issuer);
  const caPath = await caFile(issuer);
  for (const version of ['-tls1_2', '-tls1_3']) {
    const verdict = await visitWith({ caPath }, pair, ...chainArgs(await chainFile(pair)), version);
    expect(verdict).toMatchObject({ ok: false, code, reason: expect.stringMatching(reason) });
    if (pair !== undefined) expect(verdict).toHaveProperty('subject');
  }
});

async function chainFile(pair: CertificatePair | undefined): Promise<string | undefined> {
  if (pair === undefined) return undefined;
  const { file } = await temporaryFolder();
  return file('chain.pem', pair.certificate);
}

function chainArgs(file: string | undefined): string[] {
  return file === undefined ? [] : ['-cert_chain', file];
}

test('a certificate that is not valid yet is refused as such', async () => {
  const { folder } = await temporaryFolder();
  const issuer = await authority();
  const at = (name: string): string => `${folder}/${name}`;
  await writeFile(at('ca.pem'), issuer.ca.certificate);
  await writeFile(at('ca-key.pem'), issuer.ca.privateKey);
  await writeFile(at('index'), '');
  await writeFile(
    at('ca.cnf'),
    `[ca]\ndefault_ca=d\n[d]\ndatabase=${at('index')}\nnew_certs_dir=${folder}\nrand_serial=yes\n` +
      'default_md=sha256\npolicy=p\n[p]\ncommonName=supplied\n',
  );
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  await openssl([
    'req',
    ...key,
    '-keyout',
    at('key.pem'),
    '-subj',
    '/CN=early',
    '-out',
    at('r.pem'),
  ]);
  const signing = ['-config', at('ca.cnf'), '-cert', at('ca.pem'), '-keyfile', at('ca-key.pem')];
  const dates = ['-startdate', '20400101000000Z', '-enddate', '20410101000000Z'];
  const args = ['ca', '-batch', '-notext', ...signing, ...dates, '-in', at('r.pem')];
  const signed = await openssl([...args, '-out', at('cert.pem')]);
  expect(signed.status, signed.text).toBe(0);
  const server = await startServer({ ...own, caPath: at('ca.pem') });
  await sClient(server.port, '-cert', at('cert.pem'), '-key', at('key.pem'));
  await server.close();
  expect(server.verdicts).toMatchObject([
    { ok: false, code: 'CERT_NOT_YET_VALID', depth: 0, subject: 'CN=early' },
  ]);
});

test('allowSelfSignedCert lets self-signed clients in, and only those', async () => {
  const issuer = await authority();
  const options = { caPath: await caFile(issuer), allowSelfSignedCert: true };
  const selfSigned = (): Promise<CertificatePair> => generateSelfSigned({ keyType: 'ecdsa' });
  expect(await visitWith(options, await selfSigned())).toEqual({ ok: true });
  expect(await visitWith(options, await issuer.client())).toEqual({ ok: true });
  const stranger = await (await authority('Another CA')).client();
  expect(await visitWith(options, stranger)).toMatchObject({ ok: false });
  const late = await yesterday(() => generateSelfSigned({ keyType: 'ecdsa', expiration: 60 }));
  expect(await visitWith(options, late)).toMatchObject({ ok: false, code: 'CERT_HAS_EXPIRED' });
});

test("enableSystemCertStore trusts the system's CAs for clients", async () => {
  const issuer = await authority();
  const before = process.env.SSL_CERT_FILE;
  process.env.SSL_CERT_FILE = await caFile(issuer);
  try {
    const client = await issuer.client();
    const options = { enableSystemCertStore: true };
    expect(await visitWith(options, client)).toEqual({ ok: true });
    expect(await visitWith({}, client)).toMatchObject({ ok: false });
  } finally {
    if (before === undefined) delete process.env.SSL_CERT_FILE;
    else process.env.SSL_CERT_FILE = before;
  }
});

test('without clientCertAuth nobody is asked for a certificate', async () => {
  const server = await startServer({ ...own, clientCertAuth: false });
  const { text } = await sClient(server.port);
  await server.close();
  expect(text).toContain('No client certificate CA names sent');
  expect(text).not.toContain('Requested Signature Algorithms');
  expect(server.verdicts).toEqual([{ ok: true }]);
});

test('a server that trusts nobody says so when it starts', async () => {
  const { log, lines } = recordingLogger();
  (await createServerContext({ ...own, log })).close();
  expect(lines).toContainEqual({
    level: 'warn',
    fields: expect.objectContaining({ option: 'caPath' }),
    message: expect.stringContaining('every client will be refused'),
  });
});

test.each(['TLSv1_2', 'TLSv1_3'] as const)(
  'a resumed %s session does not get around a refusal',
  async (version) => {
    const issuer = await authority();
    const options = { ...own, caPath: await caFile(issuer), version, watch: false };
    const context = await createServerContext(options);
    const verdicts: unknown[] = [];
    const server = tls.createServer(context.options, (socket) => {
      socket.on('error', () => undefined);
      // Late, so that the client gets its ticket before it is refused.
      socket.once('data', () => {
        verdicts.push([socket.isSessionReused(), context.verifyPeer(socket)]);
        socket.destroy();
      });
    });
    const detach = context.attach(server);
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    const stranger = await (await authority('Another CA')).client();
    for (const identity of [{}, { cert: stranger.certificate, key: stranger.privateKey }]) {
      const first = await visit(port, { ...identity, hello: true });
      expect(first.session).toBeDefined();
      await visit(port, { ...identity, hello: true, session: first.session! });
    }
    detach();
    context.close();
    server.close();
    const refused = expect.objectContaining({ ok: false });
    expect(verdicts.map((verdict) => (verdict as unknown[])[1])).toEqual(Array(4).fill(refused));
    expect(verdicts).toContainEqual([true, refused]);
  },
);
