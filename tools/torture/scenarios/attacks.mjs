/** Sick and greedy clients: tools/attacks, judged. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

const tool = path.join(import.meta.dirname, '../../attacks/run.mjs');

async function run({ folder, seed, short }) {
  const json = path.join(folder, 'attacks.json');
  const seconds = short ? 12 : 120;
  const child = spawn(
    process.execPath,
    [tool, '--seconds', String(seconds), '--seed', String(seed), '--json', json, '--quiet'],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (text += data));
  await once(child, 'exit');
  if (!existsSync(json)) throw new Error(text.trim().split('\n').slice(-5).join('\n'));
  const { alone, results, lost, exitCode, broken, log } = JSON.parse(readFileSync(json, 'utf8'));
  const megabytes = Math.max(...results.map((result) => result.megabytes));
  const share = Math.min(...results.map(({ rate }) => rate / alone.rate));
  const problems = [
    results.some(({ crashed }) => crashed) && 'a worker has died',
    lost > 0 && `${lost} acknowledged chunks are lost`,
    exitCode !== 0 && `the exit code is ${exitCode}`,
    broken > 0 && `the honest client was disconnected ${broken} times`,
    // In the seconds that the short form has, on a machine that others use, these mean little.
    !short && megabytes > 512 && `${megabytes} MB`,
    !short && share < 0.5 && `the honest client got ${Math.round(share * 100)} %`,
    log.length > 5000 && `${log.length} lines in the log`,
  ].filter((problem) => problem !== false);
  if (problems.length > 0) throw new Error(problems.join('; '));
  return {
    attacks: results.length,
    'most memory, MB': megabytes,
    'least share of the honest client, %': Math.round(share * 100),
    lost,
    'lines in the log': log.length,
  };
}

export const greedy = { name: 'attacks', text: 'sick and greedy clients', run };
