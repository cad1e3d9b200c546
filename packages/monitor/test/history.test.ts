import type { HostView } from '@sluice/plugin';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { History } from '../src/history.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('what came in per second is remembered for two minutes', () => {
  const traffic = { records: 5, bytes: 50 };
  const plugins = [
    { category: 'input', type: 'forward', traffic },
    { category: 'input', type: 'monitor_agent', traffic: { records: 1000, bytes: 1 } },
    { category: 'output', type: 'null', traffic: { records: 1000, bytes: 1 } },
  ];
  const history = new History({ plugins } as unknown as HostView);
  history.start();
  traffic.records += 3;
  traffic.bytes += 30;
  vi.advanceTimersByTime(1000);
  expect(history.points).toMatchObject([{ records: 3, bytes: 30 }]);
  vi.advanceTimersByTime(200_000);
  expect(history.points).toHaveLength(120);
  expect(history.points.at(-1)).toMatchObject({ records: 0 });
  history.stop();
  vi.advanceTimersByTime(5000);
  expect(history.points).toHaveLength(120);
});
