import { execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { onTestFinished, test } from 'vitest';

const run = promisify(execFile);

function isInstalled(command: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${command}`]).status === 0;
}

/**
 * A test with commands of the system: skipped where one of them is missing, but never where
 * SLUICE_DEEP is set, as in the CI.
 */
export function testWith(...commands: string[]): typeof test.skip {
  return test.skipIf(process.env.SLUICE_DEEP === undefined && !commands.every(isInstalled));
}

/** Runs a command with this standard input until it ends. @returns what it prints */
export async function command(name: string, args: readonly string[], input = ''): Promise<string> {
  const running = run(name, args, { timeout: 60_000 });
  running.child.stdin?.on('error', () => undefined);
  running.child.stdin?.end(input);
  return (await running).stdout;
}

/** Runs a program in the background until the test ends. */
export function background(name: string, args: readonly string[]): void {
  const child = spawn(name, args, { stdio: 'ignore' });
  const ended = once(child, 'exit');
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
  });
}
