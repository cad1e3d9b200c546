import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { nkeys } from '@nats-io/transport-node';
import { expect, onTestFinished } from 'vitest';
import { natsTest, startNats } from './support/nats.js';
import { events, startInput, startOutput } from './support/plugins.js';

type KeyPair = ReturnType<typeof nkeys.createUser>;

function folder(): string {
  const made = mkdtempSync(path.join(tmpdir(), 'sluice-nats-access-'));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

/** That an output and an input get in with these parameters, and without them do not. */
async function checkAccess(config: string, parameters: string): Promise<void> {
  const [node] = await startNats(1, { config });
  const text = `servers ${node.address}\nstream logs\n`;
  const { output } = await startOutput(`${text}create_stream true\n${parameters}`);
  await output.write('app', events(1));
  const { count } = await startInput(`${text}durable writers\n${parameters}`);
  await count(1);
  await expect(startOutput(text)).rejects.toMatchObject({
    code: 'ERR_SLUICE_JETSTREAM_PERMISSION',
  });
}

natsTest('a token', async () => {
  await checkAccess('authorization { token: "s3cr3t" }\n', 'token s3cr3t');
});

natsTest('an NKey', async () => {
  const user = nkeys.createUser();
  const seed = Buffer.from(user.getSeed()).toString();
  await checkAccess(
    `authorization { users: [ { nkey: ${user.getPublicKey()} } ] }\n`,
    `nkey ${seed}`,
  );
});

/** A claim that a key signs, in the form that NATS has for it. */
function jwt(signer: KeyPair, subject: KeyPair, nats: object): string {
  const encode = (value: object): string =>
    Buffer.from(JSON.stringify(value)).toString('base64url');
  const sub = subject.getPublicKey();
  const claims = { jti: sub, iat: 1_700_000_000, iss: signer.getPublicKey(), sub, name: 'test' };
  const text = `${encode({ typ: 'JWT', alg: 'ed25519-nkey' })}.${encode({
    ...claims,
    nats: { version: 2, ...nats },
  })}`;
  return `${text}.${Buffer.from(signer.sign(Buffer.from(text))).toString('base64url')}`;
}

natsTest('a credentials file', async () => {
  const operator = nkeys.createOperator();
  const [account, system] = [nkeys.createAccount(), nkeys.createAccount()];
  const user = nkeys.createUser();
  const unlimited = { subs: -1, data: -1, payload: -1 };
  const accountJwt = (of: KeyPair, limits: object): string =>
    jwt(operator, of, {
      type: 'account',
      limits: { ...unlimited, imports: -1, exports: -1, conn: -1, leaf: -1, ...limits },
    });
  const storage = { mem_storage: -1, disk_storage: -1, streams: -1, consumer: -1 };
  const file = path.join(folder(), 'user.creds');
  const userJwt = jwt(account, user, { type: 'user', pub: {}, sub: {}, ...unlimited });
  writeFileSync(
    file,
    `-----BEGIN NATS USER JWT-----\n${userJwt}\n------END NATS USER JWT------\n\n` +
      `-----BEGIN USER NKEY SEED-----\n${Buffer.from(user.getSeed()).toString()}\n` +
      '------END USER NKEY SEED------\n',
  );
  await checkAccess(
    `operator: ${jwt(operator, operator, { type: 'operator' })}
    system_account: ${system.getPublicKey()}
    resolver: MEMORY
    resolver_preload: {
      ${account.getPublicKey()}: ${accountJwt(account, storage)}
      ${system.getPublicKey()}: ${accountJwt(system, {})}
    }\n`,
    `credentials ${file}`,
  );
});

/** A CA, and certificates of it for a server and a client. */
function certificates(names: string): string {
  const made = folder();
  const openssl = (...args: string[]): void => {
    execFileSync('openssl', args, { cwd: made, stdio: 'pipe' });
  };
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.crt', '-subj', '/CN=Test CA');
  for (const name of ['server', 'client']) {
    openssl('req', ...key, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`);
    writeFileSync(path.join(made, 'ext'), `subjectAltName=${names}\n`);
    openssl(
      ...['x509', '-req', '-in', `${name}.csr`, '-CA', 'ca.crt', '-CAkey', 'ca.key'],
      ...['-CAcreateserial', '-out', `${name}.crt`, '-days', '2', '-extfile', 'ext'],
    );
  }
  return made;
}

natsTest('TLS, with certificates on both sides', async () => {
  const files = certificates('IP:127.0.0.1,DNS:localhost');
  const config = `tls { cert_file: "${files}/server.crt", key_file: "${files}/server.key",
    ca_file: "${files}/ca.crt", verify: true }\n`;
  const [node] = await startNats(1, { config });
  const own = `tls_client_cert_path ${files}/client.crt\ntls_client_private_key_path ${files}/client.key`;
  const text = `servers ${node.address}\nstream logs\ncreate_stream true\ntls true\n`;
  const { output } = await startOutput(`${text}tls_cert_path ${files}/ca.crt\n${own}`);
  await output.write('app', events(1));
  // Whom it does not trust it sends nothing to, and says why.
  const stranger = await startOutput(`${text}${own}`);
  const line = await stranger.line('JetStream cannot be used');
  expect(line.fields.reason).toMatch(/unable to verify|self.signed/);
  const anyone = await startOutput(`${text}tls_insecure_mode true\n${own}`);
  await anyone.output.write('app', events(1));
});

natsTest('a certificate of another name', async () => {
  const files = certificates('DNS:nats.example.org');
  const config = `tls { cert_file: "${files}/server.crt", key_file: "${files}/server.key" }\n`;
  const [node] = await startNats(1, { config });
  const text =
    `servers localhost:${node.port}\nstream logs\ncreate_stream true\ntls true\n` +
    `tls_cert_path ${files}/ca.crt\n`;
  const refused = await startOutput(text);
  const line = await refused.line('JetStream cannot be used');
  expect(line.fields.reason).toContain("does not match certificate's altnames");
  const { output } = await startOutput(`${text}tls_verify_hostname false`);
  await output.write('app', events(1));
});
