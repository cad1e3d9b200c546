import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { generateCa, issueServerCertificate } from '@sluice/tls';
import { describe, expect, test } from 'vitest';
import { AgentProcess, temporaryFolder } from '../support/agent-process.js';
import { fluentLoggerClient, fluentOrg, type Send, type Target } from '../support/clients.js';

const clients: [string, Send, Target['mode'][]][] = [
  [
    '@fluent-org/logger',
    fluentOrg,
    ['Message', 'Forward', 'PackedForward', 'CompressedPackedForward'],
  ],
  ['fluent-logger', fluentLoggerClient, ['Message', 'PackedForward', 'CompressedPackedForward']],
];

const perConnection = 50;

const text = (n: number) => `line ${n}\t"quoted" \\ grün 🎉`;

const records = (id: string) =>
  Array.from({ length: perConnection }, (_, n) => ({
    id,
    n,
    text: text(n),
    nested: { list: [n, -n - 1, n / 8, null, true] },
  }));

/** The agent with everything that arrives in a file, and also on its standard output. */
const configuration = (transport: string) => `
<source>
  @type forward
  bind 127.0.0.1
  port 0
  ${transport}
</source>
<match app.**>
  @type copy
  <store>
    @type file
    path $FOLDER/logs/events
    append true
    <format>
      @type json
    </format>
    <buffer []>
    </buffer>
  </store>
  <store>
    @type stdout
  </store>
</match>
`;

async function certificates(folder: string): Promise<{ ca: string; transport: string }> {
  const ca = await generateCa({ commonName: 'Sluice test CA' });
  const server = await issueServerCertificate({
    caCertificate: ca.certificate,
    caPrivateKey: ca.privateKey,
    commonName: 'localhost',
  });
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'server.pem'), server.certificate);
  writeFileSync(path.join(folder, 'server.key'), server.privateKey);
  return {
    ca: ca.certificate,
    transport: `<transport tls>
      cert_path ${folder}/server.pem
      private_key_path ${folder}/server.key
    </transport>`,
  };
}

describe.each(['tcp', 'tls'])('npm clients over %s', (protocol) => {
  test('every mode, with and without ack: all events are in the file, in order, none twice', async () => {
    const folder = temporaryFolder();
    const { ca, transport } =
      protocol === 'tls' ? await certificates(folder) : { ca: undefined, transport: '' };
    const agent = await AgentProcess.start(configuration(transport), folder);

    const sent = clients.flatMap(([name, send, modes]) =>
      modes.flatMap((mode) =>
        [true, false].map((ack) => {
          const id = `${name} ${mode} ${ack ? 'ack' : 'no ack'}`;
          const target = { port: agent.port, ca, mode, ack };
          return { id, done: send('app.test', records(id), target) };
        }),
      ),
    );
    await Promise.all(
      sent.map(({ id, done }) =>
        done.catch((cause: unknown) => {
          throw new Error(id, { cause });
        }),
      ),
    );
    // Clients that want no ack are done before the events have arrived.
    const total = sent.length * perConnection;
    await agent.until(() => agent.stdout.split('\n').length > total, 'all events were printed');
    expect(await agent.stop()).toBe(0);

    const kept = agent.jsonLines('logs/events.log');
    expect(kept).toHaveLength(total);
    for (const { id } of sent) {
      expect(kept.filter((record) => record.id === id)).toEqual(records(id));
    }
  }, 40_000);
});
