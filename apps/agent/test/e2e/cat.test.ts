import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { generateCa, issueClientCertificate, issueServerCertificate } from '@sluice/tls';
import { describe, expect, test } from 'vitest';
import { AgentProcess, sluice, temporaryFolder } from '../support/agent-process.js';

const line = '{"message":"hello"}\n';

/** An agent with a forward input that prints what it gets. */
function start(more = '', folder = temporaryFolder()): Promise<AgentProcess> {
  return AgentProcess.start(
    `<source>\n@type forward\nbind 127.0.0.1\nport 0\n${more}\n</source>
<match **>\n@type stdout\n</match>\n`,
    folder,
  );
}

describe('cat says where the events went', () => {
  test('acknowledged, or only sent', async () => {
    const agent = await start();
    const { port } = agent;
    const acked = await sluice(['cat', '-p', `${port}`, 'app.log'], line + line);
    expect(acked).toMatchObject({
      code: 0,
      stderr: `sluice cat: 2 events acknowledged by 127.0.0.1:${port}\n`,
    });
    const sent = await sluice(['cat', '-p', `${port}`, '--no-ack', 'app.log'], line);
    expect(sent.stderr).toBe(`sluice cat: 1 event sent to 127.0.0.1:${port}\n`);
    await agent.stop();
    expect(agent.stdout.match(/hello/g)).toHaveLength(3);
  });

  test('a line that is not an object is reported, and the others are sent', async () => {
    const { port } = await start();
    const result = await sluice(['cat', '-p', `${port}`, 'app.log'], `[1]\n${line}`);
    expect(result.code).toBe(1);
    expect(result.stderr).toMatch(/line 1: a record is a JSON object.*\n.*: 1 event acknowledged/);
  });
});

describe('cat on a port that asks for something', () => {
  test('a shared key, a user', async () => {
    const user = '<user>\nusername u\npassword p\n</user>';
    const security = `<security>\nself_hostname server\nshared_key k\nuser_auth true\n${user}\n</security>`;
    const agent = await start(security);
    const { port } = agent;
    const cat = (...more: string[]) => sluice(['cat', '-p', `${port}`, ...more, 'app.log'], line);
    expect(await cat()).toMatchObject({
      code: 1,
      stderr: `sluice cat: 127.0.0.1:${port}: the server asks for a shared key: --shared-key
sluice cat: 0 of 1 event acknowledged\n`,
    });
    expect((await cat('--shared-key', 'wrong')).stderr).toMatch(/shared_key mismatch/);
    expect((await cat('--shared-key', 'k')).stderr).toMatch(/username\/password mismatch/);
    const right = await cat('--shared-key', 'k', '--user', 'u', '--password', 'p');
    expect(right.stderr).toMatch(/1 event acknowledged by/);
    await agent.stop();
    expect(agent.stdout.match(/hello/g)).toHaveLength(1);
  });

  test('TLS, a client certificate', async () => {
    const folder = temporaryFolder();
    const file = (name: string, text: string): string => {
      writeFileSync(path.join(folder, name), text);
      return path.join(folder, name);
    };
    const ca = await generateCa({ keyType: 'ecdsa', commonName: 'Test CA' });
    const by = {
      keyType: 'ecdsa',
      caCertificate: ca.certificate,
      caPrivateKey: ca.privateKey,
    } as const;
    const server = await issueServerCertificate({ ...by, commonName: 'localhost' });
    const client = await issueClientCertificate(by);
    const caFile = file('ca.pem', ca.certificate);
    const transport = `<transport tls>
cert_path ${file('server.pem', server.certificate)}
private_key_path ${file('server.key', server.privateKey)}
ca_path ${caFile}
client_cert_auth true
min_version TLS1_2
max_version TLS1_3
</transport>`;
    const agent = await start(transport, folder);
    const { port } = agent;
    const cat = (...more: string[]) =>
      sluice(['cat', '--host', 'localhost', '-p', `${port}`, ...more, 'app.log'], line);
    expect((await cat()).stderr).toMatch(/localhost:\d+: the server speaks TLS: --tls\n/);
    expect((await cat('--tls')).stderr).toMatch(/the certificate is refused/);
    expect((await cat('--tls', '--ca', caFile)).stderr).toMatch(
      /the server asks for a client certificate: --cert and --key\n/,
    );
    const own = [
      '--cert',
      file('c.pem', client.certificate),
      '--key',
      file('c.key', client.privateKey),
    ];
    expect((await cat('--tls', '--ca', caFile, ...own)).stderr).toMatch(/1 event acknowledged by/);
    await agent.stop();
    expect(agent.stdout.match(/hello/g)).toHaveLength(1);
  });

  test('no TLS where --tls is given', async () => {
    const { port } = await start();
    const result = await sluice(['cat', '-p', `${port}`, '--tls', 'app.log'], line);
    expect(result.code).toBe(1);
    expect(result.stderr).toMatch(/does not speak TLS: leave out --tls\n/);
  });
});

test.each([
  [['--unix', '/x', '--tls'], '--tls does not go with --unix'],
  [['--unix', '/x', '--port', '1'], '--port does not go with --unix'],
  [['--ca', 'x'], '--ca needs --tls'],
  [['--tls', '--cert', 'x'], '--cert and --key go together'],
  [['--user', 'x', '--shared-key', 'k'], '--user and --password go together'],
  [['--self-hostname', 'x'], '--self-hostname needs --shared-key'],
  [['--port', '0'], '--port is 1 to 65535, not "0"'],
])('cat refuses %j', async (options, message) => {
  const result = await sluice(['cat', ...options, 'app.log'], line);
  expect(result.code).not.toBe(0);
  expect(result.stderr).toContain(message);
});
