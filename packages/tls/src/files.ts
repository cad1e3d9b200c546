import { readFile } from 'node:fs/promises';
import { TlsFileError } from './errors.js';

/** Reads a text file; `option` is named in the error. */
export async function readText(file: string, option: string): Promise<string> {
  try {
    return await readFile(file, 'latin1');
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code ?? 'unreadable';
    throw new TlsFileError(`${option}: cannot read ${file} (${why})`, { option, file, cause });
  }
}

/** Reads a file of secret bytes; `option` is named in the error. */
export async function readSecret(file: string, option: string): Promise<Buffer> {
  return Buffer.from(await readText(file, option), 'latin1');
}
