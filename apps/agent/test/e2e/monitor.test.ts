import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import net from 'node:net';
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
async function start(before = ''): Promise<{ agent: AgentProcess; url: string }> {
  const security = 'port 0\n<security>\nself_hostname me\nshared_key hush-hush\n</security>';
  const agent = await AgentProcess.start(
    before + example.replace('port 24224', security).replace('port 24220', 'port 0'),
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

/** The first of two ports that are free. */
async function twoPorts(): Promise<number> {
  for (;;) {
    const servers = [net.createServer().listen(0, '127.0.0.1')];
    await once(servers[0], 'listening');
    const { port } = servers[0].address() as net.AddressInfo;
    servers.push(net.createServer().listen(port + 1, '127.0.0.1'));
    const free = await once(servers[1], 'listening').then(
      () => true,
      () => false,
    );
    for (const server of servers) server.close();
    if (free) return port;
  }
}

test('the port shows all workers with their shares, port + N one of them', async () => {
  const port = await twoPorts();
  const agent = await AgentProcess.start(
    `<system>\nworkers 2\n</system>\n${example
      .replace('port 24224', 'port 0')
      .replace('port 24220', `port ${port}`)}`,
  );
  // Connections are dealt out in turn.
  for (let n = 0; n < 4; n += 1) {
    await fluentOrg('app.a', [{ n }], { port: agent.port, mode: 'Forward', ack: true });
  }
  const url = `http://127.0.0.1:${port}`;
  const get = async (path: string): Promise<string> => (await fetch(url + path)).text();
  interface Shown {
    worker: number;
    shares: { worker: number; answers: boolean; records: number }[];
  }
  const status = async (query = ''): Promise<Shown> =>
    JSON.parse(await get(`/api/status.json${query}`)) as Shown;
  const all = await status();
  expect(all.worker).toBeNull();
  expect(all.shares).toMatchObject([
    { worker: 0, answers: true, records: 2 },
    { worker: 1, answers: true, records: 2 },
  ]);
  expect(await status('?worker=1')).toMatchObject({ worker: 1, shares: [{ worker: 1 }] });

  const samples = /^sluice_input_records_total\{.*type="forward",worker="(\d)"\} 2$/gm;
  const workersIn = (text: string): string[] => [...text.matchAll(samples)].map(([, id]) => id);
  const metrics = await get('/metrics');
  expect(workersIn(metrics)).toEqual(['0', '1']);
  expect(metrics.match(/^# HELP sluice_input_records_total /gm)).toHaveLength(1);
  expect(metrics).toContain('sluice_worker_up{worker="1"} 1');
  const second = await fetch(`http://127.0.0.1:${port + 1}/metrics`);
  expect(workersIn(await second.text())).toEqual(['1']);

  const { plugins } = JSON.parse(await get('/api/plugins.json?@type=forward')) as {
    plugins: { worker_id: number; emit_records: number }[];
  };
  expect(plugins).toMatchObject([
    { worker_id: 0, emit_records: 2 },
    { worker_id: 1, emit_records: 2 },
  ]);
  expect((await fetch(`${url}/metrics?worker=2`)).status).toBe(404);
  expect((await fetch(`${url}/favicon.ico`)).headers.get('content-type')).toBe('image/svg+xml');
  expect(await agent.stop()).toBe(0);
});

const page = test.skipIf(browser === undefined && process.env.SLUICE_DEEP === undefined);
page('people see events come in on the page', { timeout: 60_000 }, async () => {
  // Nobody listens on port 1: there is a warning to show.
  const { agent, url } = await start(
    '<match dead.**>\n@type forward\n<server>\nhost 127.0.0.1\nport 1\n</server>\n</match>\n',
  );
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
  // A reload begins with the chart; nothing is wider than a phone.
  await tab.setViewportSize({ width: 390, height: 800 });
  await tab.locator('#chart polyline').waitFor({ state: 'attached' });
  await tab.reload();
  await tab.locator('#chart polyline[points*=" "]').waitFor({ state: 'attached' });
  expect(await tab.evaluate('document.documentElement.scrollWidth')).toBe(390);
  const warning = tab.locator('#warnings td', { hasText: 'is unavailable' }).first();
  const { x, width } = (await warning.boundingBox())!;
  expect(x + width).toBeLessThanOrEqual(390);
  expect(problems).toEqual([]);
  await chrome.close();
  expect(await agent.stop()).toBe(0);
});
