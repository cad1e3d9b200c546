import { access, constants } from 'node:fs/promises';
import path from 'node:path';
import type { ConfigElement, ConfigError } from '@sluice/config';
import { unwritableFolder } from '@sluice/plugin';

/** Why files of a path cannot be written, as far as it is known before the first event. */
export async function pathProblems(
  written: string,
  element: ConfigElement,
): Promise<ConfigError[]> {
  // What stands before the first placeholder is the same for all files.
  const fixed = /^[^%$]*/.exec(written)?.[0] ?? '';
  const whole = fixed === written;
  const folder = fixed.endsWith('/') ? fixed : path.dirname(fixed);
  const problem =
    (await unwritableFolder(path.resolve(folder))) ??
    (whole ? await unwritableFile(path.resolve(written)) : undefined);
  return problem === undefined ? [] : [element.error(`path: ${problem}`, { param: 'path' })];
}

async function unwritableFile(file: string): Promise<string | undefined> {
  try {
    await access(file, constants.W_OK);
    return undefined;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' || code === 'ENOTDIR' ? undefined : message;
  }
}
