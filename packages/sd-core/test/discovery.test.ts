import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseConfig } from '@sluice/config';
import type { Service, ServiceDiscovery, ServiceDiscoveryDefinition } from '@sluice/plugin';
import { expect, onTestFinished, test } from 'vitest';
import { fileServiceDiscovery, srvServiceDiscovery, staticServiceDiscovery } from '../src/index.js';

/** Made from a text, closed with the test; its errors and warnings are kept. */
function make(definition: ServiceDiscoveryDefinition, text: string) {
  const root = parseConfig(`<service_discovery>\n${text}\n</service_discovery>\n`, { path: 'x' });
  const element = root.elements[0];
  const said: string[] = [];
  const waiting = new Set<() => void>();
  const say = (_fields: object, message: string): void => {
    said.push(message);
    for (const check of waiting) check();
  };
  const quiet = (): void => undefined;
  const log = { trace: quiet, debug: quiet, info: quiet, warn: say, error: say };
  const found: ServiceDiscovery = definition.create(
    definition.section.read(element),
    { id: 'sd', log },
    element,
  );
  onTestFinished(async () => found.close());
  return {
    found,
    said: (words: RegExp): Promise<void> =>
      new Promise((resolve) => {
        const check = (): void => {
          if (said.some((message) => words.test(message))) resolve();
        };
        waiting.add(check);
        check();
      }),
    changed: (): Promise<readonly Service[]> =>
      new Promise((resolve) => {
        const end = found.onChange((services) => {
          end();
          resolve(services);
        });
      }),
  };
}

test('static has the servers of the configuration', async () => {
  const { found } = make(
    staticServiceDiscovery,
    '<service>\nhost a\nweight 30\n</service>\n<service>\nhost b\nport 5\nstandby true\n</service>',
  );
  await found.start();
  expect(found.services()).toMatchObject([
    { host: 'a', port: 24_224, weight: 30, standby: false },
    { host: 'b', port: 5, weight: 60, standby: true },
  ]);
  expect(() => make(staticServiceDiscovery, '')).toThrow(/<service>/);
});

function temporaryFile(text: string): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'sluice-sd-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = path.join(folder, 'servers.yml');
  writeFileSync(file, text);
  return file;
}

test('file is read again when it is written or replaced; a broken one changes nothing', async () => {
  const file = temporaryFile('- host: a\n  shared_key: k\n- host: b\n  port: 7\n');
  const { found, changed, said } = make(fileServiceDiscovery, `path ${file}`);
  await found.start();
  expect(found.services()).toEqual([
    { host: 'a', port: 24_224, sharedKey: 'k' },
    { host: 'b', port: 7 },
  ]);
  let next = changed();
  writeFileSync(file, '[{"host": "c", "weight": 1, "standby": true}]');
  expect(await next).toEqual([{ host: 'c', port: 24_224, weight: 1, standby: true }]);
  writeFileSync(file, '- host: d\n  prot: 5\n');
  await said(/server 1: unknown prot.*the servers stay as they were/);
  expect(found.services()[0].host).toBe('c');
  next = changed();
  writeFileSync(`${file}.new`, '- host: e\n');
  renameSync(`${file}.new`, file);
  expect(await next).toEqual([{ host: 'e', port: 24_224 }]);
});

test.each([
  ['host: a', /expected a list of servers/],
  ['- port: 5', /server 1: host is missing/],
  ['- host: a\n- host: b\n  port: x', /server 2: port: expected a number from 1 to 65535/],
  ['- {', /servers.yml/],
])('file refuses %j at the start', async (text, message) => {
  const { found } = make(fileServiceDiscovery, `path ${temporaryFile(text)}`);
  await expect(Promise.resolve(found.start())).rejects.toThrow(message);
});

/** A DNS server with SRV records that a test may change; every host has the address 127.0.0.1. */
async function dnsServer(
  records: { host: string; port: number; weight: number; priority: number }[],
) {
  const socket = createSocket('udp4');
  const name = (text: string): Buffer =>
    Buffer.concat([
      ...text.split('.').map((part) => Buffer.concat([Buffer.of(part.length), Buffer.from(part)])),
      Buffer.of(0),
    ]);
  const answer = (type: number, data: Buffer): Buffer => {
    const head = Buffer.from([0xc0, 12, 0, type, 0, 1, 0, 0, 0, 1, 0, data.length]);
    return Buffer.concat([head, data]);
  };
  const asked: number[] = [];
  socket.on('message', (query, from) => {
    const end = query.indexOf(0, 12) + 5;
    const type = query.readUInt16BE(end - 4);
    asked.push(type);
    const answers =
      type === 33
        ? records.map(({ host, port, weight, priority }) => {
            const fields = Buffer.alloc(6);
            fields.writeUInt16BE(priority, 0);
            fields.writeUInt16BE(weight, 2);
            fields.writeUInt16BE(port, 4);
            return answer(33, Buffer.concat([fields, name(host)]));
          })
        : [answer(1, Buffer.of(127, 0, 0, 1))];
    const head = Buffer.from([query[0], query[1], 0x81, 0x80, 0, 1, 0, answers.length, 0, 0, 0, 0]);
    socket.send(
      Buffer.concat([head, query.subarray(12, end), ...answers]),
      from.port,
      from.address,
    );
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  onTestFinished(() => void socket.close());
  return { port: socket.address().port, asked };
}

test('srv has the servers of the records, and follows them', async () => {
  const records = [
    { host: 'spare.test', port: 3, weight: 9, priority: 20 },
    { host: 'a.test', port: 1, weight: 0, priority: 10 },
  ];
  const dns = await dnsServer(records);
  const { found, changed } = make(
    srvServiceDiscovery,
    `service forward\nhostname test\ndns_server_host 127.0.0.1:${dns.port}\ninterval 0.02\nshared_key k`,
  );
  await found.start();
  expect(found.services()).toEqual([
    { host: '127.0.0.1', port: 1, name: 'a.test', weight: 1, standby: false, sharedKey: 'k' },
    { host: '127.0.0.1', port: 3, name: 'spare.test', weight: 9, standby: true, sharedKey: 'k' },
  ]);
  const next = changed();
  records.shift();
  expect(await next).toMatchObject([{ name: 'a.test' }]);
});

test('srv without dns_lookup leaves names to whoever connects; wrong servers are refused', async () => {
  const dns = await dnsServer([{ host: 'a.test', port: 1, weight: 5, priority: 1 }]);
  const text = (server: string): string =>
    `service forward\nhostname test\ndns_server_host ${server}\ndns_lookup false`;
  const { found } = make(srvServiceDiscovery, text(`127.0.0.1:${dns.port}`));
  await found.start();
  expect(found.services()).toMatchObject([{ host: 'a.test', name: 'a.test', weight: 5 }]);
  expect(dns.asked).toEqual([33]);
  expect(() => make(srvServiceDiscovery, text('dns.example'))).toThrow(/expected an address/);
});
