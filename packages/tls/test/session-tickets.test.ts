import { fork, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createServerContext, generateSelfSigned } from '../src/index.js';
import { authority, files } from './support/authority.js';
import { visit } from './support/client.js';
import { temporaryFolder } from './support/folder.js';
import { sClient } from './support/openssl.js';
import { startServer } from './support/tls-server.js';

const program = (name: string): string => path.join(import.meta.dirname, 'programs', name);

/** Starts a program on the built package; its ports, as many as asked for. */
async function ports(file: string, args: string[], count: number): Promise<number[]> {
  const child: ChildProcess = fork(program(file), args, { execArgv: [] });
  onTestFinished(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  const result: number[] = [];
  while (result.length < count) {
    const [message] = (await once(child, 'message')) as [{ port: number }];
    result.push(message.port);
  }
  return result;
}

const versions = ['-tls1_2', '-tls1_3'];
const both = { minVersion: 'TLSv1_2', maxVersion: 'TLSv1_3' } as const;

/** Whether a session begun at one port is resumed at another, by OpenSSL's client. */
async function resumes(from: number, to: number, version: string, ...args: string[]) {
  const { folder } = await temporaryFolder();
  const session = path.join(folder, 'session');
  const first = await sClient(from, version, '-sess_out', session, ...args);
  expect(first.text).toMatch(/\nNew, /);
  const second = await sClient(to, version, '-sess_in', session, ...args);
  return second.text.includes('\nReused, ');
}

test.each(versions)('the workers of a cluster resume the sessions of each other, %s', async (v) => {
  const at = await files(await generateSelfSigned({ keyType: 'ecdsa' }));
  const options = JSON.stringify({ ...at, ...both });
  const [one, two] = await ports('primary.mjs', [program('worker.mjs'), options], 2);
  expect(await resumes(one, two, v)).toBe(true);
  expect(await resumes(two, one, v)).toBe(true);
});

test('without shared keys they do not, and do a full handshake', async () => {
  const options = JSON.stringify({ insecure: true, generatePrivateKeyType: 'ecdsa', ...both });
  const [one, two] = await ports('primary.mjs', [program('worker.mjs'), options, 'off'], 2);
  for (const version of versions) {
    expect(await resumes(one, two, version)).toBe(false);
    expect(await resumes(one, one, version)).toBe(true);
  }
});

test.each(versions)(
  'processes with the same secret resume the sessions of each other, %s',
  async (v) => {
    const { folder, file } = await temporaryFolder();
    const issuer = await authority();
    const client = await files(await issuer.client());
    const options = JSON.stringify({
      ...(await files(await issuer.server())),
      ...both,
      caPath: await file('ca.pem', issuer.ca.certificate),
      clientCertAuth: true,
      ticketSecretPath: await file('secret', randomBytes(48).toString('base64')),
    });
    expect(folder).not.toBe('');
    const [[one], [two]] = await Promise.all([
      ports('worker.mjs', [options], 1),
      ports('worker.mjs', [options], 1),
    ]);
    const identity = ['-cert', client.certPath, '-key', client.privateKeyPath];
    expect(await resumes(one, two, v, ...identity)).toBe(true);
  },
);

test('keys rotate, and old tickets cost a full handshake', async () => {
  for (const version of ['TLSv1_2', 'TLSv1_3'] as const) {
    const options = { insecure: true, generatePrivateKeyType: 'ecdsa', version } as const;
    const server = await startServer({ ...options, ticketRotation: 0.3 });
    const { session } = await visit(server.port);
    const key = server.tls.options.ticketKeys;
    await expect
      .poll(() => server.tls.options.ticketKeys?.equals(key!), { timeout: 10_000, interval: 20 })
      .toBe(false);
    expect(await visit(server.port, { session: session! })).toMatchObject({
      resumed: false,
      text: 'hello\n',
    });
    await server.close();
  }
});

test.each([
  ['as the primary says', {}, ['0.2']],
  ['as the workers wish', { ticketRotation: 0.2 }, []],
])('rotated keys reach the workers, %s', async (_, more, rotation) => {
  const options = { insecure: true, generatePrivateKeyType: 'ecdsa', ...more };
  const args = [program('worker.mjs'), JSON.stringify(options), ...rotation];
  const [one] = await ports('primary.mjs', args, 2);
  const { session } = await visit(one);
  await expect
    .poll(async () => (await visit(one, { session: session! })).resumed, { timeout: 10_000 })
    .toBe(false);
});

test('keys derived from a secret change with time, alike for all', async () => {
  const { file } = await temporaryFolder();
  const secret = randomBytes(32);
  const ticketSecretPath = await file('secret', secret.toString('latin1'));
  const options = { insecure: true, generatePrivateKeyType: 'ecdsa', ticketSecretPath } as const;
  const [a, b, hourly] = await Promise.all([
    createServerContext(options),
    createServerContext(options),
    createServerContext({ ...options, ticketRotation: 3600 }),
  ]);
  expect(a.options.ticketKeys).toEqual(b.options.ticketKeys);
  expect(a.options.ticketKeys).toHaveLength(48);
  expect(a.options.ticketKeys).not.toEqual(hourly.options.ticketKeys);
  for (const context of [a, b, hourly]) context.close();
  const quick = await createServerContext({ ...options, ticketRotation: 0.2 });
  const key = quick.options.ticketKeys;
  await expect
    .poll(() => quick.options.ticketKeys?.equals(key!), { timeout: 10_000, interval: 20 })
    .toBe(false);
  quick.close();
});

test('a secret that is too short or missing keeps the server from starting', async () => {
  const { file } = await temporaryFolder();
  const short = await file('short', 'x'.repeat(31));
  for (const ticketSecretPath of [short, `${short}.missing`]) {
    await expect(createServerContext({ insecure: true, ticketSecretPath })).rejects.toMatchObject({
      code: 'ERR_SLUICE_TLS_FILE',
      option: 'ticketSecretPath',
      file: ticketSecretPath,
    });
  }
});
