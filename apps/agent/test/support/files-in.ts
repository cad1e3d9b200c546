import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';

/** The files below a folder, by their paths in it, in alphabetical order. */
export function filesIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .sort();
}
