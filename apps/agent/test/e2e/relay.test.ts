import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { generateCa, issueClientCertificate, issueServerCertificate } from '@sluice/tls';
import { expect, test } from 'vitest';
import { AgentProcess, temporaryFolder } from '../support/agent-process.js';
import { fluentLoggerClient, fluentOrg } from '../support/clients.js';
import { childrenOf } from '../support/process-tree.js';

const example = readFileSync(
  path.join(import.meta.dirname, '../../../../examples/relay.conf'),
  'utf8',
);

/** A CA, a server's and a client's certificate in a folder. */
async function certificates(): Promise<string> {
  const folder = temporaryFolder();
  const ca = await generateCa({ commonName: 'Relay CA' });
  const signing = { caCertificate: ca.certificate, caPrivateKey: ca.privateKey };
  const server = await issueServerCertificate({
    ...signing,
    altNames: ['logs-a.example.org', 'logs-b.example.org'],
  });
  const client = await issueClientCertificate({ ...signing, commonName: 'relay.example.org' });
  const files = { ca, server, relay: client };
  for (const [name, pair] of Object.entries(files)) {
    writeFileSync(path.join(folder, `${name}.crt`), pair.certificate);
    writeFileSync(path.join(folder, `${name}.key`), pair.privateKey, { mode: 0o600 });
  }
  return folder;
}

function server(name: string, pems: string, port = 0): string {
  return `
<source>
  @type forward
  bind 127.0.0.1
  port ${port}
  <transport tls>
    cert_path ${pems}/server.crt
    private_key_path ${pems}/server.key
    ca_path ${pems}/ca.crt
    client_cert_auth true
  </transport>
  <security>
    self_hostname ${name}
    shared_key between them
  </security>
</source>
<match **>
  @type file
  path $FOLDER/out
  append true
  <format>
    @type json
  </format>
  <buffer []>
  </buffer>
</match>
`;
}

function relay(pems: string, ports: [number, number]): string {
  let next = 0;
  return example
    .replaceAll('/etc/sluice/', `${pems}/`)
    .replace('port 24224', 'port 0')
    .replaceAll(/host logs-.*\n\s*port 24224/g, () => `host 127.0.0.1\n    port ${ports[next++]}`)
    .replace("'change me'", "'between them'");
}

function numbers(agent: AgentProcess): number[] {
  if (!existsSync(path.join(agent.folder, 'out.log'))) return [];
  return agent.jsonLines('out.log').map(({ n }) => n as number);
}

/** kill -9 of the primary and its workers: no port stays open while a worker drains. */
async function killAll(agent: AgentProcess): Promise<void> {
  for (const worker of childrenOf(agent.child.pid!)) process.kill(worker, 'SIGKILL');
  await agent.stop('SIGKILL');
}

const records = (from: number, count: number): { n: number }[] =>
  Array.from({ length: count }, (_, i) => ({ n: from + i }));

test('the example relay passes events on over mutual TLS, and to the standby after kill -9', async () => {
  const pems = await certificates();
  const [a, b] = await Promise.all([
    AgentProcess.start(server('logs-a', pems)),
    AgentProcess.start(server('logs-b', pems)),
  ]);
  const hop = await AgentProcess.start(relay(pems, [a.port, b.port]));
  const target = { port: hop.port, mode: 'PackedForward' as const, ack: true };
  await fluentOrg('app.first', records(0, 100), target);
  // Acknowledged, so it is in the file of the last agent already.
  expect(new Set(numbers(a))).toEqual(new Set(records(0, 100).map(({ n }) => n)));

  // Traffic runs on while the first server dies.
  const during = [0, 1, 2, 3].map((i) =>
    fluentLoggerClient('app.during', records(100 + i * 50, 50), target),
  );
  await killAll(a);
  await Promise.all(during);
  await fluentOrg('app.after', records(300, 100), target);
  const kept = new Set([...numbers(a), ...numbers(b)]);
  expect(kept).toEqual(new Set(records(0, 400).map(({ n }) => n)));
  expect(numbers(b).length).toBeGreaterThanOrEqual(100);
  const warning = await hop.logged(({ msg }) => msg.endsWith('is unavailable'));
  expect(warning.peer).toBe(`127.0.0.1:${a.port}`);
  expect(await hop.stop()).toBe(0);
  expect(await b.stop()).toBe(0);
}, 60_000);

test('a chunk waits for a server that comes back, and is acknowledged then', async () => {
  const pems = await certificates();
  const folder = temporaryFolder();
  const first = await AgentProcess.start(server('logs-a', pems), folder);
  const { port } = first;
  // Both servers of the example are this one. The client waits for its ack as long as a slow machine
  // needs for the second start, and for recover_wait after it.
  const hop = await AgentProcess.start(
    relay(pems, [port, port]).replace('recover_wait 10s', 'recover_wait 1s'),
  );
  await killAll(first);
  await hop.logged(({ msg }) => msg.endsWith('is unavailable'));
  const sent = fluentOrg('app.wait', records(0, 20), {
    port: hop.port,
    mode: 'Forward',
    ack: true,
  });
  // A failure is told by the wait for it below, not by an unhandled rejection before.
  sent.catch(() => undefined);
  const second = await AgentProcess.start(server('logs-a', pems, port), folder);
  await sent;
  expect(new Set(numbers(second))).toEqual(new Set(records(0, 20).map(({ n }) => n)));
  expect(await hop.stop()).toBe(0);
}, 60_000);

test('a buffer acknowledges at once and is flushed when the agent stops', async () => {
  const last = await AgentProcess.start(`
<source>
  @type forward
  bind 127.0.0.1
  port 0
</source>
<match **>
  @type file
  path $FOLDER/out
  append true
  <format>
    @type json
  </format>
  <buffer []>
  </buffer>
</match>
`);
  const hop = await AgentProcess.start(`
<source>
  @type forward
  bind 127.0.0.1
  port 0
</source>
<match **>
  @type forward
  require_ack_response true
  <server>
    host 127.0.0.1
    port ${last.port}
  </server>
  <buffer tag>
    @type memory
    flush_interval 1h
  </buffer>
</match>
`);
  const target = { port: hop.port, mode: 'Message' as const, ack: true };
  await fluentOrg('app.buffered', records(0, 30), target);
  expect(numbers(last)).toEqual([]);
  expect(await hop.stop()).toBe(0);
  expect(new Set(numbers(last))).toEqual(new Set(records(0, 30).map(({ n }) => n)));
}, 60_000);
