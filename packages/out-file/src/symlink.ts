import { rename, rm, symlink } from 'node:fs/promises';
import path from 'node:path';
import { makeFolder } from './make-folder.js';

let made = 0;

/** Makes the link lead to the file, at once: whoever follows it finds the old or the new one. */
export async function pointSymlink(link: string, file: string, relative: boolean): Promise<void> {
  const folder = path.dirname(link);
  await makeFolder(folder);
  made += 1;
  const temporary = path.join(folder, `.${path.basename(link)}.${process.pid}.${made}`);
  await symlink(relative ? path.relative(folder, file) : file, temporary);
  try {
    await rename(temporary, link);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
