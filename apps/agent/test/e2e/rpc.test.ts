import { once } from 'node:events';
import net from 'node:net';
import { expect, test } from 'vitest';
import { AgentProcess } from '../support/agent-process.js';

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

const configuration = (port: number, more = '') =>
  `<system>\nrpc_endpoint 127.0.0.1:${port}\n${more}</system>\n` +
  '<source>\n@type forward\nbind 127.0.0.1\nport 0\n<security>\nself_hostname a\nshared_key hush\n</security>\n</source>\n' +
  '<match **>\n@type null\n</match>\n';

test("Fluentd's calls over HTTP: flush, reload, dump, stop", async () => {
  const port = await freePort();
  const agent = await AgentProcess.start(configuration(port, 'enable_get_dump true\n'));
  const call = async (path: string, headers = {}): Promise<[number, unknown]> => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, { headers });
    return [answer.status, await answer.json()];
  };
  expect(await call('/api/plugins.flushBuffers')).toEqual([200, { ok: true }]);
  await agent.logged(({ msg }) => msg === 'outputs flushed');
  const [status, dump] = await call('/api/config.getDump');
  expect(status).toBe(200);
  expect(dump).toMatchObject({
    ok: true,
    conf: expect.stringContaining('shared_key xxxxxx') as string,
  });
  expect(JSON.stringify(dump)).not.toContain('hush');
  expect(await call('/api/config.gracefulReload')).toEqual([200, { ok: true }]);
  await agent.logged(({ msg }) => msg === 'configuration reloaded');
  expect((await call('/api/nothing'))[0]).toBe(404);
  // A page in a browser cannot do it.
  expect((await call('/api/processes.killWorkers', { origin: 'http://evil.example' }))[0]).toBe(
    403,
  );
  expect(await call('/api/processes.flushBuffersAndKillWorkers')).toEqual([200, { ok: true }]);
  expect(await once(agent.child, 'close')).toEqual([0, null]);
});

test('without enable_get_dump there is no dump', async () => {
  const port = await freePort();
  const agent = await AgentProcess.start(configuration(port));
  expect((await fetch(`http://127.0.0.1:${port}/api/config.getDump`)).status).toBe(404);
  expect((await fetch(`http://127.0.0.1:${port}/api/processes.interruptWorkers`)).status).toBe(200);
  expect(await once(agent.child, 'close')).toEqual([0, null]);
});
