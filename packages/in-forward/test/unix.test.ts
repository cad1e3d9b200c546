import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { encodeValue } from '@sluice/event-stream';
import { createDriver } from '@sluice/plugin/testing';
import { expect, onTestFinished, test } from 'vitest';
import { unixInput } from '../src/index.js';

function freshPath(): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'sluice-unix-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return path.join(folder, 'made/here/events.sock');
}

test('all forms of the protocol come in, as MessagePack and as JSON', async () => {
  const file = freshPath();
  const driver = createDriver(unixInput, `path ${file}\nunix_perm 0600`);
  onTestFinished(async () => {
    await driver.stop();
  });
  await driver.start();
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const packed = encodeValue([7, { n: 3 }]);
  for (const [index, message] of [
    encodeValue(['a', 5, { n: 1 }]),
    encodeValue(['b', [[6, { n: 2 }]]]),
    encodeValue(['c', packed]),
    Buffer.from('["d",8,{"n":4}]'),
  ].entries()) {
    connect(file).end(message);
    await driver.router.received(index + 1);
  }
  expect(
    driver.router.events.map(({ tag, time, record }) => [tag, time.seconds, record.n]),
  ).toEqual([
    ['a', 5, 1],
    ['b', 6, 2],
    ['c', 7, 3],
    ['d', 8, 4],
  ]);
  expect(driver.log.map(({ text }) => text)).toEqual([`listening on unix ${file}`]);
});

test('tag replaces the one that came', async () => {
  const file = freshPath();
  const driver = createDriver(unixInput, `path ${file}\ntag local`);
  onTestFinished(async () => {
    await driver.stop();
  });
  await driver.start();
  connect(file).end(encodeValue(['a', 5, { n: 1 }]));
  expect(await driver.router.received()).toMatchObject([{ tag: 'local' }]);
});

test.each([
  ['path ""', 'path must not be empty'],
  ['tag ""', 'tag must not be empty'],
  ['unix_perm 99', 'unix_perm must be octal digits'],
])('%s is refused', (text, message) => {
  expect(() => createDriver(unixInput, text)).toThrow(message);
});
