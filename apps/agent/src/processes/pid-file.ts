import { readFileSync, rmSync, writeFileSync } from 'node:fs';

/**
 * Writes the number of this process to a file, which goes with the process, unless another process
 * has taken it over.
 *
 * @throws the system's error
 */
export function writePidFile(path: string): void {
  const text = `${process.pid}\n`;
  writeFileSync(path, text, { mode: 0o644 });
  process.once('exit', () => {
    try {
      if (readFileSync(path, 'utf8') === text) rmSync(path);
    } catch (error) {
      // Somebody has removed it: that is what was wanted.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  });
}
