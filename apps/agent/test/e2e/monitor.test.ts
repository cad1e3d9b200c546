import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { chromium } from 'playwright-core';
import { expect, onTestFinished, test } from 'vitest';
import { AgentProcess } from '../support/agent-process.js';
import { fluentOrg } from '../support/clients.js';

const example = readFileSync(
  path.join(import.meta.dirname, '../../../../examples/monitor.conf'),
  'utf8',
);
const browser = (process.env.PATH ?? '')
  .split(path.delimiter)
  .map((folder) => path.join(folder, 'chromium'))
  .find((file) => existsSync(file));

/** The example on free ports, with a shared key whose value must not be seen. */
async function start(): Promise<{ agent: AgentProcess; url: string }> {
  const security = 'port 0\n<security>\nself_hostname me\nshared_key hush-hush\n</security>';
  const agent = await AgentProcess.start(
    example.replace('port 24224', security).replace('port 24220', 'port 0'),
  );
  const entry = await agent.logged(({ monitorPort }) => monitorPort !== undefined);
  return { agent, url: `http://127.0.0.1:${entry.monitorPort as number}` };
}

async function send(agent: AgentProcess): Promise<void> {
  await fluentOrg('app.a', [{ n: 1 }, { n: 2 }], {
    port: agent.port,
    mode: 'PackedForward',
    ack: true,
    security: { clientHostname: 'client', sharedKey: 'hush-hush' },
  });
}

test('programs see plugins and metrics, and no secret', async () => {
  const { agent, url } = await start();
  await send(agent);
  const text = await (await fetch(`${url}/api/plugins.json?@type=forward`)).text();
  expect(text).not.toContain('hush-hush');
  const { plugins } = JSON.parse(text) as { plugins: object[] };
  expect(plugins).toEqual([
    expect.objectContaining({ plugin_category: 'input', output_plugin: false, emit_records: 2 }),
  ]);
  const metrics = await (await fetch(`${url}/metrics`)).text();
  expect(metrics).toMatch(/^sluice_input_records_total\{.*type="forward".*\} 2$/m);
  expect(metrics).toMatch(/^sluice_ack_latency_seconds_count\{.*type="forward".*\} [12]$/m);
  expect(metrics).toMatch(/^sluice_in_forward_tag_events_total\{.*tag_prefix="app".*\} 2$/m);
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
  expect((await fetch(`${url}/nowhere`)).status).toBe(404);
  const posted = await fetch(url, { method: 'POST', body: 'x' });
  expect([posted.status, posted.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  expect(await agent.stop()).toBe(0);
});

const page = test.skipIf(browser === undefined && process.env.SLUICE_DEEP === undefined);
page('people see events come in on the page', { timeout: 60_000 }, async () => {
  const { agent, url } = await start();
  const chrome = await chromium.launch({
    executablePath: browser!,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
  onTestFinished(() => chrome.close());
  const tab = await chrome.newPage();
  const problems: string[] = [];
  tab.on('pageerror', (error) => problems.push(error.message));
  tab.on('request', (request) => {
    if (!request.url().startsWith(url)) problems.push(request.url());
  });
  await tab.goto(url);
  await tab.locator('#state.live').waitFor();
  await send(agent);
  await tab.getByText('2 since the start', { exact: true }).waitFor();
  await tab.locator('#servers').getByText('in_forward (tcp)').waitFor();
  expect(problems).toEqual([]);
  await chrome.close();
  expect(await agent.stop()).toBe(0);
});
