/**
 * Loaded into the worker by `--import`: tells how long its event loop is held, and what it holds in
 * memory. Each line of the file that PROBE_FILE names is one stretch of 200 ms.
 *
 * The hold is measured twice: by the clock, and by the time that the main thread has really run in it,
 * which a busy machine does not make longer.
 */
import cluster from 'node:cluster';
import { appendFileSync, readFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';

const RESOLUTION = 5;
const EVERY = 200;

const file = process.env.PROBE_FILE;
if (cluster.isWorker && file !== undefined) {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION });
  delay.enable();
  let ran = threadTime();
  let longest = 0;
  setInterval(() => {
    const now = threadTime();
    longest = Math.max(longest, now - ran);
    ran = now;
  }, RESOLUTION).unref();
  setInterval(() => {
    const memory = process.memoryUsage();
    // What it measures is how late its own timer is.
    const clock = Math.max(delay.max / 1e6 - RESOLUTION, 0);
    const line = { at: Date.now(), clock, thread: longest, ...memory };
    appendFileSync(file, `${JSON.stringify(line)}\n`);
    delay.reset();
    longest = 0;
  }, EVERY).unref();
}

/** Milliseconds that the main thread has run; 0 where the system does not tell. */
function threadTime() {
  try {
    return Number(readFileSync('/proc/self/schedstat', 'latin1').split(' ')[0]) / 1e6;
  } catch {
    return 0;
  }
}
