import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';

/** A folder that is gone after the test; `file` writes into it and gives the path. */
export async function temporaryFolder(): Promise<{
  folder: string;
  file: (name: string, content: string) => Promise<string>;
}> {
  const folder = await mkdtemp(path.join(tmpdir(), 'sluice-tls-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return {
    folder,
    async file(name, content) {
      const target = path.join(folder, name);
      await writeFile(target, content);
      return target;
    },
  };
}
