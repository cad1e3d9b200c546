import { mkdir, stat } from 'node:fs/promises';
import path from 'node:path';

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code;

/**
 * Makes a folder and those above it. Not `mkdir` with `recursive`: where a parent is there and the
 * system still says ENOENT, as below /proc, that tries for ever.
 *
 * @throws the system's error, with `path`
 */
export async function makeFolder(folder: string, mode?: number): Promise<void> {
  try {
    await mkdir(folder, mode);
  } catch (error) {
    if (codeOf(error) === 'EEXIST' && (await stat(folder)).isDirectory()) return;
    const parent = path.dirname(folder);
    if (codeOf(error) !== 'ENOENT' || parent === folder) throw error;
    const found = await exists(parent);
    if (!found) await makeFolder(parent, mode);
    await mkdir(folder, mode).catch((again: unknown) => {
      // Another process was faster: with the parent, or with the folder.
      if (codeOf(again) !== 'EEXIST') throw again;
    });
  }
}

async function exists(file: string): Promise<boolean> {
  try {
    await stat(file);
    return true;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
}
