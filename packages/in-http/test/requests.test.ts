import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import * as zlib from 'node:zlib';
import { encodeValue } from '@sluice/event-stream';
import * as formats from '@sluice/formats';
import { createDriver, type Driver } from '@sluice/plugin/testing';
import { describe, expect, test } from 'vitest';
import { httpInput } from '../src/index.js';
import { json, post, start, type Body } from './support.js';

const records = (driver: Driver<'input'>) => driver.router.events.map(({ record }) => record);
const tags = (driver: Driver<'input'>) => driver.router.events.map(({ tag }) => tag);

describe('what a body may be', () => {
  test.each<[string, string, Body, Record<string, unknown>[]]>([
    ['application/json', '/a', '{"a":1}', [{ a: 1 }]],
    ['application/json; charset=utf-8', '/a', '[{"a":1},{"a":2}]', [{ a: 1 }, { a: 2 }]],
    ['application/csp-report', '/a', '{"csp-report":{}}', [{ 'csp-report': {} }]],
    ['application/x-ndjson', '/a', '{"a":1}\r\n\n{"a":2}', [{ a: 1 }, { a: 2 }]],
    ['application/msgpack', '/a', new Uint8Array(encodeValue({ a: 1 })), [{ a: 1 }]],
    ['application/msgpack', '/a', new Uint8Array(encodeValue([{ a: 1 }])), [{ a: 1 }]],
    [
      'application/x-www-form-urlencoded',
      '/a',
      'x=1&json=%7B%22a%22%3A+%22b%26%25%22%7D',
      [{ a: 'b&%' }],
    ],
    ['application/x-www-form-urlencoded', '/a', 'msgpack=%81%a1%61%01', [{ a: 1 }]],
    ['application/x-www-form-urlencoded', '/a', 'ndjson={"a":1}%0A{"a":2}', [{ a: 1 }, { a: 2 }]],
    ['text/plain', '/a?json=%7B%22a%22%3A1%7D', 'not looked at', [{ a: 1 }]],
    ['application/json', '/a', '[]', []],
  ])('%s %s %s', async (contentType, path, body, expected) => {
    const driver = await start();
    expect(await post(driver, path, body, { 'Content-Type': contentType })).toMatchObject({
      status: 200,
      text: '',
    });
    expect(records(driver)).toEqual(expected);
    expect(tags(driver)).toEqual(expected.map(() => 'a'));
  });

  test('a form with files, as curl -F and browsers send it', async () => {
    const driver = await start();
    const form = new FormData();
    form.append('json', '{"a":1}');
    form.append('other', new Blob(['text']), 'file.txt');
    expect((await post(driver, '/form', form)).status).toBe(200);
    expect(records(driver)).toEqual([{ a: 1 }]);
  });

  test.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['deflate', deflateRawSync],
    ...('zstdCompressSync' in zlib
      ? [['zstd', (zlib as { zstdCompressSync: typeof gzipSync }).zstdCompressSync] as const]
      : []),
  ] as const)('compressed with %s', async (coding, compress) => {
    const driver = await start();
    const headers = { ...json, 'Content-Encoding': coding };
    const body = new Uint8Array(compress(Buffer.from('{"a":1}')));
    expect((await post(driver, '/a', body, headers)).status).toBe(200);
    expect(records(driver)).toEqual([{ a: 1 }]);
  });

  test('<parse> of any type gets the body, whatever its type', async () => {
    const driver = await start('<parse>\n@type ltsv\n</parse>');
    expect((await post(driver, '/a', 'x:1\ty:2')).status).toBe(200);
    expect(records(driver)).toEqual([{ x: '1', y: '2' }]);
    const old = await start('format none');
    expect((await post(old, '/a', 'a line')).status).toBe(200);
    expect(records(old)).toEqual([{ message: 'a line' }]);
  });
});

describe('tags', () => {
  test.each([
    ['/app.log', 'app.log'],
    ['/app/log', 'app.log'],
    ['/app//log/?x=1', 'app..log'],
    ['/a%20b', 'a%20b'],
    ['/', ''],
  ])('%s', async (path, tag) => {
    const driver = await start();
    await post(driver, path, '{"a":1}', json);
    expect(tags(driver)).toEqual([tag]);
  });

  test('add_tag_prefix', async () => {
    const driver = await start('add_tag_prefix http');
    await post(driver, '/app/log', '{"a":1}', json);
    expect(tags(driver)).toEqual(['http.app.log']);
  });
});

describe('times', () => {
  test.each([
    ['', '/a', '{"time":1700000000.123,"a":1}', { seconds: 1_700_000_000, nanoseconds: 122999906 }],
    [
      '',
      '/a',
      '{"time":1700000000500,"a":1}',
      { seconds: 1_700_000_000, nanoseconds: 500_000_000 },
    ],
    ['', '/a?time=1700000000.5', '{"time":1,"a":1}', { seconds: 1_700_000_000 }],
    [
      '<parse>\ntime_key at\ntime_format %Y-%m-%d\nutc true\n</parse>',
      '/a',
      '{"at":"2024-01-01","a":1}',
      { seconds: 1_704_067_200 },
    ],
    ['<parse>\nkeep_time_key true\n</parse>', '/a', '{"time":7}', { seconds: 7 }],
  ])('%s %s %s', async (text, path, body, time) => {
    const driver = await start(text);
    expect((await post(driver, path, body, json)).status).toBe(200);
    expect(driver.router.events).toMatchObject([{ time }]);
    const kept = text.includes('keep_time_key') ? { time: 7 } : { a: 1 };
    expect(records(driver)[0]).toMatchObject(kept);
  });

  test('a time of null, false, or nothing is now', async () => {
    const driver = await start();
    const before = Math.floor(Date.now() / 1000);
    await post(driver, '/a?time=zero', '[{"a":1,"time":null},{"a":2,"time":false},{"a":3}]', json);
    expect(records(driver)).toEqual([{ a: 1 }, { a: 2 }, { a: 3 }]);
    for (const { time } of driver.router.events) {
      expect(time.seconds).toBeGreaterThanOrEqual(before);
    }
  });
});

test('add_http_headers, add_query_params and add_remote_addr', async () => {
  const driver = await start('add_http_headers true\nadd_query_params true\nadd_remote_addr true');
  await post(driver, '/a?x-y=1%202', '{"a":1}', {
    ...json,
    'X-Forwarded-For': '192.0.2.7, 10.0.0.1',
  });
  await post(driver, '/a', '{"a":2}', json);
  expect(records(driver)).toMatchObject([
    {
      a: 1,
      HTTP_CONTENT_TYPE: 'application/json',
      HTTP_X_FORWARDED_FOR: '192.0.2.7, 10.0.0.1',
      QUERY_X_Y: '1 2',
      REMOTE_ADDR: '192.0.2.7',
    },
    { a: 2, REMOTE_ADDR: '127.0.0.1' },
  ]);
});

describe('answers', () => {
  test('health probes', async () => {
    const driver = await start();
    const probe = '/fluentd.pod.healthcheck?json=%7B%22log%22%3A+%22health+check%22%7D';
    for (const [path, method] of [
      [probe, 'GET'],
      ['/', 'GET'],
      ['/healthz', 'HEAD'],
    ]) {
      expect((await post(driver, path, '', {}, method)).status).toBe(200);
    }
    expect(driver.router.events).toEqual([]);
  });

  test('use_204_response and respond_with_empty_img', async () => {
    const empty = await start('use_204_response true');
    expect(await post(empty, '/a', '{"a":1}', json)).toMatchObject({ status: 204, text: '' });
    const image = await start('respond_with_empty_img true');
    const got = await post(image, '/a', '{"a":1}', json);
    expect(got.headers.get('content-type')).toBe('image/gif; charset=utf-8');
    expect(got.text.startsWith('GIF89a')).toBe(true);
  });

  test.each<[number, string, Body, Record<string, string>, string]>([
    [400, 'POST', '{"a":', json, 'json: no JSON'],
    [400, 'POST', '[{"a":1},2]', json, 'json: 1 of 2 in the array are not objects'],
    [400, 'POST', '{"a":1,"time":"noon"}', json, 'time is not a number of seconds since 1970'],
    [400, 'POST', '{"a":1,"time":1e14}', json, 'time is out of range'],
    [400, 'POST', 'x=1', {}, "'json', 'ndjson' or 'msgpack' parameter is required"],
    [
      400,
      'POST',
      'text',
      { 'Content-Type': 'multipart/form-data; boundary=x' },
      'the body is not multipart/form-data',
    ],
    [400, 'POST', 'text', { ...json, 'Content-Encoding': 'gzip' }, 'the body is not gzip'],
    [415, 'POST', '{}', { ...json, 'Content-Encoding': 'br' }, '"br" is not supported'],
    [405, 'DELETE', '', {}, 'events come by POST'],
    [413, 'POST', `{"a":"${'x'.repeat(2000)}"}`, json, 'body_size_limit, 1024 bytes'],
    [
      413,
      'POST',
      new Uint8Array(gzipSync(Buffer.alloc(1_000_000, ' '))),
      { ...json, 'Content-Encoding': 'gzip' },
      'decompression_size_limit, 4096 bytes',
    ],
  ])('%i for %s %s', async (status, method, body, headers, reason) => {
    const driver = await start('body_size_limit 1k\ndecompression_size_limit 4k');
    const got = await post(driver, '/a', body, headers, method);
    expect(got.status).toBe(status);
    expect(got.text).toContain(reason);
    expect(driver.router.events).toEqual([]);
    expect(driver.warnings()).toEqual(['a request was refused']);
    expect(driver.statistics.counters?.responses).toEqual({
      label: 'status',
      values: { [status]: 1 },
    });
  });

  test('dump_error_log false logs no refusal', async () => {
    const driver = await start('dump_error_log false');
    expect((await post(driver, '/a', 'x', json)).status).toBe(400);
    expect(driver.warnings()).toEqual([]);
  });
});

describe('pages of other origins', () => {
  const origin = 'https://app.example.org';
  const preflight = {
    Origin: origin,
    'Access-Control-Request-Method': 'POST',
    'Access-Control-Request-Headers': 'content-type',
  };

  test('without cors_allow_origins no page may ask', async () => {
    const driver = await start();
    expect((await post(driver, '/a', '', preflight, 'OPTIONS')).status).toBe(403);
    // As in Fluentd a browser does not show the answer, but the events are taken.
    expect((await post(driver, '/a', '{"a":1}', { ...json, Origin: origin })).status).toBe(200);
  });

  test.each([
    ['["*"]', '*'],
    ['["https://app.example.org"]', origin],
    ['["https://*.example.org"]', origin],
  ])('%s', async (origins, allowed) => {
    const driver = await start(`cors_allow_origins ${origins}`);
    const asked = await post(driver, '/a', '', preflight, 'OPTIONS');
    expect(asked.status).toBe(200);
    expect(asked.headers.get('access-control-allow-origin')).toBe(allowed);
    expect(asked.headers.get('access-control-allow-methods')).toBe('POST');
    expect(asked.headers.get('access-control-allow-headers')).toBe('content-type');
    const posted = await post(driver, '/a', '{"a":1}', { ...json, Origin: origin });
    expect(posted.headers.get('access-control-allow-origin')).toBe(allowed);
    const wrong = { ...json, Origin: 'https://example.org.evil' };
    const other = await post(driver, '/a', '{"a":1}', wrong);
    expect(other.status).toBe(allowed === '*' ? 200 : 403);
  });

  test('cors_allow_credentials', async () => {
    const driver = await start(`cors_allow_origins ["${origin}"]\ncors_allow_credentials true`);
    const asked = await post(driver, '/a', '', preflight, 'OPTIONS');
    expect(asked.headers.get('access-control-allow-credentials')).toBe('true');
  });
});

describe('what is refused at the start', () => {
  test.each([
    ['add_tag_prefix ""', 'add_tag_prefix must not be empty'],
    ['cors_allow_credentials true', 'needs cors_allow_origins without *'],
    ['cors_allow_credentials true\ncors_allow_origins ["*"]', 'needs cors_allow_origins without *'],
    ['cors_allow_origins ["*.a.*"]', 'more than one *'],
    ['<parse>\n@type nonsense\n</parse>', 'nonsense'],
  ])('%s', (text, message) => {
    expect(() => createDriver(httpInput, text, { plugins: [formats] })).toThrow(message);
  });
});
