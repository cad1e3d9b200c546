/** Bytes that nobody in his right mind sends, to everything that reads bytes of strangers. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { fuzzHttp } from '../fuzz/http.mjs';
import { targets } from '../fuzz/targets.mjs';

const worker = path.join(import.meta.dirname, '../fuzz/worker.mjs');

async function runTarget(name, seed, seconds) {
  const child = spawn(
    process.execPath,
    ['--max-old-space-size=512', worker, name, String(seed), String(seconds)],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let [out, err] = ['', ''];
  child.stdout.on('data', (data) => (out += data));
  child.stderr.on('data', (data) => (err += data));
  // An input that never ends is a finding, too.
  const timer = setTimeout(() => child.kill('SIGKILL'), (seconds + 60) * 1000);
  const [code, signal] = await once(child, 'close');
  clearTimeout(timer);
  if (code !== 0)
    throw new Error(`${name}: the process ended with ${code ?? signal}: ${err.slice(-2000)}`);
  return JSON.parse(out);
}

async function run({ folder, random, fuzzSeconds, progress }) {
  const figures = {};
  const findings = [];
  const names = Object.keys(targets);
  for (const [n, name] of names.entries()) {
    const { runs, blocks, finding } = await runTarget(
      name,
      random.between(0, 2 ** 31),
      fuzzSeconds,
    );
    figures[name] = `${runs} inputs, ${blocks} blocks;`;
    if (finding !== undefined) {
      const file = path.join(folder, `${name.replaceAll(' ', '-')}.bin`);
      writeFileSync(file, Buffer.from(finding.input, 'base64'));
      findings.push(
        `${name}: ${finding.error.split('\n').slice(0, 4).join(' | ')}; input: ${finding.input.slice(0, 400)}`,
      );
    }
    progress(n + 1, names.length + 1);
  }
  const { runs, statuses } = await fuzzHttp({ folder, random, seconds: fuzzSeconds });
  figures.http = `${runs} requests ${JSON.stringify(statuses)}`;
  if (findings.length > 0) throw new Error(findings.join('\n'));
  return figures;
}

export const fuzz = {
  name: 'fuzz',
  text: 'fuzzing: reader, handshake, configuration, PROXY header, buffer files, HTTP',
  run,
};
