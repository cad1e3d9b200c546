import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

test('in a cluster worker, whose listener the primary holds, each accepted socket is set', () => {
  const program = fileURLToPath(new URL('./cluster-program.mjs', import.meta.url));
  const output = execFileSync(process.execPath, [program], { encoding: 'utf8', timeout: 15_000 });
  expect(JSON.parse(output)).toEqual({
    perConnection: ['recvTimeout', 'keepaliveCount', 'sendKeepalivePacket'],
    actual: [4, 3, true],
  });
});
