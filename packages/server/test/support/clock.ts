import { setImmediate as turn } from 'node:timers/promises';
import { afterAll, beforeAll, vi } from 'vitest';

/** All tests of a file set the clock; sockets go on as ever. */
export function useFakeClock(): void {
  beforeAll(() => {
    vi.useFakeTimers({
      toFake: ['performance', 'setInterval', 'clearInterval', 'setTimeout', 'clearTimeout'],
    });
  });
  afterAll(() => void vi.useRealTimers());
}

/** Lets milliseconds pass, in steps between which sockets may work. */
export async function passTime(milliseconds: number, each?: () => unknown): Promise<void> {
  for (let passed = 0; passed < milliseconds; passed += 25) {
    vi.advanceTimersByTime(25);
    await turn();
    await each?.();
  }
}

/** Lets time pass until something is so. */
export async function passTimeUntil(condition: () => boolean): Promise<void> {
  while (!condition()) await passTime(25);
}
