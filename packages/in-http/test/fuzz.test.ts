import type { IncomingMessage } from 'node:http';
import { parseConfig } from '@sluice/config';
import { encodeValue } from '@sluice/event-stream';
import * as formats from '@sluice/formats';
import { defineInput, Input } from '@sluice/plugin';
import { createDriver } from '@sluice/plugin/testing';
import { expect, test } from 'vitest';
import { recordReader, type RecordReader } from '../src/record-reader.js';
import { RequestRefusal } from '../src/refusal.js';
import { RequestEvents, targetOf } from '../src/request-events.js';
import { httpSection } from '../src/section.js';
import { json, post, Raw, start } from './support.js';

/** Numbers that are the same in each run (mulberry32). */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

type Random = ReturnType<typeof numbers>;

function pick<T>(random: Random, list: readonly T[]): T {
  return list[random(list.length)];
}

/** A text with bytes changed, left out and doubled. */
function mutated(random: Random, text: Buffer): Buffer {
  let bytes = Buffer.from(text);
  for (let times = random(4); times > 0; times--) {
    const at = random(bytes.length + 1);
    const length = random(8);
    if (random(3) === 0)
      bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
    else if (random(2) === 0)
      bytes = Buffer.concat([bytes.subarray(0, at + length), bytes.subarray(at)]);
    else if (at < bytes.length) bytes[at] = random(256);
  }
  return bytes;
}

const bodies = [
  '{"a":1,"time":1700000000.5,"b":{"c":[1,null,true,"x\\u0000"]}}',
  '[{"a":1},{"__proto__":2,"constructor":3}]',
  '{"a":1}\n{"a":2}\r\n{"a":12345678901234567890}\n',
  'json=%7B%22a%22%3A1%7D&time=5&x=%&y',
  '--b\r\nContent-Disposition: form-data; name="json"\r\n\r\n{"a":1}\r\n--b--\r\n',
  encodeValue([{ a: 1 }, { b: [{}, null, 1.5, Buffer.from('x')] }]),
].map((body) => Buffer.from(body as string));
const types = [
  'application/json',
  'application/x-ndjson',
  'application/msgpack',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=b',
  'text/plain',
  '',
];

/** What the input does with a body, without its sockets; `parameters` of its section. */
function requestEvents(parameters: string): RequestEvents {
  let reader!: RecordReader;
  const probe = defineInput({
    type: 'http',
    description: 'The inside of the input.',
    section: httpSection,
    create: (_config, context, element) => {
      reader = recordReader(context, element);
      return new (class extends Input {})(context);
    },
  });
  createDriver(probe, '', { plugins: [formats] });
  const element = parseConfig(`<source>\n${parameters}\n</source>`, { path: 'fuzz.conf' })
    .elements[0];
  return new RequestEvents(httpSection.read(element), reader, false);
}

test('100,000 bodies become events or a refusal', () => {
  const random = numbers(20_261_124);
  const events = requestEvents('add_query_params true\nadd_remote_addr true');
  let taken = 0;
  for (let count = 0; count < 100_000; count++) {
    const headers = { 'content-type': pick(random, types) };
    const target = targetOf(
      String(mutated(random, Buffer.from('/a/b?time=1&json={}&x'))),
      undefined,
    );
    const request = { headers, rawHeaders: [] } as unknown as IncomingMessage;
    try {
      const stream = events.streamOf(request, target, mutated(random, pick(random, bodies)), '::1');
      taken += stream.count;
      for (const { record } of stream) expect(record.REMOTE_ADDR).toBe('::1');
    } catch (error) {
      if (!(error instanceof RequestRefusal)) throw error;
    }
  }
  expect(taken).toBeGreaterThan(10_000);
}, 120_000);

test('30,000 JSON bodies give the same events with and without objects between', () => {
  const random = numbers(20_261_125);
  const straight = requestEvents('');
  const byObjects = requestEvents('add_remote_addr true');
  const request = {
    headers: { 'content-type': 'application/json' },
    rawHeaders: [],
  } as unknown as IncomingMessage;
  const target = targetOf('/a', undefined);
  function records(events: RequestEvents, body: Buffer): unknown {
    try {
      return [...events.streamOf(request, target, body, '::1')].map(({ record }) => {
        delete record.REMOTE_ADDR;
        return record;
      });
    } catch (error) {
      if (!(error instanceof RequestRefusal)) throw error;
      return 'refused';
    }
  }
  let taken = 0;
  for (let count = 0; count < 30_000; count++) {
    const body = mutated(random, bodies[random(3)]);
    const found = records(straight, body);
    expect(found).toEqual(records(byObjects, body));
    if (found !== 'refused') taken++;
  }
  expect(taken).toBeGreaterThan(5000);
}, 120_000);

test('1,000 connections with broken requests leave nothing behind', async () => {
  const random = numbers(7);
  const driver = await start('dump_error_log false\nkeepalive_timeout 1h');
  const whole = Buffer.from(
    'POST /a?x=1 HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n' +
      '7\r\n{"a":1}\r\n0\r\n\r\nPOST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 7\r\n\r\n{"a":2}',
  );
  for (let count = 0; count < 1000; count += 20) {
    await Promise.all(
      Array.from({ length: 20 }, async () => {
        const raw = new Raw(driver);
        raw.socket.end(mutated(random, whole));
        await raw.closed;
        if (raw.text !== '') expect(raw.text).toMatch(/^HTTP\/1\.1 [1-5]\d\d /);
      }),
    );
  }
  expect(driver.statistics.gauges).toEqual({ in_flight_bytes: 0 });
  expect((await post(driver, '/a', '{"a":1}', json)).status).toBe(200);
  expect(driver.log.filter(({ level }) => level === 'error')).toEqual([]);
}, 120_000);
