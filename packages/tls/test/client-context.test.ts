import tls from 'node:tls';
import { expect, test } from 'vitest';
import {
  createClientContext,
  generateSelfSigned,
  type ClientTlsOptions,
  type PeerVerdict,
  type ServerTlsOptions,
} from '../src/index.js';
import { authority, files, type Authority } from './support/authority.js';
import { temporaryFolder } from './support/folder.js';
import { startServer, type TestServer } from './support/tls-server.js';

/** What a client with these options thinks of the server. */
async function judge(
  port: number,
  options: ClientTlsOptions,
  host = 'localhost',
): Promise<PeerVerdict> {
  const context = await createClientContext({ watch: false, ...options });
  const address = host === 'localhost' ? '127.0.0.1' : host;
  const socket = tls.connect({ port, ...context.connectOptions(host), host: address });
  try {
    await new Promise((resolve, reject) => {
      socket.on('secureConnect', resolve).on('error', reject);
    });
    const verdict = await context.verifyPeer(socket, host);
    // Without being told the host again, it is the name asked for, or the address.
    expect(await context.verifyPeer(socket)).toEqual(verdict);
    return verdict;
  } finally {
    socket.destroy();
    context.close();
  }
}

async function server(
  issuer: Authority,
  more: ServerTlsOptions = {},
): Promise<TestServer & { caPath: string }> {
  const { file } = await temporaryFolder();
  const started = await startServer({ ...(await files(await issuer.server())), ...more });
  return { ...started, caPath: await file('ca.pem', issuer.ca.certificate) };
}

test('a server of a trusted CA with the right name is the one', async () => {
  const { port, caPath, close } = await server(await authority());
  expect(await judge(port, { caPath })).toEqual({ ok: true });
  expect(await judge(port, { certPaths: [caPath] })).toEqual({ ok: true });
  expect(await judge(port, { caPath }, '127.0.0.1')).toEqual({ ok: true });
  await close();
});

test('an unknown CA is refused, system store or not', async () => {
  const { port, caPath, close } = await server(await authority());
  const other = await server(await authority('Another CA'));
  for (const options of [{}, { enableSystemCertStore: false }, { caPath: other.caPath }]) {
    expect(await judge(port, options)).toMatchObject({
      ok: false,
      code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    });
  }
  const before = process.env.SSL_CERT_FILE;
  process.env.SSL_CERT_FILE = caPath;
  try {
    expect(await judge(port, {})).toEqual({ ok: true });
    expect(await judge(port, { enableSystemCertStore: false })).toMatchObject({ ok: false });
  } finally {
    if (before === undefined) delete process.env.SSL_CERT_FILE;
    else process.env.SSL_CERT_FILE = before;
  }
  await close();
  await other.close();
});

test('verifyFqdn checks the name, fqdn replaces it', async () => {
  const issuer = await authority();
  const { port, caPath, close } = await server(issuer);
  expect(await judge(port, { caPath, fqdn: 'other.example' })).toMatchObject({
    ok: false,
    code: 'HOSTNAME_MISMATCH',
    depth: 0,
    reason: expect.stringContaining('not other.example'),
  });
  const loose = { caPath, fqdn: 'other.example', verifyFqdn: false };
  expect(await judge(port, loose)).toEqual({ ok: true });
  await close();
});

test('a self-signed server is refused unless it is allowed, or trusted by itself', async () => {
  const pair = await files(await generateSelfSigned({ keyType: 'ecdsa' }));
  const { port, close } = await startServer(pair);
  expect(await judge(port, {})).toMatchObject({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
  expect(await judge(port, { allowSelfSignedCert: true })).toEqual({ ok: true });
  expect(await judge(port, { certPaths: [pair.certPath] })).toEqual({ ok: true });
  // The name still counts.
  expect(await judge(port, { allowSelfSignedCert: true, fqdn: 'other' })).toMatchObject({
    code: 'HOSTNAME_MISMATCH',
  });
  expect(await judge(port, { insecure: true, fqdn: 'other' })).toEqual({ ok: true });
  await close();
});

test('the client shows its certificate, and its verifier is asked', async () => {
  const issuer = await authority();
  const { file } = await temporaryFolder();
  const caPath = await file('ca.pem', issuer.ca.certificate);
  const { port, verdicts, close } = await server(issuer, { clientCertAuth: true, caPath });
  const own = await files(await issuer.client());
  const depths: number[] = [];
  const certVerifier = (ok: boolean, { depth }: { depth: number }) => depths.push(depth) > 0 && ok;
  expect(await judge(port, { caPath, ...own, certVerifier })).toEqual({ ok: true });
  expect(depths).toEqual([1, 0, 1, 0]);
  const refusing = { caPath, ...own, certVerifier: () => Promise.resolve(false) };
  expect(await judge(port, refusing)).toMatchObject({ code: 'CERT_VERIFIER_REFUSED' });
  await expect.poll(() => verdicts).toEqual([{ ok: true }, { ok: true }]);
  await close();
});

test('versions, ciphers and ALPN hold for clients too', async () => {
  const { port, close } = await startServer({
    insecure: true,
    minVersion: 'TLSv1_2',
    maxVersion: 'TLSv1_3',
    alpnProtocols: ['fluent'],
  });
  const context = await createClientContext({
    allowSelfSignedCert: true,
    version: 'TLSv1_3',
    ciphers: 'TLS_CHACHA20_POLY1305_SHA256',
    alpnProtocols: ['other', 'fluent'],
  });
  const socket = tls.connect({ port, ...context.connectOptions('localhost') });
  await new Promise((resolve) => socket.on('secureConnect', resolve));
  expect(socket.getProtocol()).toBe('TLSv1.3');
  expect(socket.getCipher().name).toBe('TLS_CHACHA20_POLY1305_SHA256');
  expect(socket.alpnProtocol).toBe('fluent');
  socket.destroy();
  context.close();
  await close();
});

test('new CA files count from the next connection on', async () => {
  const { file } = await temporaryFolder();
  const [before, after] = [await authority('Before'), await authority('After')];
  const { port, close } = await server(after);
  const caPath = await file('ca.pem', before.ca.certificate);
  const context = await createClientContext({ caPath, watch: false });
  const ask = async (): Promise<boolean> => {
    const socket = tls.connect({ port, ...context.connectOptions('localhost') });
    await new Promise((resolve) => socket.on('secureConnect', resolve));
    const { ok } = await context.verifyPeer(socket);
    socket.destroy();
    return ok;
  };
  expect(await ask()).toBe(false);
  await file('ca.pem', after.ca.certificate);
  expect(await context.reload()).toBe(true);
  expect(await ask()).toBe(true);
  await file('ca.pem', 'broken');
  expect(await context.reload()).toBe(false);
  expect(await ask()).toBe(true);
  expect(context.report()).toMatchObject([{ role: 'ca', file: caPath }]);
  context.close();
  await close();
});

test('a key without its certificate is a mistake, and the other way round', async () => {
  await expect(createClientContext({ privateKeyPath: 'key.pem' })).rejects.toMatchObject({
    option: 'certPath',
  });
  await expect(createClientContext({ certPath: 'cert.pem' })).rejects.toMatchObject({
    option: 'privateKeyPath',
  });
});
