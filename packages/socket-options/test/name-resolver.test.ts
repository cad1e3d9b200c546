import { lookupService } from 'node:dns/promises';
import { afterEach, expect, test, vi } from 'vitest';
import { NameResolver, SocketOptionError } from '../src/index.js';

afterEach(() => {
  vi.useRealTimers();
});

test('finds the name that the system has, as getnameinfo gives it', async () => {
  const { hostname } = await lookupService('127.0.0.1', 0);
  expect(await new NameResolver().resolve('127.0.0.1')).toBe(hostname);
});

test('asks for more addresses at one time than there are threads', async () => {
  const names = new NameResolver({ timeout: 30 });
  const { hostname } = await lookupService('127.0.0.1', 0);
  const wanted = ['127.0.0.1', ...Array.from({ length: 8 }, (_, last) => `240.0.0.${last}`)];
  const found = await Promise.all(wanted.map(async (address) => names.resolve(address)));
  expect(found[0]).toBe(hostname);
  expect(found.slice(1)).toEqual(wanted.slice(1)); // no name: the address
});

test('knows a name at once when it has been looked up, whatever form the address has', async () => {
  const asked: string[] = [];
  const names = new NameResolver({
    lookup: (address) => {
      asked.push(address);
      return Promise.resolve(['host.example']);
    },
  });
  expect(names.cached('::ffff:192.0.2.1')).toBeUndefined();
  expect(await names.resolve('192.0.2.1')).toBe('host.example');
  expect(names.cached('192.0.2.1')).toBe('host.example');
  expect(names.resolve('::ffff:192.0.2.1')).toBe('host.example');
  expect(asked).toEqual(['192.0.2.1']);
});

test('never throws or rejects: the address stands in for the name', async () => {
  let asked = 0;
  const lookup = (): Promise<string[]> => {
    asked += 1;
    if (asked === 1) throw new Error('at once');
    if (asked === 2) return Promise.reject(new Error('ENOTFOUND'));
    if (asked === 3) return Promise.resolve([]);
    if (asked === 4) return Promise.resolve(['bad\nname']);
    return new Promise(() => undefined); // never
  };
  const names = new NameResolver({ lookup, timeout: 0.05 });
  for (let last = 1; last <= 5; last += 1) {
    expect(await names.resolve(`::ffff:192.0.2.${last}`)).toBe(`::ffff:192.0.2.${last}`);
  }
  expect(names.resolve('192.0.2.1')).toBe('192.0.2.1'); // remembered
  expect(asked).toBe(5);
  expect(names.resolve('/run/app.sock')).toBe('/run/app.sock');
  expect(names.resolve('')).toBe('');
});

test('forgets after the time to live, and earlier what failed', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  let asked = 0;
  const names = new NameResolver({
    timeToLive: 60,
    lookup: () => Promise.resolve([`name-${(asked += 1)}`]),
  });
  expect(await names.resolve('192.0.2.1')).toBe('name-1');
  vi.advanceTimersByTime(59_999);
  expect(names.cached('192.0.2.1')).toBe('name-1');
  vi.advanceTimersByTime(2);
  expect(names.cached('192.0.2.1')).toBeUndefined();
  expect(await names.resolve('192.0.2.1')).toBe('name-2');
});

test('holds a bounded number of names, and asks a bounded number of questions', async () => {
  const answers: ((names: string[]) => void)[] = [];
  const names = new NameResolver({
    maxEntries: 2,
    maxLookups: 3,
    lookup: () => new Promise((resolve) => answers.push(resolve)),
  });
  const waiting = [1, 2, 3].map(async (last) => names.resolve(`192.0.2.${last}`));
  const again = names.resolve('192.0.2.1'); // joins the question that is under way
  expect(answers).toHaveLength(3);
  expect(names.resolve('192.0.2.4')).toBe('192.0.2.4');
  for (const [index, answer] of answers.entries()) answer([`host-${index + 1}`]);
  expect(await Promise.all(waiting)).toEqual(['host-1', 'host-2', 'host-3']);
  expect(await again).toBe('host-1');
  expect(names.size).toBe(2);
  expect(names.cached('192.0.2.3')).toBe('host-3');
});

test('refuses bounds that are none', () => {
  expect(() => new NameResolver({ maxEntries: 0 })).toThrow(SocketOptionError);
  expect(() => new NameResolver({ timeToLive: -1 })).toThrow(SocketOptionError);
});
