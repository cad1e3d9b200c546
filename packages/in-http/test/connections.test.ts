import { gzipSync } from 'node:zlib';
import { UnrecoverableError } from '@sluice/plugin';
import { TestClock } from '@sluice/plugin/testing';
import { Agent, request } from 'node:https';
import { expect, test } from 'vitest';
import { json, portOf, post, Raw, start } from './support.js';

const head = (length: number, more = ''): string =>
  `POST /a HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n${more}\r\n`;

test('200 comes when the events are kept, not before', async () => {
  const driver = await start();
  driver.router.answer = 'hold';
  const answer = post(driver, '/a', '{"a":1}', json);
  let settled = false;
  void answer.then(() => (settled = true));
  await driver.router.received(1);
  // A probe that is sent later is answered, and that answer has nothing to wait for.
  expect((await post(driver, '/', '', {}, 'GET')).status).toBe(200);
  expect(settled).toBe(false);
  driver.router.release();
  expect((await answer).status).toBe(200);
  expect(driver.statistics.gauges).toEqual({ in_flight_bytes: 0 });
});

test('events that are not kept: 503 with Retry-After, and nothing of the inside', async () => {
  const driver = await start();
  driver.router.answer = new Error('/var/lib/secret is full');
  const got = await post(driver, '/a', '{"a":1}', json);
  expect(got).toMatchObject({ status: 503 });
  expect(got.headers.get('retry-after')).toBe('1');
  expect(got.text).not.toContain('secret');
  driver.router.answer = new UnrecoverableError('never');
  expect((await post(driver, '/a', '{"a":1}', json)).status).toBe(500);
  expect(driver.statistics.counters).toMatchObject({ events: 0 });
});

test('more than in_flight_limit is refused with 503, and taken again when there is room', async () => {
  const driver = await start('in_flight_limit 2k');
  driver.router.answer = 'hold';
  const body = `{"a":"${'x'.repeat(1500)}"}`;
  const first = post(driver, '/a', body, json);
  await driver.router.received(1);
  const refused = await post(driver, '/a', body, json);
  expect(refused).toMatchObject({ status: 503 });
  expect(refused.headers.get('retry-after')).toBe('1');
  driver.router.answer = 'keep';
  driver.router.release();
  expect((await first).status).toBe(200);
  expect((await post(driver, '/a', body, json)).status).toBe(200);
  // One that is larger than all the room is taken when it is alone.
  expect((await post(driver, '/a', `{"a":"${'x'.repeat(5000)}"}`, json)).status).toBe(200);
  expect(driver.statistics.gauges).toEqual({ in_flight_bytes: 0 });
});

test('a bomb is not inflated beyond its limit', async () => {
  const driver = await start('decompression_size_limit 1m');
  const bomb = gzipSync(Buffer.alloc(20 * 1024 * 1024));
  const headers = { ...json, 'Content-Encoding': 'gzip' };
  expect((await post(driver, '/a', new Uint8Array(bomb), headers)).status).toBe(413);
  expect(driver.statistics.gauges).toEqual({ in_flight_bytes: 0 });
});

test('requests that are sent one behind the other keep their order', async () => {
  const driver = await start();
  const raw = new Raw(driver);
  const gzip = gzipSync('{"n":1}');
  raw.socket.write(head(gzip.length, 'Content-Encoding: gzip\r\n'));
  raw.socket.write(gzip);
  raw.socket.write(`${head(7)}{"n":2}${head(7)}{"n":3}`);
  await driver.router.received(3);
  expect(driver.router.events.map(({ record }) => record.n)).toEqual([1, 2, 3]);
});

test('Expect: 100-continue', async () => {
  const driver = await start('body_size_limit 1k');
  const raw = new Raw(driver);
  raw.socket.write(head(7, 'Expect: 100-continue\r\n'));
  await raw.said('HTTP/1.1 100 Continue');
  raw.socket.write('{"a":1}');
  await raw.said('HTTP/1.1 200 OK');
  const large = new Raw(driver);
  large.socket.write(head(5000, 'Expect: 100-continue\r\n'));
  await large.said('HTTP/1.1 413 ');
  expect(large.text).not.toContain('100 Continue');
  const odd = new Raw(driver);
  odd.socket.write(head(7, 'Expect: 200-ok\r\n'));
  await odd.said('HTTP/1.1 417 ');
});

test('what is refused while its body comes is answered, and its rest is read', async () => {
  const driver = await start('body_size_limit 1k');
  const raw = new Raw(driver);
  raw.socket.write(head(100_000) + 'x'.repeat(50_000));
  await raw.said('body_size_limit');
  raw.socket.write('x'.repeat(50_000));
  await raw.closed;
  expect(raw.text).toContain('HTTP/1.1 413 ');
});

test.each([
  ['not HTTP at all\r\n\r\n', '400', 'this is not HTTP'],
  [`GET / HTTP/1.1\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, '431', 'the headers are larger'],
])('%#: what is no HTTP is told', async (text, status, reason) => {
  const driver = await start();
  const raw = new Raw(driver);
  raw.socket.end(text);
  await raw.closed;
  expect(raw.text).toContain(`HTTP/1.1 ${status} `);
  expect(raw.text).toContain(reason);
  expect(driver.warnings()).toEqual(['a request was refused']);
});

test('a body that breaks off is not an event', async () => {
  const driver = await start();
  const raw = new Raw(driver);
  raw.socket.end(`${head(100)}{"a":1}`);
  await raw.closed;
  expect(driver.router.events).toEqual([]);
  expect((await post(driver, '/a', '{"a":2}', json)).status).toBe(200);
  expect(driver.statistics.gauges).toEqual({ in_flight_bytes: 0 });
});

test('keepalive_timeout ends an idle connection, and one that has stopped in a request', async () => {
  const clock = new TestClock();
  const driver = await start('keepalive_timeout 5s', clock);
  const idle = new Raw(driver);
  const stopped = new Raw(driver);
  const answered = new Raw(driver);
  stopped.socket.write(head(7));
  answered.socket.write(`${head(7)}{"a":1}`);
  await answered.said('200 OK');
  await expect.poll(() => connections(driver)).toBe(3);
  await clock.advance(4000);
  expect(idle.text + stopped.text).toBe('');
  // An answer that is waited for does not count as silence.
  driver.router.answer = 'hold';
  answered.socket.write(`${head(7)}{"a":2}`);
  await driver.router.received(2);
  await clock.advance(8000);
  await idle.closed;
  await stopped.said('HTTP/1.1 408 ');
  expect(answered.socket.destroyed).toBe(false);
  driver.router.release();
  await expect.poll(() => answered.text.split('200 OK').length).toBe(3);
  await clock.advance(8000);
  await answered.closed;
});

test('request_timeout ends a request of which a byte comes now and then', async () => {
  const clock = new TestClock();
  const driver = await start('request_timeout 20s', clock);
  const slow = new Raw(driver);
  slow.socket.write(head(100));
  const server = driver.plugin.startedServers!.servers[0];
  for (let sent = 1; sent <= 4; sent++) {
    const { bytesIn } = server.stats();
    slow.socket.write('x');
    await expect.poll(() => server.stats().bytesIn).toBeGreaterThan(bytesIn);
    await clock.advance(6000);
  }
  await slow.said('HTTP/1.1 408 ');
  await slow.said('the request took too long');
});

test('a shutdown answers what has come whole, and ends what is idle', async () => {
  const driver = await start();
  driver.router.answer = 'hold';
  const idle = new Raw(driver);
  const busy = new Raw(driver);
  busy.socket.write(`${head(7)}{"a":1}`);
  await driver.router.received(1);
  await expect.poll(() => connections(driver)).toBe(2);
  const stopped = driver.stop();
  await idle.closed;
  driver.router.release();
  await busy.closed;
  expect(busy.text).toContain('HTTP/1.1 200 OK');
  expect(busy.text.toLowerCase()).toContain('connection: close');
  await stopped;
});

test('TLS', async () => {
  const driver = await start('<transport tls>\ninsecure true\n</transport>');
  const agent = new Agent({ rejectUnauthorized: false });
  const status = await new Promise((resolve, reject) => {
    const sent = request(
      { port: portOf(driver), host: '127.0.0.1', path: '/a', method: 'POST', headers: json, agent },
      (response) => {
        response.resume();
        resolve(response.statusCode);
      },
    );
    sent.once('error', reject).end('{"a":1}');
  });
  agent.destroy();
  expect(status).toBe(200);
  expect(driver.router.events).toMatchObject([{ tag: 'a', record: { a: 1 } }]);
});

function connections(driver: Awaited<ReturnType<typeof start>>): number {
  return driver.plugin.startedServers!.servers[0].stats().open;
}
