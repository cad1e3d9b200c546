/** What a process and all below it have used, as Linux counts it in /proc. */
import { readdirSync, readFileSync } from 'node:fs';

/** Ticks of a second in /proc: 100 on every Linux that Node runs on. */
const TICKS = 100;

/** The pids of a process and of all below it. */
export function tree(root) {
  const children = new Map();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const fields = statOf(name);
    if (fields === undefined) continue;
    const parent = Number(fields[1]);
    children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const found = [root];
  for (const pid of found) found.push(...(children.get(pid) ?? []));
  return found;
}

/** The fields after the name, which may have blanks in it; undefined where the process is gone. */
function statOf(pid) {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}

/**
 * CPU seconds of all threads of the tree, to the nanosecond where the kernel tells it (`schedstat`), else
 * in steps of 10 ms. What threads and processes used that have ended is not in it.
 */
export function cpuSeconds(root) {
  let seconds = 0;
  for (const pid of tree(root)) seconds += preciseSeconds(pid) ?? tickSeconds(pid);
  return seconds;
}

function preciseSeconds(pid) {
  try {
    let nanoseconds = 0;
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      const text = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'latin1');
      nanoseconds += Number(text.split(' ', 1)[0]);
    }
    return nanoseconds === 0 ? undefined : nanoseconds / 1e9;
  } catch {
    return undefined;
  }
}

function tickSeconds(pid) {
  const fields = statOf(pid);
  return fields === undefined ? 0 : (Number(fields[11]) + Number(fields[12])) / TICKS;
}

/** Megabytes that the tree holds now. Pages that are shared are counted for each process. */
export function residentMegabytes(root) {
  let kilobytes = 0;
  for (const pid of tree(root)) {
    try {
      const text = readFileSync(`/proc/${pid}/status`, 'latin1');
      kilobytes += Number(/VmRSS:\s+(\d+)/.exec(text)?.[1] ?? 0);
    } catch {
      // It ended meanwhile.
    }
  }
  return kilobytes / 1024;
}

/**
 * Megabytes that the tree takes from the machine: what each process has for itself, and the pages of
 * files (Node's own program above all) once, as many as the process with the most of them has.
 */
export function takenMegabytes(root) {
  let own = 0;
  let shared = 0;
  for (const pid of tree(root)) {
    try {
      const text = readFileSync(`/proc/${pid}/status`, 'latin1');
      const kilobytes = (name) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(text)?.[1] ?? 0);
      own += kilobytes('RssAnon');
      shared = Math.max(shared, kilobytes('RssFile') + kilobytes('RssShmem'));
    } catch {
      // It ended meanwhile.
    }
  }
  return (own + shared) / 1024;
}
