import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseConfig } from '@sluice/config';
import type { StoredChunk } from '@sluice/plugin';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { fileStore } from '../src/index.js';
import { describeBuffer, temporaryFolder } from './support/behaviour.js';
import { buffered, events, recordingLog, type LogLine } from './support/buffered.js';

const pathText = (): string => `path ${temporaryFolder()}/buffer`;

describeBuffer('the file store', { definition: fileStore, persistent: true, text: pathText });
describeBuffer('the file store with gzip and without fsync', {
  definition: fileStore,
  persistent: true,
  text: () => `${pathText()}\ncompress gzip\nfsync false`,
});

interface MadeStore {
  readonly store: ReturnType<typeof fileStore.create>;
  readonly resumed: StoredChunk[];
  readonly log: LogLine[];
  readonly close: () => Promise<void>;
}

async function open(
  folder: string,
  text = '',
  workers: { workerId?: number; workers?: number } = {},
): Promise<MadeStore> {
  const element = parseConfig(`<buffer>\npath ${folder}\n${text}\n</buffer>`).elements[0];
  const log: LogLine[] = [];
  const context = { id: 'test', log: recordingLog(log), ...workers };
  const store = fileStore.create(fileStore.section.read(element), context, element);
  await store.start();
  const resumed: StoredChunk[] = [];
  const close = async (): Promise<void> => store.close();
  onTestFinished(close);
  await store.resume((chunk) => resumed.push(chunk));
  return { store, resumed, log, close };
}

async function numbers(chunk: StoredChunk): Promise<unknown[]> {
  return [...(await chunk.read())].map(({ record }) => record.n);
}

/** One chunk on the disk, as a process that is gone has left it. */
async function leave(folder: string, ...groups: number[][]): Promise<string> {
  const { store, close } = await open(folder);
  const chunk = store.create({ tag: 'a' });
  for (const group of groups) await chunk.append(events(...group));
  await chunk.seal();
  await close();
  return path.join(folder, 'worker0', `buffer.${chunk.id}.log`);
}

test('a restart resumes chunks with their ids, keys and events, oldest first', async () => {
  const folder = temporaryFolder();
  const first = await open(folder);
  const metadata = { tag: 'a', timekey: 3600, variables: { user: 'ü' } };
  const chunk = first.store.create(metadata);
  await chunk.append(events(1, 2));
  await chunk.append(events(3));
  await chunk.seal();
  await first.close();
  const { resumed } = await open(folder);
  expect(resumed).toHaveLength(1);
  const [again] = resumed;
  expect(again).toMatchObject({
    id: chunk.id,
    metadata,
    createdAt: chunk.createdAt,
    bytes: chunk.bytes,
    events: 3,
  });
  expect(await numbers(again)).toEqual([1, 2, 3]);
  await again.remove();
  expect(readdirSync(path.join(folder, 'worker0'))).toEqual(['lock']);
});

test('a buffer writes after a restart what it could not write before', async () => {
  const storeText = pathText();
  const make = () =>
    buffered({ definition: fileStore, storeText, text: 'flush_interval 1h\nretry_wait 1h' });
  const first = await make();
  first.sink.act = () => {
    throw new Error('down');
  };
  await first.buffer.write('a', events(1));
  await first.buffer.flush();
  await first.buffer.write('a', events(2));
  await first.stop();
  const second = await make();
  await second.buffer.flush();
  expect(second.sink.written).toEqual([
    ['a', 1],
    ['a', 2],
  ]);
  expect(second.sink.chunks[0]?.id).toBe(first.sink.chunks[0]?.id);
});

test('appends of one turn of the event loop are one record', async () => {
  const folder = temporaryFolder();
  const { store } = await open(folder);
  const chunk = store.create({ tag: 'a' });
  await Promise.all([chunk.append(events(1)), chunk.append(events(2)), chunk.append(events(3))]);
  await chunk.seal();
  const bytes = readFileSync(path.join(folder, 'worker0', `buffer.${chunk.id}.log`));
  expect(bytes.toString('latin1').split('\xc1\x5e\x6d\x00')).toHaveLength(2);
  expect(await numbers(chunk)).toEqual([1, 2, 3]);
});

describe('a file that is cut or flipped at any byte', () => {
  const groups = [[1, 2], [3], [4, 5, 6]];

  async function check(change: (bytes: Buffer, at: number) => Buffer): Promise<void> {
    const folder = temporaryFolder();
    const file = await leave(folder, ...groups);
    const whole = readFileSync(file);
    for (let at = 0; at < whole.length; at += 1) {
      writeFileSync(file, change(whole, at));
      const { resumed, log, close } = await open(folder);
      const found = resumed.length === 0 ? [] : await numbers(resumed[0]);
      // Whole groups in their order, those before the change among them, and at most one is missing.
      const from = boundaries(whole).filter((end) => end <= at).length - 1;
      const expected = groups.filter((_group, index) => index < from).flat();
      expect(found.slice(0, expected.length)).toEqual(expected);
      for (const group of groups) {
        const present = group.filter((n) => found.includes(n));
        expect([[], group]).toContainEqual(present);
      }
      if (found.length === 0 && at > 0) expect(log.length).toBeGreaterThan(0);
      await close();
    }
  }

  /** Where the header and each record end. */
  function boundaries(bytes: Buffer): number[] {
    const ends: number[] = [];
    let at = bytes.indexOf(Buffer.from([0xc1, 0x5e, 0x6d, 0x00]));
    ends.push(at);
    while (at < bytes.length) {
      at += 20 + bytes.readUInt32BE(at + 4);
      ends.push(at);
    }
    return ends;
  }

  test('cut', () => check((bytes, at) => bytes.subarray(0, at)));

  test('flipped', () =>
    check((bytes, at) => {
      const changed = Buffer.from(bytes);
      changed[at] ^= 0xff;
      return changed;
    }));

  test('a copy of what is damaged is set aside, and the rest goes on', async () => {
    const folder = temporaryFolder();
    const file = await leave(folder, [1], [2], [3]);
    const bytes = readFileSync(file);
    bytes[boundaries(bytes)[1] + 22] ^= 1; // in the payload of the second record
    writeFileSync(file, bytes);
    const { resumed, log } = await open(folder);
    expect(await numbers(resumed[0])).toEqual([1, 3]);
    expect(await numbers(resumed[0])).toEqual([1, 3]);
    expect(log.filter(({ level }) => level === 'error')).toHaveLength(1);
    expect(readdirSync(path.join(folder, 'backup'))).toEqual([`${path.basename(file)}.damaged`]);
  });

  test('bytes of an event that look like a record are not taken for one', async () => {
    const other = await leave(temporaryFolder(), [666]);
    const forged = readFileSync(other);
    const record = forged.subarray(boundaries(forged)[0]).toString('latin1');
    const folder = temporaryFolder();
    const { store, close } = await open(folder);
    const chunk = store.create({ tag: 'a' });
    const { EventStream } = await import('@sluice/event-stream');
    await chunk.append(
      EventStream.fromEvents([{ time: 1, record: { n: Buffer.from(record, 'latin1') } }]),
    );
    await chunk.seal();
    await close();
    const file = path.join(folder, 'worker0', `buffer.${chunk.id}.log`);
    const bytes = readFileSync(file);
    bytes[boundaries(bytes)[0] + 10] ^= 1;
    writeFileSync(file, bytes);
    const { resumed } = await open(folder);
    expect(await numbers(resumed[0])).toEqual([]);
  });
});

test('a header of which a disk has lost everything but the beginning is damage like other', async () => {
  const folder = temporaryFolder();
  const file = await leave(folder, [1]);
  const bytes = readFileSync(file);
  bytes.fill(0, 8);
  writeFileSync(file, bytes);
  const { resumed, log } = await open(folder);
  expect(resumed).toEqual([]);
  expect(log.map(({ level }) => level)).toEqual(['error']);
  expect(readdirSync(path.join(folder, 'backup'))).toEqual([`${path.basename(file)}.damaged`]);
});

test('a file that is not a chunk stays where it is', async () => {
  const folder = temporaryFolder();
  mkdirSync(path.join(folder, 'worker0'));
  const file = path.join(folder, 'worker0', 'buffer.b5f1c.log');
  writeFileSync(file, 'of another program');
  const { resumed, log } = await open(folder);
  expect(resumed).toEqual([]);
  expect(log.map(({ level }) => level)).toEqual(['warn']);
  expect(readFileSync(file, 'utf8')).toBe('of another program');
});

test('two buffers of one process cannot have one path', async () => {
  const folder = temporaryFolder();
  await open(folder);
  await expect(open(folder)).rejects.toMatchObject({ code: 'ERR_SLUICE_BUFFER_PATH' });
});

test('fewer workers deliver what the others left', async () => {
  const folder = temporaryFolder();
  const second = await open(folder, '', { workerId: 1, workers: 2 });
  const chunk = second.store.create({ tag: 'a' });
  await chunk.append(events(1));
  await chunk.seal();
  await second.close();
  const two = await open(folder, '', { workerId: 0, workers: 2 });
  expect(two.resumed).toEqual([]);
  await two.close();
  const one = await open(folder, '', { workerId: 0, workers: 1 });
  expect(await numbers(one.resumed[0])).toEqual([1]);
  expect(readdirSync(folder)).toEqual(['worker0']);
});

test('a stop with nobody behind gives no chunk up, however often it tries', async () => {
  const storeText = pathText();
  const text =
    'flush_interval 1h\nflush_at_shutdown true\nretry_max_times 2\ndisable_chunk_backup true';
  const make = () => buffered({ definition: fileStore, storeText, text });
  const first = await make();
  first.sink.act = () => {
    throw new Error('down');
  };
  await first.buffer.write('a', events(1));
  const ended = first.buffer.afterShutdown();
  for (let tries = 1; tries <= 4; tries++) {
    await vi.waitFor(() => expect(first.buffer.statistics().retry?.steps).toBe(tries), {
      interval: 2,
    });
    await first.clock.advance(100);
  }
  await first.clock.advance(60_000);
  await ended;
  await first.store.close();
  const second = await make();
  await second.buffer.flush();
  expect(second.sink.written).toEqual([['a', 1]]);
});
