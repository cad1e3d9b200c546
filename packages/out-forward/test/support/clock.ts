import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, vi } from 'vitest';

/** The tests of a file set the clock; sockets go on as ever. */
export function useFakeClock(): void {
  beforeEach(() => {
    vi.useFakeTimers({
      toFake: ['performance', 'setInterval', 'clearInterval', 'setTimeout', 'clearTimeout'],
    });
  });
  afterEach(() => void vi.useRealTimers());
}

/** Lets seconds pass, in steps between which sockets may work. */
export async function passTime(seconds: number): Promise<void> {
  for (let passed = 0; passed < seconds * 1000; passed += 100) {
    vi.advanceTimersByTime(100);
    await turn();
  }
}

/** Lets time pass until something is so. */
export async function passTimeUntil(condition: () => boolean): Promise<void> {
  while (!condition()) await passTime(0.1);
}
