import { setImmediate, setTimeout } from 'node:timers/promises';
import { loadLibc } from '@sluice/socket-options';

type Flock = (fd: number, operation: number) => number;

interface Library {
  readonly flock: Flock;
  /** Whether the last call failed since someone else has the lock, or for a signal. */
  readonly again: () => boolean;
}

const exclusive = 2 | 4; // LOCK_EX | LOCK_NB
const unlock = 8; // LOCK_UN
/** Nobody of ours holds a lock for longer than a write: a wait of so many milliseconds is logged. */
const longestWrite = 1000;
const retried: readonly (string | undefined)[] = ['EAGAIN', 'EWOULDBLOCK', 'EINTR'];

let library: Library | undefined;
let tried = false;

// Without the lock everything works, but for several processes that share one file.
function load(): Library | undefined {
  if (tried) return library;
  tried = true;
  if (process.platform === 'win32') return undefined;
  const libc = loadLibc();
  if (typeof libc === 'string') return undefined;
  library = {
    flock: libc.func('int flock(int fd, int operation)'),
    again: () => retried.includes(libc.errorName(libc.errno())),
  };
  return library;
}

/** Thrown when the output stops while another process has the lock. */
export class FileLockedError extends Error {
  readonly code = 'ERR_SLUICE_FILE_LOCKED';
  override readonly name = 'FileLockedError';

  constructor() {
    super('another process has locked the file');
  }
}

/** How to wait for a lock. */
export interface LockWaiting {
  /** Ends the waiting. */
  readonly signal: AbortSignal;
  /** Called once when the lock has not come within a second. */
  readonly onLocked: () => void;
}

/**
 * Locks an open file against every other process, and every other open of it in this one, with
 * `flock(2)`. The kernel lets go of the lock when its holder dies.
 *
 * Asks without blocking and comes back later: a thread of libuv that waited for a lock could be
 * the one that its holder needs for writing.
 *
 * @returns whether it is locked: false where this platform or file system has no such locks
 * @throws FileLockedError when the signal ends the waiting
 */
export async function lockFile(fd: number, { signal, onLocked }: LockWaiting): Promise<boolean> {
  const lib = load();
  if (lib === undefined) return false;
  let since = 0;
  for (let attempt = 0; lib.flock(fd, exclusive) !== 0; attempt += 1) {
    if (!lib.again()) return false;
    if (attempt === 0) since = performance.now();
    else if (since > 0 && performance.now() - since > longestWrite) {
      onLocked();
      since = 0;
    }
    if (signal.aborted && since === 0) throw new FileLockedError();
    await (attempt < 4 ? setImmediate() : setTimeout(Math.min(attempt - 3, 5)));
  }
  return true;
}

/** Locks the file where nobody else has locked it. @returns whether it is locked now */
export function tryLockFile(fd: number): boolean {
  return load()?.flock(fd, exclusive) === 0;
}

export function unlockFile(fd: number): void {
  load()?.flock(fd, unlock);
}
