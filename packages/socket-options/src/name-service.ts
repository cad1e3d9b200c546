import { lookupService } from 'node:dns';
import { isIP } from 'node:net';

/** A lookup that waits for a thread. */
interface Waiting {
  readonly address: string;
  /** By `performance.now()`: nobody waits for the answer any more after it. */
  readonly deadline: number;
  readonly done: (names: readonly string[]) => void;
}

// getnameinfo(3) holds a thread of libuv's pool until DNS has answered or given up. The other half
// of the pool stays free for files.
const threads = Math.max(1, Math.floor((Number(process.env.UV_THREADPOOL_SIZE) || 4) / 2));
const waiting: Waiting[] = [];
let busy = 0;

/**
 * The name of an address as the system has it, by getnameinfo(3); empty where there is none.
 *
 * @param timeout - milliseconds after which the answer is not wanted any more
 */
export function nameByService(address: string, timeout: number): Promise<readonly string[]> {
  return new Promise((resolve) => {
    waiting.push({ address, deadline: performance.now() + timeout, done: resolve });
    startNext();
  });
}

function startNext(): void {
  while (busy < threads) {
    const next = waiting.shift();
    if (next === undefined) return;
    if (next.deadline <= performance.now()) {
      next.done([]);
      continue;
    }
    busy += 1;
    lookupService(next.address, 0, (error, name) => {
      busy -= 1;
      // Without a name, getnameinfo gives the address.
      next.done(error === null && isIP(name) === 0 ? [name] : []);
      startNext();
    });
  }
}
