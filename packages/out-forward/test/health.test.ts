import { once } from 'node:events';
import { createSocket } from 'node:dgram';
import { targetOf } from '@sluice/forward-client';
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { FailureDetector } from '../src/failure-detector.js';
import { Health, type HealthConfig } from '../src/health.js';

// Sockets go on as ever; only time stands still.
beforeEach(() => {
  vi.useFakeTimers({
    toFake: ['performance', 'setInterval', 'clearInterval', 'setTimeout', 'clearTimeout'],
  });
});
afterEach(() => void vi.useRealTimers());

function start(config: Partial<HealthConfig> = {}, { isNew = false, port = 1 } = {}) {
  const told: string[] = [];
  let changed = (): void => undefined;
  const tell = (text: string): void => {
    told.push(text);
    changed();
  };
  const health = new Health(
    targetOf({ host: '127.0.0.1', port }),
    {
      heartbeatType: 'none',
      heartbeatInterval: 1,
      phiFailureDetector: true,
      phiThreshold: 16,
      hardTimeout: 60,
      recoverWait: 10,
      slowStart: 10,
      connectTimeout: undefined,
      ...config,
    },
    { down: (reason) => tell(`down: ${reason}`), up: (reason) => tell(`up: ${reason}`) },
    isNew,
  );
  onTestFinished(() => health.close());
  health.start();
  const until = async (count: number): Promise<void> => {
    while (told.length < count) await new Promise<void>((resolve) => (changed = resolve));
  };
  return { health, told, until };
}

/** A UDP port that nobody answers on. */
async function silentPort(): Promise<{ port: number; answer: () => Promise<void> }> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  onTestFinished(() => void socket.close());
  return {
    port: socket.address().port,
    answer: async () => {
      const [, from] = (await once(socket, 'message')) as [Buffer, { port: number }];
      socket.send(Buffer.of(0), from.port, '127.0.0.1');
    },
  };
}

test('without heartbeats a server that failed is back after recover_wait', () => {
  const { health, told } = start({ recoverWait: 10 });
  health.fail(new Error('gone'));
  expect(health).toMatchObject({ available: false, failures: 1 });
  vi.advanceTimersByTime(9900);
  expect(told).toEqual(['down: gone']);
  vi.advanceTimersByTime(200);
  expect(told).toEqual(['down: gone', 'up: recover_wait is over']);
});

test('a server that takes a connection is back at once, and starts slowly', () => {
  const { health } = start({ slowStart: 10 });
  expect(health.share(performance.now())).toBe(1);
  health.fail(new Error('gone'));
  health.connected();
  expect(health.available).toBe(true);
  expect(health.share(performance.now())).toBe(0.1);
  vi.advanceTimersByTime(5000);
  expect(health.share(performance.now())).toBeCloseTo(0.5);
  vi.advanceTimersByTime(5000);
  expect(health.share(performance.now())).toBe(1);
  expect(start({ slowStart: 0 }, { isNew: true }).health.share(performance.now())).toBe(1);
});

test('tries again later and later, with a random part less', () => {
  const { health } = start({ recoverWait: 1000 });
  const waits = Array.from({ length: 8 }, () => {
    health.fail(new Error('gone'));
    return health.retryAt - performance.now();
  });
  for (const [i, wait] of waits.entries()) {
    const most = Math.min(100 * 2 ** i, 5000);
    expect(wait).toBeGreaterThanOrEqual(most / 2);
    expect(wait).toBeLessThanOrEqual(most);
  }
});

test('hard_timeout: so long without a heartbeat', async () => {
  const { port } = await silentPort();
  const { told } = start(
    { heartbeatType: 'udp', phiFailureDetector: false, hardTimeout: 30 },
    { port },
  );
  vi.advanceTimersByTime(29_900);
  expect(told).toEqual([]);
  vi.advanceTimersByTime(200);
  expect(told).toEqual(['down: no heartbeat for 30 s']);
});

test('phi_threshold: a silence that is unlikely comes before hard_timeout', async () => {
  const { port } = await silentPort();
  // With a heartbeat a second, a silence of t seconds has phi = t / ln 10.
  const { told } = start({ heartbeatType: 'udp', phiThreshold: 5, hardTimeout: 60 }, { port });
  vi.advanceTimersByTime(5 * Math.LN10 * 1000 - 100);
  expect(told).toEqual([]);
  vi.advanceTimersByTime(200);
  expect(told).toEqual(['down: no heartbeat for 12 s']);
});

test('udp heartbeats: answers for recover_wait bring a server back', async () => {
  const { port, answer } = await silentPort();
  const { health, told, until } = start({ heartbeatType: 'udp', recoverWait: 0 }, { port });
  health.fail(new Error('gone'));
  const answered = answer();
  vi.advanceTimersByTime(1000);
  await answered;
  await until(2);
  expect(told).toEqual(['down: gone', 'up: it answers again']);
});

test('the failure detector: phi grows with the silence, and less where heartbeats come late', () => {
  const detector = new FailureDetector(1000, 0);
  for (let n = 1; n <= 10; n++) detector.add(n * 1000);
  expect(detector.phi(11_000)).toBeCloseTo(1 / Math.LN10);
  expect(detector.suspectAt(16)).toBeCloseTo(10_000 + 16_000 * Math.LN10);
  const slow = new FailureDetector(1000, 0);
  for (let n = 1; n <= 10; n++) slow.add(n * 3000);
  expect(slow.phi(31_000)).toBeCloseTo(1 / 3 / Math.LN10);
  slow.clear(31_000);
  expect(slow.phi(32_000)).toBeCloseTo(1 / Math.LN10);
});
