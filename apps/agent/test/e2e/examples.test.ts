import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { generateCa, issueClientCertificate, issueServerCertificate } from '@sluice/tls';
import { describe, expect, test } from 'vitest';
import { AgentProcess, sluice, temporaryFolder } from '../support/agent-process.js';
import { fluentLoggerClient, fluentOrg, type Target } from '../support/clients.js';

const root = path.join(import.meta.dirname, '../../../..');

const passphrases = { SLUICE_KEY_PASSPHRASE: 'of the key', SLUICE_CA_PASSPHRASE: 'of the CA' };

/** A folder with all files that the examples look for in /etc/sluice. */
async function etcSluice() {
  const folder = temporaryFolder();
  const ca = await generateCa({
    passphrase: passphrases.SLUICE_CA_PASSPHRASE,
    keyType: 'ecdsa',
    keyLength: 256,
  });
  const issuer = {
    caCertificate: ca.certificate,
    caPrivateKey: ca.privateKey,
    caPassphrase: passphrases.SLUICE_CA_PASSPHRASE,
    keyType: 'ecdsa' as const,
    keyLength: 256,
  };
  const server = await issueServerCertificate({
    ...issuer,
    commonName: 'localhost',
    passphrase: passphrases.SLUICE_KEY_PASSPHRASE,
  });
  const file = (name: string, text: string) => writeFileSync(path.join(folder, name), text);
  file('ca.crt', ca.certificate);
  file('ca.key', ca.privateKey);
  file('server.crt', server.certificate);
  file('server.key', server.privateKey);
  const verifier = path.join(root, 'packages/tls/examples/cn-verifier.mjs');
  copyFileSync(verifier, path.join(folder, 'cn-verifier.mjs'));
  const client = async (commonName: string) => {
    const pair = await issueClientCertificate({ ...issuer, commonName });
    return { cert: pair.certificate, key: pair.privateKey };
  };
  return { folder, ca: ca.certificate, client };
}

/** Runs an example as it stands, but for the port and the folders. */
function start(name: string, folder: string): Promise<AgentProcess> {
  const text = readFileSync(path.join(root, 'examples', name), 'utf8')
    .replace('port 24224', 'port 0')
    .replaceAll('/etc/sluice/', `${folder}/`)
    .replaceAll('./out/', `${folder}/`);
  return AgentProcess.start(text, folder, { env: passphrases });
}

const records = (client: string) => [0, 1, 2].map((n) => ({ client, n }));

/** Both npm clients send, with acks; everything is in the file afterwards. */
async function bothClientsArrive(
  agent: AgentProcess,
  target: Omit<Target, 'port' | 'mode' | 'ack'>,
) {
  const full = { ...target, port: agent.port, mode: 'PackedForward' as const, ack: true };
  await fluentOrg('app.one', records('one'), full);
  await fluentLoggerClient('app.two', records('two'), full);
  expect(await agent.stop()).toBe(0);
  expect(agent.jsonLines('events.log')).toEqual([...records('one'), ...records('two')]);
}

const warnings = (agent: AgentProcess) => agent.log.filter((entry) => Number(entry.level) >= 40);

describe('examples run as they stand', () => {
  test('tls.conf: a certificate from files', async () => {
    const { folder, ca } = await etcSluice();
    const agent = await start('tls.conf', folder);
    await bothClientsArrive(agent, { ca });
    expect(warnings(agent)).toEqual([]);
  });

  test('tls-generated.conf: a certificate made at the start by a CA', async () => {
    const { folder, ca } = await etcSluice();
    const agent = await start('tls-generated.conf', folder);
    await bothClientsArrive(agent, { ca });
    expect(warnings(agent)).toEqual([]);
  });

  test('tls-insecure.conf: warns, and serves clients that do not verify', async () => {
    const { folder } = await etcSluice();
    const agent = await start('tls-insecure.conf', folder);
    await bothClientsArrive(agent, { tls: { rejectUnauthorized: false } });
    expect(warnings(agent).some((entry) => entry.msg.includes('insecure'))).toBe(true);
  });

  test('mutual-tls.conf: a certificate with a name on the list gets in, another does not', async () => {
    const { folder, ca, client } = await etcSluice();
    const agent = await start('mutual-tls.conf', folder);
    const stranger = { port: agent.port, ca, tls: await client('stranger') };
    const refused = fluentOrg('app', records('x'), { ...stranger, mode: 'Message', ack: true });
    refused.catch(() => undefined); // no ack ever comes, and its time is long
    const warning = await agent.logged((entry) => Number(entry.level) >= 40);
    expect(warning.peer).toMatch(/^127\.0\.0\.1:\d+$/);
    await bothClientsArrive(agent, { ca, tls: await client('fluentd-client') });
  });

  test('security.conf: key and user of the client list get in, others do not', async () => {
    const { folder } = await etcSluice();
    const agent = await start('security.conf', folder);
    const security = {
      clientHostname: 'client.example.org',
      sharedKey: 'change me',
      username: 'alice',
      password: 'change me too',
    };
    for (const [wrong, reason] of [
      [{ sharedKey: 'guessed' }, /shared_key mismatch/],
      [{ password: 'guessed' }, /username\/password mismatch/],
      [{ username: 'bob', password: 'and me' }, /username\/password mismatch/],
    ] as const) {
      const seen = agent.log.length;
      const target = { port: agent.port, mode: 'Message' as const, ack: true };
      const attempt = fluentOrg('app', records('x'), {
        ...target,
        security: { ...security, ...wrong },
      });
      attempt.catch(() => undefined); // it may try again for long, and is not waited for
      await agent.until(
        () => agent.log.slice(seen).some((entry) => reason.test(JSON.stringify(entry))),
        `it refused ${JSON.stringify(wrong)}`,
      );
    }
    await bothClientsArrive(agent, { security });
  });
});

test('the examples pass the dry run where nothing but their files is there', async () => {
  const { folder } = await etcSluice();
  for (const name of ['quickstart.conf', 'security.conf', 'workers.conf']) {
    const text = readFileSync(path.join(root, 'examples', name), 'utf8').replace(
      'port 24224',
      'port 0',
    );
    const file = path.join(folder, name);
    writeFileSync(file, text);
    const { code, stdout, stderr } = await sluice(['--dry-run', '-c', file], '', folder);
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: `${file}: OK\n`, stderr: '' });
  }
});
