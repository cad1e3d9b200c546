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

/** CPU seconds of the tree, children that have ended included. */
export function cpuSeconds(root) {
  let ticks = 0;
  for (const pid of tree(root)) {
    const fields = statOf(pid);
    if (fields === undefined) continue;
    ticks += [11, 12, 13, 14].reduce((sum, at) => sum + Number(fields[at]), 0);
  }
  return ticks / TICKS;
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
