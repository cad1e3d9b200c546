import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { outcome } from './support/clients.js';

const fixture = new URL('./fixtures/given-listener.mjs', import.meta.url).pathname;
const available = spawnSync('systemd-socket-activate', ['--version']).status === 0;

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  return port;
}

test.runIf(available).each([
  ['the only one', true, []],
  ['by index', 0, []],
  ['by name', 'logs', ['--fdname=logs']],
])('systemd passes the listener: %s', async (_, which, more) => {
  const port = await freePort();
  const child = spawn(
    'systemd-socket-activate',
    [
      '-l',
      `127.0.0.1:${port}`,
      ...more,
      process.execPath,
      fixture,
      JSON.stringify({ activation: which }),
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const exited = once(child, 'exit');
  await once(child.stderr, 'data'); // "Listening on …"
  const client = connect(port, '127.0.0.1');
  client.write('now');
  expect((await outcome(client)).data.toString()).toBe('served now');
  expect((await exited)[0]).toBe(0); // nothing holds the process after terminate
});

test.runIf(available)('a name that was not passed is a clear error', async () => {
  const port = await freePort();
  const child = spawn('systemd-socket-activate', [
    ...[
      '-l',
      `127.0.0.1:${port}`,
      '--fdname=logs',
      process.execPath,
      fixture,
      '{"activation":"other"}',
    ],
  ]);
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const exited = once(child, 'exit');
  await once(child.stderr, 'data');
  const client = connect(port, '127.0.0.1');
  client.on('error', () => undefined);
  await exited;
  client.destroy();
  expect(errors).toContain('activation: unknown socket "other", passed are: logs');
});
