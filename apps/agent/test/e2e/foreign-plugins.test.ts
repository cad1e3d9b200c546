import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { once } from 'node:events';
import path from 'node:path';
import { ForwardTestServer } from '@sluice/forward-client/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { AgentProcess, sluice, temporaryFolder } from '../support/agent-process.js';

/** Plugins as strangers write them, outside of the packages: one file each. */
const fixtures = path.join(
  import.meta.dirname,
  '../../../../tools/workspace-tests/fixtures/plugins',
);
const files = readdirSync(fixtures);

/** Takes what the output posts. */
async function endpoint() {
  const bodies: string[] = [];
  const waiting = new Set<() => void>();
  const server = http.createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => (body += text));
    request.on('end', () => {
      response.end();
      bodies.push(body);
      for (const check of waiting) check();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const received = (text: string): Promise<void> =>
    new Promise((resolve) => {
      const check = (): void => {
        if (bodies.join('').includes(text)) resolve();
      };
      waiting.add(check);
      check();
    });
  return { url: `http://127.0.0.1:${(server.address() as net.AddressInfo).port}/`, received };
}

async function send(port: number, text: string): Promise<void> {
  const client = net.connect(port, '127.0.0.1');
  client.on('error', () => undefined); // the end may be a reset
  client.end(text);
  await once(client, 'close');
}

/** A server that the service discovery may find. */
async function destination(): Promise<ForwardTestServer> {
  const server = await ForwardTestServer.start();
  onTestFinished(() => server.close());
  return server;
}

/** Lines go to an endpoint, and to the servers that the service discovery finds. */
const configuration = (url: string, { port }: { port: number }, workers = 1): string => `
<system>
  workers ${workers}
</system>
<source>
  @type lines
  port 0
  tag app.lines
  <transport tcp>
    linger_timeout 1
  </transport>
</source>
<match **>
  @type copy
  <store>
    @type http_post
    endpoint ${url}
    <format>
      @type words
    </format>
    <buffer>
      @type list
      flush_mode immediate
    </buffer>
  </store>
  <store>
    @type forward
    require_ack_response true
    <service_discovery>
      @type listed
      servers 127.0.0.1:${port}
    </service_discovery>
  </store>
</match>
`;

const has = (server: ForwardTestServer, line: string): Promise<void> =>
  server.until(() => server.records().some((record) => record.line === line));

/** The same plugins as packages, each found by its name. */
function installed(folder: string): void {
  for (const file of files) {
    const name = `sluice-plugin-${path.basename(file, '.mjs').replace(/^[a-z]+_/, '')}`;
    const place = path.join(folder, 'node_modules', name);
    mkdirSync(place, { recursive: true });
    cpSync(path.join(fixtures, file), path.join(place, file));
    const described = { name, version: '1.0.0', type: 'module', exports: `./${file}` };
    writeFileSync(path.join(place, 'package.json'), JSON.stringify(described));
  }
}

/** The new workers, or the new pipeline, have the changed file. */
function changeFormatter(plugins: string): void {
  const formatter = path.join(plugins, 'formatter_words.mjs');
  writeFileSync(formatter, readFileSync(formatter, 'utf8').replace('${tag} ', 'new:${tag} '));
}

describe.each([1, 2])('under %i workers', (workers) => {
  test('plugins of a folder run, and are loaded again with a reload', async () => {
    const { url, received } = await endpoint();
    const [first, second] = [await destination(), await destination()];
    const folder = temporaryFolder();
    const plugins = path.join(folder, 'plugins');
    cpSync(fixtures, plugins, { recursive: true });
    const text = configuration(url, first, workers);
    const agent = await AgentProcess.start(text, folder, { args: ['--plugin', plugins] });
    await send(agent.port, 'one\ntwo\n');
    await received('app.lines line=one');
    await received('app.lines line=two');
    await has(first, 'two');

    changeFormatter(plugins);
    agent.log.length = 0;
    const changed = configuration(url, second, workers);
    expect((await agent.reload(changed, 'SIGHUP')).msg).toBe('configuration reloaded');
    // Until the old workers have ended a connection may still be dealt to one of them.
    await agent.logged(({ msg }) => msg === 'the workers of the old configuration have ended');
    await send(agent.port, 'three\n');
    await received('new:app.lines line=three');
    await has(second, 'three');
    expect(first.records()).toEqual([{ line: 'one' }, { line: 'two' }]);
    expect(await agent.stop()).toBe(0);
  }, 60_000);

  test('plugins that are installed as packages are found by their types, and again with a reload', async () => {
    const { url, received } = await endpoint();
    const [first, second] = [await destination(), await destination()];
    const folder = temporaryFolder();
    installed(folder);
    const agent = await AgentProcess.start(configuration(url, first, workers), folder);
    await send(agent.port, 'four\n');
    await received('app.lines line=four');
    await has(first, 'four');

    changeFormatter(path.join(folder, 'node_modules/sluice-plugin-words'));
    agent.log.length = 0;
    await agent.reload(configuration(url, second, workers), 'SIGHUP');
    await agent.logged(({ msg }) => msg === 'the workers of the old configuration have ended');
    await send(agent.port, 'five\n');
    await received('new:app.lines line=five');
    await has(second, 'five');
    expect(await agent.stop()).toBe(0);
  }, 60_000);
});

test.each([0, 1, 2])(
  'a program runs them with %i workers, and reloads them',
  async (workers) => {
    const { url, received } = await endpoint();
    const [first, second] = [await destination(), await destination()];
    const folder = temporaryFolder();
    const plugins = path.join(folder, 'plugins');
    cpSync(fixtures, plugins, { recursive: true });
    const text = configuration(url, first);
    const agent = await AgentProcess.embedded(text, folder, plugins, workers);
    await send(agent.port, 'six\n');
    await received('app.lines line=six');
    await has(first, 'six');

    changeFormatter(plugins);
    writeFileSync(path.join(folder, 'sluice.conf'), configuration(url, second));
    agent.log.length = 0;
    expect(await agent.ask('reload')).toEqual({ reloaded: true, error: null });
    if (workers > 0) {
      await agent.logged(({ msg }) => msg === 'the workers of the old configuration have ended');
    }
    await send(agent.port, 'seven\n');
    await received('new:app.lines line=seven');
    await has(second, 'seven');
    expect(await agent.ask('stop')).toEqual({ stopped: true });
  },
  60_000,
);

test('every command knows them', async () => {
  const folder = temporaryFolder();
  const list = await sluice(['plugin', 'list', '--plugin', fixtures], '', folder);
  expect(list.stderr).toBe('');
  for (const [kind, type] of [
    ['input', 'lines'],
    ['output', 'http_post'],
    ['formatter', 'words'],
    ['service_discovery', 'listed'],
    ['chunk_store', 'list'],
  ]) {
    expect(list.stdout).toMatch(new RegExp(`^${kind}\\s+${type}\\s+.*fixtures/plugins/`, 'm'));
  }
  const shown = await sluice(['plugin', 'show', 'lines', '--plugin', fixtures], '', folder);
  expect(shown.stdout).toContain('linger_timeout');
  const config = path.join(folder, 'sluice.conf');
  writeFileSync(config, configuration('http://127.0.0.1:9/', { port: 9 }));
  const dry = await sluice(['--dry-run', '-c', config, '--plugin', fixtures]);
  expect(dry).toMatchObject({ code: 0, stdout: `${config}: OK\n` });
});
