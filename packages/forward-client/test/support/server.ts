import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { ForwardTestServer, type ForwardTestServerOptions } from '../../src/testing/index.js';

/** A folder that goes with the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'sluice-client-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A server that goes with the test. */
export async function startServer(
  options: ForwardTestServerOptions = {},
): Promise<ForwardTestServer> {
  const server = await ForwardTestServer.start(options);
  onTestFinished(() => server.close());
  return server;
}
