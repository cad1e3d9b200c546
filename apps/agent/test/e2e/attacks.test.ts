import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { temporaryFolder } from '../support/agent-process.js';

const script = path.join(import.meta.dirname, '../../../../tools/attacks/run.mjs');

interface Outcome {
  results: { megabytes: number | null; crashed: boolean; rate: number }[];
  /** Acknowledged chunks that are not in the file. */
  lost: number;
  /** Of the agent. */
  exitCode: number | null;
  /** How often the honest client was disconnected. */
  broken: number;
  /** Characters of the longest line of the log. */
  longestLine: number;
}

// How long the event loop is held and what the honest client gets in a second depends on the machine:
// `node tools/attacks/run.mjs` tells it, with all attacks one by one, too.
test('all attacks at once: the worker lives in 256 MB of heap, and loses nothing', async () => {
  const file = path.join(temporaryFolder(), 'outcome.json');
  const args = [script, '--mixed', '--seconds', '8', '--quiet', '--json', file];
  const child = spawn(process.execPath, args, { stdio: 'ignore' });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child, 'exit');
  const { results, lost, exitCode, broken, longestLine } = JSON.parse(
    readFileSync(file, 'utf8'),
  ) as Outcome;
  expect({ lost, exitCode, broken }).toEqual({ lost: 0, exitCode: 0, broken: 0 });
  expect(results.map(({ crashed }) => crashed)).toEqual([false]);
  const [{ megabytes, rate }] = results;
  expect(rate).toBeGreaterThan(0);
  // The goal is 512; what a busy machine is late to collect comes on top. Null where the system
  // does not tell.
  expect(megabytes ?? 0).toBeLessThanOrEqual(600);
  expect(longestLine).toBeLessThan(5000);
}, 120_000);
