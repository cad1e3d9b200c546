import { createServer as createHttpsServer } from 'node:https';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import * as formats from '@sluice/formats';
import { isUnrecoverable } from '@sluice/plugin';
import { createDriver, TestClock } from '@sluice/plugin/testing';
import { generateCa, issueClientCertificate, issueServerCertificate } from '@sluice/tls';
import { describe, expect, onTestFinished, test } from 'vitest';
import { httpOutput } from '../src/index.js';
import { discovery, start, TestServer, writeChunk } from './support.js';

const text = (body: Buffer | undefined): string => String(body);

describe('what a request is', () => {
  test('NDJSON by default, and one connection for each', async () => {
    const server = await TestServer.start();
    const driver = await start(`endpoint http://127.0.0.1:${server.port}/logs?x=1`);
    await driver.write('app', [{ a: 1 }, { a: 1.5 }]);
    await driver.write('app', [{ a: 2 }]);
    expect(server.got).toMatchObject([{ method: 'POST', url: '/logs?x=1' }, { url: '/logs?x=1' }]);
    expect(server.got.map(({ body }) => text(body))).toEqual(['{"a":1}\n{"a":1.5}\n', '{"a":2}\n']);
    expect(server.got[0].headers['content-type']).toBe('application/x-ndjson');
    expect(new Set(server.got.map(({ from }) => from)).size).toBe(2);
    expect(driver.statistics.counters).toMatchObject({ requests: 2, events: 3 });
  });

  test('reuse_connections', async () => {
    const server = await TestServer.start();
    const url = `endpoint http://127.0.0.1:${server.port}/`;
    const driver = await start(`${url}\nreuse_connections true`);
    for (let n = 0; n < 20; n++) await driver.write('app', [{ n }]);
    // One that is not free yet, when its answer has just come, is not waited for.
    expect(new Set(server.got.map(({ from }) => from)).size).toBeLessThan(10);
  });

  test.each<[string, string, string]>([
    ['json_array true', '[{"a":1}\n,{"a":2}\n]', 'application/json'],
    [
      'json_array true\n<format>\n@type json\nadd_newline false\n</format>',
      '[{"a":1},{"a":2}]',
      'application/json',
    ],
    ['<format>\n@type ltsv\n</format>', 'a:1\na:2\n', 'text/tab-separated-values'],
    ['<format>\n@type single_value\nmessage_key a\n</format>', '1\n2\n', 'text/plain'],
    ['content_type text/x-own', '{"a":1}\n{"a":2}\n', 'text/x-own'],
    ['<format>\n@type msgpack\n</format>', '\x81\xa1a\x01\x81\xa1a\x02', 'application/x-msgpack'],
  ])('%s', async (more, body, contentType) => {
    const server = await TestServer.start();
    const driver = await start(`endpoint http://127.0.0.1:${server.port}/\n${more}`);
    await driver.write('app', [{ a: 1 }, { a: 2 }]);
    expect(server.got[0].body.toString('latin1')).toBe(body);
    expect(server.got[0].headers['content-type']).toBe(contentType);
  });

  test('method, headers, compression and user', async () => {
    const server = await TestServer.start();
    const driver = await start(
      `endpoint http://127.0.0.1:${server.port}/
       http_method put
       compress gzip
       headers {"X-One":"é\\r\\nX-Two: no"}
       headers_from_placeholders {"X-Tag":"\${tag}"}
       <auth>
         method basic
         username user
         password secret
       </auth>`,
    );
    await driver.write('app\r\nX-Three: no', [{ a: 1 }]);
    const [{ method, headers, body }] = server.got;
    expect(method).toBe('PUT');
    expect(headers).toMatchObject({
      'content-encoding': 'gzip',
      authorization: `Basic ${Buffer.from('user:secret').toString('base64')}`,
      'x-tag': 'app X-Three: no',
    });
    expect(Buffer.from(String(headers['x-one']), 'latin1').toString()).toBe('é X-Two: no');
    expect(headers).not.toHaveProperty('x-two');
    expect(text(gunzipSync(body))).toBe('{"a":1}\n');
  });

  test('placeholders, whose values cannot lead elsewhere', async () => {
    const server = await TestServer.start();
    const driver = await start(
      `endpoint http://127.0.0.1:${server.port}/%Y/%m/\${tag}/\${tag[1]}/\${name}?id=\${chunk_id}
       <buffer tag, time, name>
         timekey 1d
         timekey_use_utc true
       </buffer>`,
    );
    const variables = { name: '../x?y#z' };
    await writeChunk(driver, 'app.web', [{ a: 1 }], { variables, timekey: 1_700_006_400 });
    expect(server.got[0].url).toBe('/2023/11/app.web/web/..%2Fx%3Fy%23z?id=chunk-1');
  });

  test('allowed_hosts', async () => {
    const server = await TestServer.start();
    const driver = await start(
      `endpoint http://\${host}:${server.port}/\nallowed_hosts 127.0.0.1\n<buffer host>\n</buffer>`,
    );
    await writeChunk(driver, 'app', [{ a: 1 }], { variables: { host: '127.0.0.1' } });
    const other = writeChunk(driver, 'app', [{ a: 2 }], { variables: { host: 'localhost' } });
    await expect(other).rejects.toSatisfy(isUnrecoverable);
    expect(server.got).toHaveLength(1);
  });

  test('without a buffer, what waits goes together, in its order', async () => {
    const server = await TestServer.start();
    const driver = await start(`endpoint http://127.0.0.1:${server.port}/`);
    let release!: () => void;
    const first = new Promise<void>((resolve) => {
      server.answer = (response) => {
        release = () => void response.end();
        resolve();
      };
    });
    const writes: unknown[] = [driver.write('app', [{ n: 0 }])];
    await first;
    server.answer = (response) => void response.end();
    for (let n = 1; n < 5; n++) writes.push(driver.write('app', [{ n }]));
    await driver.write('other', [{ n: 9 }]);
    expect(server.got).toHaveLength(2);
    release();
    await Promise.all(writes);
    expect(server.got.map(({ body }) => text(body).trim().split('\n').length)).toEqual([1, 1, 4]);
    expect(text(server.got[2].body)).toBe('{"n":1}\n{"n":2}\n{"n":3}\n{"n":4}\n');
  });
});

describe('what an answer means', () => {
  async function against(status: number, more = '') {
    const server = await TestServer.start();
    server.answer = (response) => void response.writeHead(status).end('because\nof this');
    const driver = await start(`endpoint http://127.0.0.1:${server.port}/p?secret=1\n${more}`);
    const error: unknown = await Promise.resolve(driver.write('app', [{ a: 1 }])).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    return { driver, error };
  }

  test.each([200, 201, 204, 299])('%i: taken', async (status) => {
    expect((await against(status)).error).toBeUndefined();
  });

  test.each([
    [503, ''],
    [429, 'retryable_response_codes 429, 502'],
  ])('%i: sent again', async (status, more) => {
    const { error } = await against(status, more);
    expect(error).toMatchObject({ code: 'ERR_SLUICE_HTTP_RESPONSE', status });
    expect((error as Error).message).toMatch(/\/p: \d+ because\\nof this$/);
    expect((error as Error).message).not.toContain('secret');
    expect(isUnrecoverable(error)).toBe(false);
  });

  test.each([301, 400, 404, 500])('%i: given up', async (status) => {
    expect(isUnrecoverable((await against(status)).error)).toBe(true);
  });

  test('error_response_as_unrecoverable false: dropped, told and counted', async () => {
    const { driver, error } = await against(400, 'error_response_as_unrecoverable false');
    expect(error).toBeUndefined();
    expect(driver.warnings()).toMatchObject([expect.stringContaining('events are dropped')]);
    expect(driver.statistics.counters).toMatchObject({ events: 0, dropped_events: 1 });
  });

  test('nobody there, and nobody who answers: sent again', async () => {
    const server = await TestServer.start();
    const { port } = server;
    server.answer = () => undefined;
    const silent = await start(`endpoint http://127.0.0.1:${port}/\nread_timeout 0.05`);
    const unanswered = silent.write('app', [{ a: 1 }]);
    await expect(unanswered).rejects.toMatchObject({ code: 'ERR_SLUICE_HTTP_UNREACHABLE' });
    server.server.closeAllConnections();
    await new Promise((resolve) => server.server.close(resolve));
    const gone = silent.write('app', [{ a: 1 }]);
    await expect(gone).rejects.toMatchObject({ code: 'ERR_SLUICE_HTTP_UNREACHABLE' });
  });

  test('an answer without an end is not read for ever', async () => {
    const server = await TestServer.start();
    server.answer = (response) => {
      const more = (): void => {
        if (!response.destroyed) response.write(Buffer.alloc(16_384), () => setImmediate(more));
      };
      response.on('error', () => undefined);
      more();
    };
    const driver = await start(`endpoint http://127.0.0.1:${server.port}/`);
    await driver.write('app', [{ a: 1 }]);
    expect(driver.statistics.counters).toMatchObject({ events: 1 });
  });
});

describe('<service_discovery>', () => {
  test('servers take turns by weight', async () => {
    const [a, b] = [await TestServer.start(), await TestServer.start()];
    const driver = await start(
      `endpoint http://logs.example/in/\${tag}\n${discovery(
        { port: a.port, weight: 30 },
        { port: b.port, weight: 10 },
      )}`,
    );
    for (let n = 0; n < 8; n++) await driver.write('app', [{ n }]);
    expect([a.got.length, b.got.length]).toEqual([6, 2]);
    expect(a.got[0].url).toBe('/in/app');
    expect(driver.statistics.servers).toMatchObject([
      { available: true, kept: 6 },
      { available: true, kept: 2 },
    ]);
  });

  test('one that fails is left out for recover_wait, and a standby stands in', async () => {
    const [a, b] = [await TestServer.start(), await TestServer.start()];
    const clock = new TestClock();
    const driver = await start(
      `endpoint http://logs.example/\nrecover_wait 10s\n${discovery(
        { port: a.port },
        { port: b.port, standby: true },
      )}`,
      clock,
    );
    a.answer = (response) => void response.writeHead(503).end();
    await expect(driver.write('app', [{ n: 1 }])).rejects.toMatchObject({ status: 503 });
    await driver.write('app', [{ n: 1 }]);
    expect([a.got.length, b.got.length]).toEqual([1, 1]);
    expect(driver.statistics.servers).toMatchObject([{ available: false }, { available: true }]);
    a.answer = (response) => void response.end();
    await clock.advance(10_000);
    await driver.write('app', [{ n: 2 }]);
    expect([a.got.length, b.got.length]).toEqual([2, 1]);
  });
});

test('TLS: who is trusted, own certificate, and whose name a certificate is for', async () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'sluice-out-http-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const key = { keyType: 'ecdsa' as const, keyLength: 256 };
  const ca = await generateCa({ ...key, passphrase: 'of the CA' });
  const issuer = {
    ...key,
    caCertificate: ca.certificate,
    caPrivateKey: ca.privateKey,
    caPassphrase: 'of the CA',
  };
  const own = await issueServerCertificate({ ...issuer, commonName: 'logs.example' });
  const client = await issueClientCertificate({ ...issuer, commonName: 'agent' });
  const file = (name: string, content: string): string => {
    writeFileSync(path.join(folder, name), content);
    return path.join(folder, name);
  };
  const server = await TestServer.start(
    createHttpsServer({
      cert: own.certificate,
      key: own.privateKey,
      ca: ca.certificate,
      requestCert: true,
      rejectUnauthorized: true,
    }),
  );
  const trust = `tls_ca_cert_path ${file('ca.crt', ca.certificate)}
    tls_client_cert_path ${file('client.crt', client.certificate)}
    tls_private_key_path ${file('client.key', client.privateKey)}`;
  const named = (name: string) => discovery({ port: server.port, name });
  const right = await start(`endpoint https://logs.example/\n${trust}\n${named('logs.example')}`);
  await right.write('app', [{ a: 1 }]);
  expect(server.got).toHaveLength(1);
  const other = named('other.example');
  const otherName = await start(`endpoint https://logs.example/\n${trust}\n${other}`);
  await expect(otherName.write('app', [{ a: 1 }])).rejects.toThrow('certificate is refused');
  const stranger = await start(`endpoint https://127.0.0.1:${server.port}/`);
  await expect(stranger.write('app', [{ a: 1 }])).rejects.toThrow('certificate is refused');
  expect(server.got).toHaveLength(1);
});

describe('what is refused at the start', () => {
  test.each([
    ['', 'endpoint'],
    ['endpoint ftp://x/', 'is not a URL of http or https'],
    ['endpoint http://x y/', 'is not a URL'],
    ['endpoint http://${tag}/', 'allowed_hosts is required'],
    ['endpoint http://x/${name}', '${name} has no value'],
    ['endpoint http://x/\nproxy http://y', 'a proxy is not supported'],
    ['endpoint http://x/\njson_array true\n<format>\n@type ltsv\n</format>', 'json_array'],
    ['endpoint http://x/\n<auth>\nmethod aws_sigv4\n</auth>', 'aws_sigv4 is not supported'],
    ['endpoint http://x/\n<auth>\n</auth>', 'username is required'],
    ['endpoint http://x/\ntls_client_cert_path /x', 'go together'],
  ])('%s', (configuration, message) => {
    expect(() => createDriver(httpOutput, configuration, { plugins: [formats] })).toThrow(message);
  });
});
