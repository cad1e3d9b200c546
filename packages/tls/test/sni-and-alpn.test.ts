import { expect, test } from 'vitest';
import { createServerContext, generateSelfSigned } from '../src/index.js';
import { authority, files } from './support/authority.js';
import { visit } from './support/client.js';
import { temporaryFolder } from './support/folder.js';
import { sClient } from './support/openssl.js';
import { startServer } from './support/tls-server.js';

const quick = { keyType: 'ecdsa' } as const;

test('the client is served the certificate of the name it asks for', async () => {
  const issuer = await authority();
  const main = await files(await issuer.server({ commonName: 'main.example' }));
  const other = await files(await issuer.server({ commonName: 'other.example' }));
  const wild = await files(
    await issuer.server({ commonName: 'wild', altNames: ['*.wild.example'] }),
  );
  const named = await files(await issuer.server({ commonName: 'named' }));
  const server = await startServer({
    ...main,
    minVersion: 'TLSv1_2',
    maxVersion: 'TLSv1_3',
    certificates: [other, wild, { ...named, serverNames: ['alias.example', 'BÜCHER.example'] }],
  });
  const expected: [string, string][] = [
    ['main.example', 'main.example'],
    ['other.example', 'other.example'],
    ['OTHER.example', 'other.example'],
    ['a.wild.example', 'wild'],
    ['a.b.wild.example', 'main.example'],
    ['wild.example', 'main.example'],
    ['alias.example', 'named'],
    ['xn--bcher-kva.example', 'named'],
    ['unknown.example', 'main.example'],
  ];
  for (const [servername, name] of expected) {
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      const { served, text } = await visit(server.port, { servername, maxVersion });
      expect([servername, served, text]).toEqual([servername, name, 'hello\n']);
    }
  }
  const { text } = await sClient(server.port, '-noservername');
  expect(text).toContain('CN = main.example');
  await server.close();
});

test('client certificates are demanded whatever name is asked for', async () => {
  const issuer = await authority();
  const { file } = await temporaryFolder();
  const server = await startServer({
    ...(await files(await issuer.server({ commonName: 'main.example' }))),
    certificates: [await files(await issuer.server({ commonName: 'other.example' }))],
    caPath: await file('ca.pem', issuer.ca.certificate),
    clientCertAuth: true,
  });
  const client = await issuer.client();
  const identity = { cert: client.certificate, key: client.privateKey };
  for (const servername of ['main.example', 'other.example']) {
    expect((await visit(server.port, { servername })).text).toBe('');
    expect((await visit(server.port, { servername, ...identity })).text).toBe('hello\n');
  }
  await server.close();
  expect(server.verdicts.map(({ ok }) => ok)).toEqual([false, true, false, true]);
});

test('an additional certificate is checked as carefully as the main one', async () => {
  const main = await files(await generateSelfSigned(quick));
  const [a, b] = [await generateSelfSigned(quick), await generateSelfSigned(quick)];
  const mixed = await files({ certificate: a.certificate, privateKey: b.privateKey });
  await expect(createServerContext({ ...main, certificates: [mixed] })).rejects.toMatchObject({
    code: 'ERR_SLUICE_TLS_KEY_MISMATCH',
    option: 'certificates[0].privateKeyPath',
  });
  const certificates = [{ certPath: mixed.certPath }] as never;
  await expect(createServerContext({ ...main, certificates })).rejects.toMatchObject({
    option: 'certificates[0].privateKeyPath',
  });
});

test('ALPN picks the first protocol of the server that the client knows', async () => {
  const options = { insecure: true, generatePrivateKeyType: 'ecdsa' } as const;
  const server = await startServer({ ...options, alpnProtocols: ['fluent/2', 'fluent/1'] });
  const ask = (...protocols: string[]) => visit(server.port, { ALPNProtocols: protocols });
  expect(await ask('fluent/1', 'fluent/2')).toMatchObject({ alpn: 'fluent/2', text: 'hello\n' });
  expect(await ask('fluent/1')).toMatchObject({ alpn: 'fluent/1', text: 'hello\n' });
  // Clients without ALPN, which is all of Fluentd's, are served too.
  expect(await visit(server.port)).toMatchObject({ alpn: false, text: 'hello\n' });
  expect((await ask('h2')).error).toMatch(/no application protocol/);
  await server.close();
});
