import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { expect, test } from 'vitest';

// A minute of scanning: only where SLUICE_DEEP is set, as in the CI, and there never skipped.
test.runIf(process.env.SLUICE_DEEP === '1')(
  'testssl.sh finds nothing worse than LOW in the recommended configuration',
  { timeout: 600_000 },
  async () => {
    const script = path.join(import.meta.dirname, '../../../tools/testssl.mjs');
    const child = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'pipe'] });
    let text = '';
    const take = (chunk: Buffer): void => void (text += chunk.toString());
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    const [status] = (await once(child, 'close')) as [number | null];
    expect(status, text).toBe(0);
    expect(text).toMatch(/testssl: \d+ findings, 0 worse than LOW/);
  },
);
