import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const script = path.join(import.meta.dirname, '../../scale/balancing.mjs');

interface Result {
  made: number;
  lost: number;
  spread: { before: number; during: number };
  comeback: [second: number, part: number][];
}

async function simulate(...args: string[]): Promise<Result> {
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...[script, '--senders', '300', '--seconds', '90', '--json', ...args],
  ]);
  return JSON.parse(stdout) as Result;
}

test.each(['dead', 'gone'])(
  'hundreds of senders deliver all past aggregators that are %s, evenly, and the same for a seed',
  { timeout: 120_000 },
  async (failure) => {
    const [one, again] = await Promise.all([
      simulate('--failure', failure),
      simulate('--failure', failure),
    ]);
    expect(again).toEqual(one);
    expect(one.made).toBeGreaterThan(20_000);
    expect(one.lost).toBe(0);
    expect(one.spread.before).toBeLessThan(1.05);
    expect(one.spread.during).toBeLessThan(1.05);
    // Slow start: whoever comes back is not run over.
    expect(Math.max(...one.comeback.map(([, part]) => part))).toBeLessThan(1.5);
  },
);
