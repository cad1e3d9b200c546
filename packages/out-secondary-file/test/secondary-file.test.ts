import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { parseConfig } from '@sluice/config';
import { EventStream } from '@sluice/event-stream';
import type { ChunkInfo, Output } from '@sluice/plugin';
import { silentLogger } from '@sluice/server';
import { expect, onTestFinished, test } from 'vitest';
import { secondaryFileOutput } from '../src/index.js';

const chunk: ChunkInfo = {
  id: 'abc',
  metadata: { tag: 'app.web', timekey: 1_700_000_000, variables: { user: '../root' } },
};

function temporaryFolder(): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'sluice-secondary-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function output(folder: string, text = ''): Output {
  const source = `<secondary>\ndirectory ${folder}\n${text}\n</secondary>`;
  const element = parseConfig(source).elements[0];
  const config = secondaryFileOutput.section.read(element);
  return secondaryFileOutput.create(config, { id: 'test', log: silentLogger }, element);
}

const events = (...ns: number[]): EventStream =>
  EventStream.fromEvents(ns.map((n) => ({ time: 1, record: { n } })));

function read(bytes: Buffer): unknown[] {
  return [...EventStream.fromPacked(bytes)].map(({ record }) => record.n);
}

test('writes each chunk into a new, numbered file, as MessagePack', async () => {
  const folder = temporaryFolder();
  const file = output(folder);
  await Promise.all([file.write('a', events(1, 2)), file.write('a', events(3))]);
  expect(readdirSync(folder).sort()).toEqual(['dump.bin.0', 'dump.bin.1']);
  expect(read(readFileSync(path.join(folder, 'dump.bin.0')))).toEqual([1, 2]);
  expect(file.statistics().counters).toEqual({ written_chunks: 2 });
});

test('append grows one file', async () => {
  const folder = temporaryFolder();
  const file = output(folder, 'append true');
  await file.write('a', events(1));
  await file.write('a', events(2));
  expect(read(readFileSync(path.join(folder, 'dump.bin')))).toEqual([1, 2]);
});

test('compress gzip', async () => {
  const folder = temporaryFolder();
  const file = output(folder, 'append true\ncompress gzip');
  await file.write('a', events(1));
  await file.write('a', events(2));
  expect(read(gunzipSync(readFileSync(path.join(folder, 'dump.bin.gz'))))).toEqual([1, 2]);
});

test('fills placeholders in by the chunk, and stays in its folder', async () => {
  const folder = temporaryFolder();
  const file = output(folder, 'append true\nbasename ${tag[1]}-${user}-${chunk_id}-%Y');
  await file.write('app.web', events(1), chunk);
  expect(readdirSync(folder)).toEqual(['web-.._root-abc-2023']);
});

test('a placeholder without a value can never be written', async () => {
  const file = output(temporaryFolder(), 'basename ${host}');
  await expect(file.write('a', events(1), chunk)).rejects.toMatchObject({
    code: 'ERR_SLUICE_UNRECOVERABLE',
  });
});
