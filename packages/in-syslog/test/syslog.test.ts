import { execFile } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { promisify } from 'node:util';
import * as formats from '@sluice/formats';
import { createDriver, type Driver } from '@sluice/plugin/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { syslogInput } from '../src/index.js';

const run = promisify(execFile);
const old = '<6>Feb 28 12:00:00 192.168.0.1 fluentd[11111]: hello';
const fields = { host: '192.168.0.1', ident: 'fluentd', pid: '11111', message: 'hello' };

/** An input that runs until the end of the test. */
async function start(text: string): Promise<Driver<'input'>> {
  const configuration = `port 0\nbind 127.0.0.1\ntag system\n${text}`;
  const driver = createDriver(syslogInput, configuration, { plugins: [formats] });
  onTestFinished(async () => {
    await driver.stop();
  });
  return driver.start();
}

function portOf(driver: Driver<'input'>): number {
  return Number(driver.log.find(({ text }) => text.startsWith('listening'))?.fields.port);
}

async function send(driver: Driver<'input'>, ...texts: string[]): Promise<void> {
  const socket = createSocket('udp4');
  for (const text of texts) {
    await new Promise((resolve) => socket.send(text, portOf(driver), '127.0.0.1', resolve));
  }
  socket.close();
}

async function client(driver: Driver<'input'>): Promise<Socket> {
  const socket = connect(portOf(driver), '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  return socket;
}

const events = (driver: Driver<'input'>) =>
  driver.router.events.map(({ tag, record }) => [tag, record]);

describe('UDP', () => {
  test('facility and severity stand in the tag', async () => {
    const driver = await start('');
    await send(driver, `${old}\n`, old.replace('<6>', '<165>'));
    await driver.router.received(2);
    expect(events(driver)).toEqual([
      ['system.kern.info', fields],
      ['system.local4.notice', fields],
    ]);
  });

  test('the keys', async () => {
    const driver = await start(
      'severity_key severity\nfacility_key facility\nsource_address_key addr\nsource_hostname_key name',
    );
    await send(driver, old);
    await driver.router.received();
    const name = expect.any(String) as string;
    expect(events(driver)).toEqual([
      [
        'system.kern.info',
        { ...fields, severity: 'info', facility: 'kern', addr: '127.0.0.1', name },
      ],
    ]);
  });

  test('RFC 5424, and both by auto', async () => {
    const driver = await start('<parse>\nmessage_format auto\n</parse>');
    await send(driver, '<16>1 2017-02-06T13:14:15.003Z host app - - - Hi!', old);
    const [first] = await driver.router.received(2);
    expect(first.time.toString()).toBe('2017-02-06T13:14:15.003000000Z');
    expect(first).toMatchObject({ tag: 'system.mail.emerg', record: { message: 'Hi!' } });
  });

  test('what does not parse is counted, logged and, if wanted, emitted', async () => {
    const driver = await start('emit_unmatched_lines true\nsource_address_key addr');
    await send(driver, 'no syslog');
    await driver.router.received();
    expect(events(driver)).toEqual([
      ['system.unmatched', { unmatched_line: 'no syslog', addr: '127.0.0.1' }],
    ]);
    expect(driver.warnings()).toEqual(['failed to parse message']);
    expect(driver.statistics.counters).toMatchObject({ messages: 1, unmatched_messages: 1 });
  });

  test('another parser gets the message without its priority', async () => {
    const driver = await start('<parse>\n@type json\n</parse>');
    await send(driver, '<30>{"a":1}', '{"a":2}', '<999>{"a":3}');
    await driver.router.received(2);
    expect(events(driver)).toEqual([
      ['system.daemon.info', { a: 1 }],
      ['system..debug', { a: 3 }],
    ]);
  });

  test('with_priority false leaves the priority to the input', async () => {
    const driver = await start('<parse>\nwith_priority false\n</parse>');
    await send(driver, old);
    await driver.router.received();
    expect(events(driver)).toEqual([['system.kern.info', fields]]);
  });
});

describe('TCP', () => {
  test('a newline behind each message', async () => {
    const driver = await start('<transport tcp>\n</transport>');
    const socket = await client(driver);
    socket.write(`${old}\n${old.slice(0, 20)}`);
    await driver.router.received(1);
    socket.write(`${old.slice(20)}\n`);
    await driver.router.received(2);
    expect(events(driver)).toEqual(Array(2).fill(['system.kern.info', fields]));
  });

  test.each([1, 5, 1000])('octet counting, %i bytes at a time', async (size) => {
    const driver = await start(
      'frame_type octet_count\nframe_length_limit 60\n<transport tcp>\n</transport>',
    );
    const socket = await client(driver);
    socket.setNoDelay(true);
    const twoLines = `${old}\nline`;
    const bytes = Buffer.from(
      `${old.length} ${old}${twoLines.length} ${twoLines}70 ${'x'.repeat(70)}${old.length} ${old}`,
    );
    for (let at = 0; at < bytes.length; at += size) {
      await new Promise((resolve) => socket.write(bytes.subarray(at, at + size), resolve));
    }
    await driver.router.received(3);
    expect(driver.router.events.map(({ record }) => record.message)).toEqual(
      Array(3).fill('hello'),
    );
    expect(driver.statistics.counters).toMatchObject({ too_long_messages: 1, messages: 3 });
  });

  test('a peer that does not count is sent away', async () => {
    const driver = await start('frame_type octet_count\n<transport tcp>\n</transport>');
    const socket = await client(driver);
    socket.on('error', () => undefined);
    socket.write(`${old}\n`);
    await new Promise<void>((resolve) => socket.once('close', () => resolve()));
    expect(driver.router.events).toEqual([]);
  });

  test('a busy output holds the peer back', async () => {
    const driver = await start('<transport tcp>\n</transport>');
    const socket = await client(driver);
    driver.router.answer = 'hold';
    socket.write(`${old}\n`);
    await driver.router.received(1);
    socket.write(`${old}\n`);
    // A peer that comes later is served; what the first one sent after is not read.
    (await client(driver)).write(`${old.replace('hello', 'other')}\n`);
    await driver.router.received(2);
    const messages = driver.router.events.map(({ record }) => record.message);
    expect(messages).toEqual(['hello', 'other']);
    driver.router.answer = 'keep';
    driver.router.release();
    await driver.router.received(3);
  });

  test('TLS', async () => {
    const driver = await start('<transport tls>\ninsecure true\n</transport>');
    const port = portOf(driver);
    const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false });
    onTestFinished(() => void socket.destroy());
    socket.write(`${old}\n`);
    await driver.router.received(1);
  });
});

describe('logger(1)', () => {
  test.each([
    ['--udp', '--rfc3164', '', 'rfc3164'],
    ['--udp', '--rfc5424', '', 'rfc5424'],
    ['--tcp', '--rfc3164', '<transport tcp>\n</transport>\n', 'rfc3164'],
    ['--tcp', '--rfc5424', '<transport tcp>\n</transport>\n', 'rfc5424'],
    ['--tcp', '--octet-count', 'frame_type octet_count\n<transport tcp>\n</transport>\n', 'auto'],
  ])('%s %s', async (protocol, format, text, messageFormat) => {
    const driver = await start(`${text}<parse>\nmessage_format ${messageFormat}\n</parse>`);
    const to = ['-n', '127.0.0.1', '-P', String(portOf(driver)), '-t', 'app', '-p', 'user.err'];
    await run('logger', [protocol, format, ...to, 'hello from logger']);
    const [{ tag, record }] = await driver.router.received();
    expect(tag).toBe('system.user.err');
    expect(record).toMatchObject({ ident: 'app', message: 'hello from logger' });
  });
});

describe('what is refused', () => {
  test.each([
    ['', 'tag is required'],
    ['tag ""', 'tag must not be empty'],
    ['tag a\nsend_keepalive_packet true', 'send_keepalive_packet is for tcp and tls'],
    ['tag a\ninclude_source_host true\nsource_address_key a', 'include_source_host'],
    ['tag a\nresolve_hostname false\nsource_hostname_key a', 'resolve_hostname false'],
    ['tag a\n<parse>\n@type nothing\n</parse>', 'nothing'],
  ])('%s', (text, message) => {
    expect(() => createDriver(syslogInput, text, { plugins: [formats] })).toThrow(message);
  });
});
