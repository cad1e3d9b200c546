import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

/** The manifest of this package, by its name: what is built does not lie where its source does. */
const manifest = createRequire(import.meta.url).resolve('@sluice/agent/package.json');

/** The version of this package. */
export function version(): string {
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;
}

/** The program of a worker process. */
export const workerProgram = path.join(path.dirname(manifest), 'dist/processes/worker.js');
