import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import * as formats from '@sluice/formats';
import type { InputDefinition } from '@sluice/plugin';
import { createDriver, type Driver } from '@sluice/plugin/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { tcpInput, udpInput } from '../src/index.js';

const json = '<parse>\n@type json\n</parse>';
const none = '<parse>\n@type none\n</parse>';

/** An input that runs until the end of the test. */
async function start(definition: InputDefinition, text: string): Promise<Driver<'input'>> {
  const configuration = `port 0\nbind 127.0.0.1\ntag app\n${text}`;
  const driver = createDriver(definition, configuration, { plugins: [formats] });
  onTestFinished(async () => {
    await driver.stop();
  });
  return driver.start();
}

function portOf(driver: Driver<'input'>): number {
  return Number(driver.log.find(({ text }) => text.startsWith('listening'))?.fields.port);
}

async function client(driver: Driver<'input'>): Promise<Socket> {
  const socket = connect(portOf(driver), '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  return socket;
}

/** Resolves when it is closed, by a reset, too. */
function closed(socket: Socket): Promise<void> {
  socket.on('error', () => undefined);
  return new Promise((resolve) => socket.once('close', () => resolve()));
}

const records = (driver: Driver<'input'>) => driver.router.events.map(({ record }) => record);

describe('tcp', () => {
  test('each line is an event, however the lines come', async () => {
    const driver = await start(tcpInput, json);
    const socket = await client(driver);
    socket.write('{"a":1,"time":5}\n{"a"');
    await driver.router.received(1);
    socket.write(':2}\n{"a":3}\n');
    const [first] = await driver.router.received(3);
    expect(first).toMatchObject({ tag: 'app', time: { seconds: 5 } });
    expect(records(driver)).toEqual([{ a: 1 }, { a: 2 }, { a: 3 }]);
    expect(driver.statistics.counters).toMatchObject({ texts: 3, events: 3, unmatched_texts: 0 });
  });

  test('a text that does not parse is logged and counted, and the others go on', async () => {
    const driver = await start(tcpInput, json);
    (await client(driver)).write('{"a":1}\nnot json\n{"a":2}\n');
    await driver.router.received(2);
    expect(records(driver)).toEqual([{ a: 1 }, { a: 2 }]);
    expect(driver.warnings()).toEqual(['pattern not matched']);
    const line = driver.log.find(({ level }) => level === 'warn');
    expect(line?.fields).toMatchObject({ message: 'not json', reason: 'json: no JSON' });
    expect(driver.statistics.counters).toMatchObject({ unmatched_texts: 1 });
  });

  test('<extract> takes the tag, and the time where the parser finds none', async () => {
    const driver = await start(
      tcpInput,
      `blocking_timeout 0.5
<parse>
@type json
time_key none
estimate_current_event false
</parse>
<extract>
tag_key t
time_key at
time_type string
time_format %Y-%m-%d %H:%M:%S
utc true
</extract>`,
    );
    const lines = [
      { t: 'a', n: 1, at: '2026-01-02 03:04:05' },
      { n: 2 },
      { t: 'b', n: 3 },
      { t: 'a', n: 4 },
      { n: 5, at: 'never' },
      { t: 6, n: 6 },
    ];
    (await client(driver)).write(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    await driver.router.received(5);
    const events = driver.router.events.map(({ tag, record }) => [tag, record]);
    expect(events).toHaveLength(5);
    expect(events).toEqual(
      expect.arrayContaining([
        ['a', { n: 1 }],
        ['app', { n: 2 }],
        ['b', { n: 3 }],
        ['6', { n: 6 }],
      ]),
    );
    const ofA = driver.router.events.filter(({ tag }) => tag === 'a');
    expect(ofA.map(({ record }) => record)).toEqual([{ n: 1 }, { n: 4 }]);
    expect(ofA[0].time.seconds).toBe(Date.UTC(2026, 0, 2, 3, 4, 5) / 1000);
    expect(driver.warnings()).toEqual(['pattern not matched']);
  });

  test('delimiter, message_length_limit and the keys of the source', async () => {
    const driver = await start(
      tcpInput,
      `delimiter "--"\nmessage_length_limit 5\nsource_address_key addr\nsource_hostname_key host\n${none}`,
    );
    (await client(driver)).write('one--much too long--two--');
    await driver.router.received(2);
    const source = { addr: '127.0.0.1', host: expect.any(String) as string };
    expect(records(driver)).toEqual([
      { message: 'one', ...source },
      { message: 'two', ...source },
    ]);
    expect(driver.statistics.counters).toMatchObject({ too_long_texts: 1 });
  });

  test('a busy output holds the peer back', async () => {
    const driver = await start(tcpInput, none);
    const socket = await client(driver);
    driver.router.answer = 'hold';
    socket.write('first\n');
    await driver.router.received(1);
    socket.write('second\n');
    // A peer that comes later is served; what the first one sent after is not read.
    (await client(driver)).write('other\n');
    await driver.router.received(2);
    expect(records(driver).map(({ message }) => message)).toEqual(['first', 'other']);
    driver.router.answer = 'keep';
    driver.router.release();
    await driver.router.received(3);
  });

  test('where the events are not kept the connection is closed', async () => {
    const driver = await start(tcpInput, json);
    driver.router.answer = new Error('the disk is full');
    const socket = await client(driver);
    socket.write('{"a":1}\n');
    await closed(socket);
    const lines = driver.log.map(
      ({ fields, text }) => `${text} ${Object.values(fields).join(' ')}`,
    );
    expect(lines.join('\n')).toContain('the disk is full');
  });

  test('<security> refuses whom no <client> names', async () => {
    const security = '<security>\n<client>\nnetwork 192.0.2.0/24\n</client>\n</security>\n';
    const driver = await start(tcpInput, security + json);
    const socket = connect(portOf(driver), '127.0.0.1');
    await closed(socket);
    expect(driver.router.events).toEqual([]);
    const named = '<security>\n<client>\nhost localhost\n</client>\n</security>\n';
    const open = await start(tcpInput, named + json);
    (await client(open)).write('{"a":1}\n');
    await open.router.received(1);
  });

  test('TLS', async () => {
    const driver = await start(tcpInput, `<transport tls>\ninsecure true\n</transport>\n${json}`);
    const port = portOf(driver);
    const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false });
    onTestFinished(() => void socket.destroy());
    socket.write('{"a":1}\n');
    await driver.router.received(1);
  });
});

describe('udp', () => {
  async function send(driver: Driver<'input'>, ...texts: string[]): Promise<void> {
    const socket = createSocket('udp4');
    for (const text of texts) {
      await new Promise((resolve) => socket.send(text, portOf(driver), '127.0.0.1', resolve));
    }
    socket.close();
  }

  test('<extract> keeps the fields that it is told to keep', async () => {
    const driver = await start(
      udpInput,
      `${json}\n<extract>\ntag_key t\nkeep_tag_key true\n</extract>`,
    );
    const socket = createSocket('udp4');
    socket.send('{"t":"x.y","n":1,"time":7}', portOf(driver), '127.0.0.1', () => socket.close());
    const [{ tag, record, time }] = await driver.router.received(1);
    expect([tag, record, time.seconds]).toEqual(['x.y', { t: 'x.y', n: 1 }, 7]);
  });

  test('each datagram is a text, without its line end', async () => {
    const driver = await start(
      udpInput,
      `source_address_key addr\nsource_hostname_key host\n${none}`,
    );
    await send(driver, 'one\r\n', 'two\n\n');
    await driver.router.received(2);
    expect(records(driver)).toMatchObject([
      { message: 'one', addr: '127.0.0.1', host: expect.any(String) as string },
      { message: 'two\n', addr: '127.0.0.1' },
    ]);
  });

  test('remove_newline false and message_length_limit', async () => {
    const driver = await start(udpInput, `remove_newline false\nmessage_length_limit 4\n${none}`);
    await send(driver, 'one\n', 'longer');
    await driver.router.received(2);
    expect(records(driver)).toEqual([{ message: 'one\n' }, { message: 'long' }]);
  });

  test('what waits for a busy output is bounded, and what is dropped is counted', async () => {
    const transport = '<transport udp>\nmax_queued_bytes 600\n</transport>\n';
    const driver = await start(udpInput, transport + none);
    driver.router.answer = 'hold';
    await send(driver, 'first');
    await driver.router.received(1);
    await send(driver, ...Array.from({ length: 20 }, (_, index) => `number ${index}`));
    const [server] = driver.plugin.startedServers!.servers;
    // Each datagram counts with what it costs beside its bytes: two of them fit.
    await expect.poll(() => Object.values(server.stats().datagramsDropped)).toEqual([18]);
    driver.router.answer = 'keep';
    driver.router.release();
    await driver.router.received(3);
  });
});

describe('what is refused', () => {
  test.each([
    [tcpInput, 'tag app', '@type'],
    [tcpInput, json, 'tag'],
    [tcpInput, `tag app\ndelimiter ""\n${json}`, 'delimiter must not be empty'],
    [tcpInput, `tag app\n<security>\n<client>\n</client>\n</security>\n${json}`, 'host or network'],
    [
      tcpInput,
      `tag app\n<security>\n<client>\nnetwork 1.2.3.4/40\n</client>\n</security>\n${json}`,
      'is not a network',
    ],
    [udpInput, `tag app\nmessage_length_limit 1m\n${json}`, 'message_length_limit'],
  ])('%#', (definition, text, message) => {
    expect(() => createDriver(definition, text, { plugins: [formats] })).toThrow(message);
  });
});
