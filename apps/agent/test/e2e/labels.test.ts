import { existsSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { AgentProcess, sluice } from '../support/agent-process.js';
import { fluentOrg } from '../support/clients.js';

const example = path.join(import.meta.dirname, '../../../../examples/labels.conf');

test('the example with labels and filters does what it says, for a client that wants acks', async () => {
  const configuration = readFileSync(example, 'utf8')
    .replace('port 24224', 'port 0')
    .replaceAll('./out/', '$FOLDER/out/');
  const agent = await AgentProcess.start(configuration);
  const send = (tag: string, ...records: object[]) =>
    fluentOrg(tag, records, { port: agent.port, mode: 'PackedForward', ack: true });

  const request = { path: '/cart', cookie: 'secret' };
  await send('app.shop', { level: 'info', request }, { level: 'ERROR', request, n: 2 });
  await send('app.shop', { level: 'info', request: { path: '/health' } });
  await send('db.main', { q: 1, at: 1700000000 }, { q: 2, at: 'no time' }, { q: 3 });

  const added = { request: { path: '/cart' }, host: hostname(), service: 'shop', path: '/cart' };
  expect(agent.jsonLines('out/app.log')).toEqual([
    { level: 'info', ...added },
    { level: 'ERROR', n: 2, ...added },
  ]);
  await agent.until(() => agent.stdout.endsWith('\n'), 'the alarm was printed');
  expect(agent.stdout).toMatch(/ app\.shop: \{"level":"ERROR",.*\}\n$/);
  expect(agent.stdout.split('\n')).toHaveLength(2);
  expect(agent.jsonLines('out/other.log')).toEqual([{ q: 1 }, { q: 3 }]);
  expect(agent.jsonLines('out/errors.log')).toEqual([{ q: 2, at: 'no time' }]);
  const warning = await agent.logged(({ msg }) => msg === 'send an error event to @ERROR');
  expect(warning).toMatchObject({ tag: 'db.main', events: 1, level: 40 });
  expect(await agent.stop()).toBe(0);
  expect(existsSync(path.join(agent.folder, 'out/errors.log'))).toBe(true);
});

test('<system> sets how the log looks, and the command line has the last word', async () => {
  const configuration = `
    <system>
      log_level error
      <log>
        format json
      </log>
    </system>
    <source>\n@type forward\nport 0\nbind 127.0.0.1\n</source>
    <match a>\n@type null\n</match>`;
  const agent = await AgentProcess.start(configuration, undefined, { args: ['-v'] });
  expect(agent.log.some(({ level }) => level === 30)).toBe(true);
  expect(await agent.stop()).toBe(0);
});

test('config show prints what is in effect, masked; plugin show prints parameters', async () => {
  const { code, stdout } = await sluice(['config', 'show', '-c', example]);
  expect(code).toBe(0);
  expect(stdout).toContain('<label @ALARM>');
  expect(stdout).toContain('# enable_ruby false'); // a default
  const inline =
    '<source>\n@type forward\n<security>\nself_hostname a\nshared_key geheim\n</security>\n</source>';
  const masked = await sluice(['config', 'show', '-c', example, '-i', inline]);
  expect(masked.stdout).toContain('shared_key xxxxxx');
  expect(masked.stdout).not.toContain('geheim');
  const open = await sluice(['config', 'show', '-c', example, '-i', inline, '--show-secrets']);
  expect(open.stdout).toContain('shared_key geheim');

  const plugin = await sluice(['plugin', 'show', 'in_forward']);
  expect(plugin.stdout).toMatch(/port {2}\(integer; default: 24224\)\n +\S/);
  expect(plugin.stdout).toContain('shared_key  (string; required; secret)');
  const json = JSON.parse((await sluice(['plugin', 'show', 'grep', '--json'])).stdout) as object[];
  expect(json).toMatchObject([{ kind: 'filter', type: 'grep', section: { name: 'filter' } }]);
  expect((await sluice(['plugin', 'show'])).stdout).toContain('filter_record_transformer  ');
  expect((await sluice(['plugin', 'show', 'system'])).stdout).toContain('log_level  (enum: trace');
  const unknown = await sluice(['plugin', 'show', 'in_forwrd']);
  expect(unknown).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('did you mean in_forward?'),
  });
  expect(await sluice(['config', 'hide'])).toMatchObject({ code: 2 });
});
