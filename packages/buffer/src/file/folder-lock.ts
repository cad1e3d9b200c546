import {
  closeSync,
  fstatSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { loadLibc, type Libc } from '@sluice/socket-options';

const exclusive = 2 | 4; // LOCK_EX | LOCK_NB

type Flock = (fd: number, operation: number) => number;

let found: Flock | undefined | 'none';

function flock(): Flock | undefined {
  if (found === undefined) {
    const libc: Libc | string = process.platform === 'win32' ? 'none' : loadLibc();
    found = typeof libc === 'string' ? 'none' : libc.func('int flock(int fd, int operation)');
  }
  return found === 'none' ? undefined : found;
}

/** Takes a lock back. */
export type Unlock = () => void;

/**
 * Locks a folder against every other writer, in this process or another, for as long as this one
 * lives: by `flock(2)`, of which the kernel lets go when its holder dies; where koffi is not
 * installed, by a file with the holder's process number and start time.
 *
 * @returns undefined where another has it
 */
export function lockFolder(folder: string): Unlock | undefined {
  const file = path.join(folder, 'lock');
  const lock = flock();
  return lock === undefined ? lockByNumber(file) : lockByKernel(file, lock);
}

function lockByKernel(file: string, lock: Flock): Unlock | undefined {
  let fd: number;
  try {
    fd = openSync(file, 'a', 0o600);
  } catch (error) {
    // Another has taken over what was left in the folder, and removed it.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const locked = lock(fd, exclusive) === 0;
  // Whoever removes a folder holds its lock: the lock of a file that is gone is worth nothing.
  if (locked && statSync(file, { throwIfNoEntry: false })?.ino === fstatSync(fd).ino) {
    return () => closeSync(fd);
  }
  closeSync(fd);
  return undefined;
}

/** Exported for its test: every machine of ours has koffi. @internal */
export function lockByNumber(file: string): Unlock | undefined {
  for (;;) {
    try {
      writeFileSync(file, `${process.pid} ${startOf(process.pid)}`, { flag: 'wx', mode: 0o600 });
      return () => rmSync(file, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const [pid, start] = holderOf(file);
    if (Number(pid) > 0 && startOf(Number(pid)) === start) return undefined;
    rmSync(file, { force: true });
  }
}

function holderOf(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split(' ');
  } catch {
    return []; // its holder has just let go
  }
}

/** When a process was started, in a form of the system's own; `gone` where there is none. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')')).split(' ').at(20) ?? 'unknown';
  } catch {
    try {
      process.kill(pid, 0);
      return 'unknown';
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === 'EPERM' ? 'unknown' : 'gone';
    }
  }
}
