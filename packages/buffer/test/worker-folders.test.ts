import { readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { lockByNumber, lockFolder } from '../src/file/folder-lock.js';
import { WorkerFolders } from '../src/file/worker-folders.js';
import { temporaryFolder } from './support/behaviour.js';

function folders(root: string, workerId = 0, workers = 1): WorkerFolders {
  const made = new WorkerFolders({
    root,
    workerId,
    workers,
    mode: 0o755,
    isChunk: (name) => name.endsWith('.log'),
  });
  onTestFinished(() => made.close());
  made.open();
  return made;
}

test('during a reload the new worker has a folder of its own, and takes over when the old one ends', () => {
  const root = temporaryFolder();
  const old = folders(root);
  writeFileSync(path.join(old.own, 'a.log'), '1');
  const young = folders(root);
  expect(young.own).toBe(path.join(root, 'worker0.1'));
  expect(young.takeOver()).toEqual({ files: [], more: true });
  old.close();
  expect(young.takeOver()).toEqual({ files: [path.join(young.own, 'a.log')], more: false });
  expect(readdirSync(root)).toEqual(['worker0.1']);
});

test('workers leave the folders of each other alone', () => {
  const root = temporaryFolder();
  const first = folders(root, 0, 2);
  writeFileSync(path.join(first.own, 'a.log'), '1');
  first.close();
  expect(folders(root, 1, 2).takeOver()).toEqual({ files: [], more: false });
});

test('a folder has one lock', () => {
  const folder = temporaryFolder();
  const unlock = lockFolder(folder);
  expect(lockFolder(folder)).toBeUndefined();
  unlock?.();
  const again = lockFolder(folder);
  expect(again).toBeDefined();
  again?.();
});

test('without flock a lock holds for as long as its process lives', () => {
  const file = path.join(temporaryFolder(), 'lock');
  const unlock = lockByNumber(file);
  expect(lockByNumber(file)).toBeUndefined();
  unlock?.();
  writeFileSync(file, '4194305 1'); // no process has such a number
  const again = lockByNumber(file);
  expect(again).toBeDefined();
  again?.();
});
