import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { AgentProcess, temporaryFolder } from '../support/agent-process.js';
import { fluentOrg } from '../support/clients.js';

const example = path.join(import.meta.dirname, '../../../../examples/routing.conf');

test('routing.conf: each event goes its way, in its order', async () => {
  const folder = temporaryFolder();
  const text = readFileSync(example, 'utf8')
    .replace('port 24224', 'port 0')
    .replaceAll('./out/', `${folder}/`);
  const agent = await AgentProcess.start(text, folder);
  const target = { port: agent.port, mode: 'Message' as const, ack: true };
  const send = (tag: string, ...records: object[]) => fluentOrg(tag, records, target);
  await send('app.web', { level: 'error', message: 'one' }, { level: 'info', message: 'two' });
  await send('app.web', { level: 'warn', message: 'three' }, { level: 'info', message: 'four' });
  await send('kubernetes.a', { kubernetes: { namespace_name: 'payments' } });
  await send('kubernetes.b', { kubernetes: { namespace_name: 'other' } });
  await send('raw.audit.login', { user: 'alice' });
  expect(await agent.stop()).toBe(0);
  const lines = (name: string) =>
    readFileSync(path.join(folder, `${name}.log`), 'utf8')
      .trimEnd()
      .split('\n');
  expect(lines('alerts')).toEqual([
    'alert.error.web\t{"level":"error","message":"one"}',
    'alert.warn.web\t{"level":"warn","message":"three"}',
  ]);
  expect(agent.stdout).toMatch(
    /^\S+ \S+ \+0000 alert\.error\.web: \{"level":"error","message":"one"\}\n.*alert\.warn\.web: .*\n$/,
  );
  expect([...lines('plain-a'), ...lines('plain-b')]).toEqual([
    'plain.app.web\t{"level":"info","message":"two"}',
    'plain.app.web\t{"level":"info","message":"four"}',
  ]);
  expect(lines('payments')).toEqual(['payments\t{"kubernetes":{"namespace_name":"payments"}}']);
  expect(lines('rest')).toEqual([
    'kubernetes.b\t{"kubernetes":{"namespace_name":"other"}}',
    'from.audit.login\t{"user":"alice"}',
  ]);
}, 60_000);
