import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, onTestFinished, test } from 'vitest';
import { AgentProcess, temporaryFolder } from '../support/agent-process.js';
import { fluentOrg } from '../support/clients.js';

const example = path.join(import.meta.dirname, '../../../../examples/http-output.conf');

test('http-output.conf: each tag has its requests, and one that fails is sent again', async () => {
  const got: string[] = [];
  let failures = 1;
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      const fails = failures > 0;
      failures -= 1;
      response.statusCode = fails ? 502 : 200;
      if (!fails) got.push(`${request.url} ${gunzipSync(Buffer.concat(pieces)).toString()}`);
      response.end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const folder = temporaryFolder();
  const { port } = server.address() as AddressInfo;
  const text = readFileSync(example, 'utf8')
    .replace('port 24224', 'port 0')
    .replace('127.0.0.1:8080', `127.0.0.1:${port}`)
    .replaceAll('./out/', `${folder}/`);
  const agent = await AgentProcess.start(text, folder);
  const target = { port: agent.port, mode: 'PackedForward' as const, ack: true };
  await fluentOrg('app.a', [{ n: 1 }, { n: 2 }], target);
  await fluentOrg('app.b', [{ n: 3 }], target);
  const sent = () => got.join('').split('\n').length - 1;
  await expect.poll(sent, { timeout: 30_000 }).toBe(3);
  expect(got.sort().join('')).toMatch(
    /^\/logs\/app\.a \{"n":1\}\n(?:\/logs\/app\.a )?\{"n":2\}\n\/logs\/app\.b \{"n":3\}\n$/,
  );
  expect(failures).toBeLessThanOrEqual(0);
  expect(await agent.stop()).toBe(0);
}, 60_000);
