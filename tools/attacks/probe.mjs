/**
 * Loaded into the worker by `--import`: tells how long its event loop is held, and what it holds in
 * memory. Each line of the file that PROBE_FILE names is one stretch of 200 ms.
 *
 * The hold is measured twice: by the clock, and by the time that the main thread has really run in it,
 * which a busy machine does not make longer.
 */
import cluster from 'node:cluster';
import { appendFileSync, readFileSync } from 'node:fs';

const RESOLUTION = 5;
const EVERY = 200;

const file = process.env.PROBE_FILE;
if (cluster.isWorker && file !== undefined) {
  let ran = threadTime();
  let at = performance.now();
  let thread = 0;
  let clock = 0;
  setInterval(() => {
    const runNow = threadTime();
    const now = performance.now();
    thread = Math.max(thread, runNow - ran);
    // What it measures is how late its own timer is.
    clock = Math.max(clock, now - at - RESOLUTION);
    ran = runNow;
    at = now;
  }, RESOLUTION).unref();
  setInterval(() => {
    const memory = process.memoryUsage();
    const line = { at: Date.now(), clock, thread, ...memory };
    appendFileSync(file, `${JSON.stringify(line)}\n`);
    thread = 0;
    clock = 0;
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
