/** One contestant in one row: a fresh process, its first events, then the measured ones. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { contestants, start } from './contestants.mjs';
import { cpuSeconds, residentMegabytes } from './process-tree.mjs';

const RELAYS = new Set(['relay', 'memory', 'disk']);
const LIMIT = 120_000;

/**
 * @returns CPU seconds of the contestant's processes per million events, cold and warm; events per
 *   second, milliseconds to the ack, MB, and the CPU of the sender per million events
 */
export async function measure(name, row, { certificate, warmUp }) {
  const { part = 1, buffers = false } = contestants[name];
  const folder = mkdtempSync(path.join(tmpdir(), 'sluice-bench-'));
  const chunks = (events) => Math.max(Math.round((events * part) / row.events), row.connections);
  const millions = (count) => (count * row.events) / 1e6;
  const running = [];
  let generator;
  try {
    let farEnd;
    if (RELAYS.has(row.output)) {
      const end = { ...row, output: 'null', tls: false };
      const far = await start('sluice', end, path.join(folder, 'far'));
      running.push(far);
      farEnd = far.port;
    }
    const server = await start(name, row, path.join(folder, 'own'), { certificate, farEnd });
    running.push(server);
    // A process that listens may still be busy with its start.
    await idle(server.pid, 200);
    generator = fork(new URL('generator.mjs', import.meta.url));
    await ask(generator, { connect: { ...row, port: server.port } });

    const phase = async (events) => {
      const count = chunks(events);
      const before = cpuSeconds(server.pid);
      const { cpu: sender, ...sent } = await ask(generator, { send: count });
      // What is buffered is written later, and counts.
      if (buffers || RELAYS.has(row.output)) await idle(server.pid, 1200);
      const cpu = (cpuSeconds(server.pid) - before) / millions(count);
      return { ...sent, cpu, count, sender: sender / millions(count) };
    };
    const cold = await phase(Math.min(warmUp, row.total));
    const warm = await phase(row.total);
    return {
      cold: cold.cpu,
      cpu: warm.cpu,
      rate: (warm.count * row.events) / warm.seconds,
      p50: warm.p50,
      p99: warm.p99,
      memory: residentMegabytes(server.pid),
      sender: warm.sender,
    };
  } finally {
    if (generator?.connected) {
      generator.disconnect();
      await once(generator, 'exit');
    }
    for (const server of running.reverse()) await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function ask(generator, message) {
  const timer = AbortSignal.timeout(LIMIT);
  generator.send(message);
  const [answer] = await once(generator, 'message', { signal: timer });
  if (answer.error) throw new Error(`the sender failed: ${answer.error}`);
  return answer;
}

/** Waits until a process tree has used no CPU time for so many milliseconds, a minute at most. */
async function idle(pid, time) {
  let used = cpuSeconds(pid);
  let since = performance.now();
  const end = since + 60_000;
  while (performance.now() - since < time && performance.now() < end) {
    await sleep(50);
    const now = cpuSeconds(pid);
    if (now - used < 0.015) continue; // one tick may be housekeeping
    used = now;
    since = performance.now();
  }
}
