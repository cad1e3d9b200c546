import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { TLSSocket } from 'node:tls';
import { EventStream } from '@sluice/event-stream';
import {
  generateCa,
  generateSelfSigned,
  issueClientCertificate,
  issueServerCertificate,
} from '@sluice/tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { server, startOutput, startServer } from './support/servers.js';

const folder = mkdtempSync(path.join(os.tmpdir(), 'sluice-forward-tls-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Certificate and key as a server of Node takes them. */
interface Pair {
  cert: string;
  key: string;
}
let ofCa: Pair;
let selfSigned: Pair;
const file = (name: string): string => path.join(folder, name);

beforeAll(async () => {
  const keyType = 'ecdsa';
  const ca = await generateCa({ keyType });
  const by = { keyType, caCertificate: ca.certificate, caPrivateKey: ca.privateKey } as const;
  const [own, client, alone] = await Promise.all([
    issueServerCertificate({ ...by, commonName: 'localhost' }),
    issueClientCertificate({ ...by, passphrase: 'open' }),
    generateSelfSigned({ keyType }),
  ]);
  ofCa = { cert: own.certificate, key: own.privateKey };
  selfSigned = { cert: alone.certificate, key: alone.privateKey };
  writeFileSync(file('ca.pem'), ca.certificate);
  writeFileSync(file('client.pem'), client.certificate);
  writeFileSync(file('client.key'), client.privateKey);
});

const start = (port: number, params: string, ofServer = '') =>
  startOutput(
    `transport tls\nheartbeat_type none\nrequire_ack_response true\n` +
      `verify_connection_at_startup true\n${params}\n${server(port, ofServer)}`,
  );
const trust = (): string => `tls_cert_path ${file('ca.pem')}`;
const event = EventStream.fromEvents([{ time: 1, record: { n: 1 } }]);

function tlsSocket([socket]: Iterable<Socket>): TLSSocket {
  if (!(socket instanceof TLSSocket)) throw new Error('the server speaks no TLS');
  return socket;
}

describe('a certificate of a CA', () => {
  test.each([
    ['whose CA is trusted', () => trust(), ''],
    [
      'for another name, without tls_verify_hostname',
      () => `${trust()}\ntls_verify_hostname false`,
      'name elsewhere.test',
    ],
    ['of anybody, with tls_insecure_mode', () => 'tls_insecure_mode true', 'name elsewhere.test'],
  ])('%s is taken', async (_name, params, ofServer) => {
    const to = await startServer({ tls: ofCa });
    const { output } = await start(to.port, params(), ofServer);
    await output.write('x', event);
    expect(to.records()).toEqual([{ n: 1 }]);
  });

  test.each([
    ['of a CA that is not trusted', () => '', ''],
    ['for another name', () => trust(), 'name elsewhere.test'],
  ])('%s is refused', async (_name, params, ofServer) => {
    const to = await startServer({ tls: ofCa });
    await expect(start(to.port, params(), ofServer)).rejects.toMatchObject({
      code: 'ERR_SLUICE_FORWARD_CERTIFICATE',
    });
  });
});

test('tls_allow_self_signed_cert', async () => {
  const to = await startServer({ tls: selfSigned });
  await expect(start(to.port, '')).rejects.toThrow('the certificate is refused');
  await start(to.port, 'tls_allow_self_signed_cert true');
});

test('tls_version and tls_ciphers', async () => {
  const to = await startServer({ tls: ofCa });
  const cipher = 'ECDHE-ECDSA-AES128-GCM-SHA256';
  const params = `${trust()}\ntls_version TLSv1_2\ntls_ciphers ${cipher}`;
  const { output } = await start(to.port, `${params}\nkeepalive true`);
  await output.write('x', event);
  const socket = tlsSocket(to.sockets);
  expect(socket.getProtocol()).toBe('TLSv1.2');
  expect(socket.getCipher().name).toBe(cipher);
});

test('tls_client_cert_path, its key and its passphrase', async () => {
  const to = await startServer({
    tls: { ...ofCa, ca: [], requestCert: true, rejectUnauthorized: false },
  });
  const { output } = await start(
    to.port,
    `${trust()}\nkeepalive true\ntls_client_cert_path ${file('client.pem')}\n` +
      `tls_client_private_key_path ${file('client.key')}\n` +
      'tls_client_private_key_passphrase open',
  );
  await output.write('x', event);
  const socket = tlsSocket(to.sockets);
  expect(socket.getPeerCertificate().raw.length).toBeGreaterThan(0);
});
