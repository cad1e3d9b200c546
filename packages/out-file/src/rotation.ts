import { open, readdir, rm, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import type { Logger } from '@sluice/server';
import type { FileName } from './path-template.js';

/** `app.log` and 3 are `app_3.log`. Fluentd numbers its files in the same way. */
export function numberedPath({ base, suffix }: FileName, number: number): string {
  return `${base}_${number}${suffix}`;
}

/** The numbers that files of this name have, in ascending order: the oldest first. */
async function numbersOf({ base, suffix }: FileName): Promise<number[]> {
  const start = `${path.basename(base)}_`;
  const numbers: number[] = [];
  for (const file of await readdir(path.dirname(base))) {
    if (!file.startsWith(start) || !file.endsWith(suffix)) continue;
    const text = file.slice(start.length, file.length - suffix.length);
    if (/^(?:0|[1-9]\d{0,14})$/.test(text)) numbers.push(Number(text));
  }
  return numbers.sort((a, b) => a - b);
}

/** The file with the greatest number; undefined where there is none. */
export async function newestNumbered(name: FileName): Promise<string | undefined> {
  const newest = (await numbersOf(name)).at(-1);
  return newest === undefined ? undefined : numberedPath(name, newest);
}

/** The number for the next file: one more than the greatest. */
export async function freeNumber(name: FileName): Promise<number> {
  return ((await numbersOf(name)).at(-1) ?? -1) + 1;
}

/** Makes a new file with the next number, which no other process gets. */
export async function createNumbered(
  name: FileName,
  mode: number,
): Promise<{ handle: FileHandle; path: string }> {
  for (let number = await freeNumber(name); ; number += 1) {
    const file = numberedPath(name, number);
    try {
      return { handle: await open(file, 'ax+', mode), path: file };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

/** Removes the oldest numbered files, and leaves so many of them. */
export async function removeOld(name: FileName, keep: number, log: Logger): Promise<void> {
  const numbers = await numbersOf(name);
  for (const number of numbers.slice(0, Math.max(numbers.length - keep, 0))) {
    const file = numberedPath(name, number);
    try {
      await rm(file, { force: true });
    } catch (error) {
      // It takes space, but keeps no event from being written.
      log.warn({ path: file, reason: (error as Error).message }, `cannot remove ${file}`);
    }
  }
}
