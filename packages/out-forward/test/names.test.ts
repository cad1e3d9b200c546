import type { LookupAddress } from 'node:dns';
import type * as dns from 'node:dns';
import { EventStream } from '@sluice/event-stream';
import { afterEach, expect, test, vi } from 'vitest';
import { passTime, passTimeUntil, useFakeClock } from './support/clock.js';
import { server, startOutput, startServer } from './support/servers.js';

/** What the resolver says of the only name, and how often it was asked. */
const resolver = vi.hoisted(() => ({ addresses: [] as string[], asked: 0 }));

vi.mock('node:dns', async (original) => {
  const lookup = (
    name: string,
    _options: object,
    done: (error: Error | null, addresses?: LookupAddress[]) => void,
  ): void => {
    resolver.asked += 1;
    const all = name === 'logs.test' ? resolver.addresses : [];
    if (all.length > 0) {
      const found = all.map((address) => ({ address, family: 4 }));
      process.nextTick(done, null, found);
    } else {
      const error = Object.assign(new Error(`no address for ${name}`), { code: 'ENOTFOUND' });
      process.nextTick(done, error);
    }
  };
  return { ...(await original<typeof dns>()), lookup };
});

useFakeClock();
afterEach(() => void Object.assign(resolver, { addresses: [], asked: 0 }));

const event = (n: number): EventStream => EventStream.fromEvents([{ time: 1, record: { n } }]);
const acked = 'require_ack_response true\nheartbeat_type none\n';

/** Two servers with one port, on addresses of this process's own. */
async function twoServers() {
  const network = `127.${(process.pid >> 8) & 255}.${process.pid & 255}`;
  const [first, second] = [`${network}.11`, `${network}.12`];
  const a = await startServer({ host: first });
  const b = await startServer({ host: second, port: a.port });
  const named = server(a.port, '', 'logs.test');
  return { a, b, first, second, named, counts: () => [a.messages.length, b.messages.length] };
}

test.each([
  ['true', [3, 3]],
  ['false', [6, 0]],
])('dns_round_robin %s: connections go to %j', async (roundRobin, expected) => {
  const { a, b, first, second, named, counts } = await twoServers();
  resolver.addresses = [first, second];
  const { output } = await startOutput(`${acked}dns_round_robin ${roundRobin}\n${named}`);
  for (let n = 0; n < 6; n++) {
    await output.write('x', event(n));
    await Promise.all([a, b].map((one) => one.until(() => one.sockets.size === 0)));
  }
  expect(counts()).toEqual(expected);
});

test('expire_dns_cache: addresses are looked up again after so many seconds', async () => {
  const { first, second, named, counts } = await twoServers();
  resolver.addresses = [first];
  const { output } = await startOutput(`${acked}expire_dns_cache 60\n${named}`);
  resolver.addresses = [second];
  await passTime(59);
  await output.write('x', event(1));
  expect([resolver.asked, ...counts()]).toEqual([1, 1, 0]);
  await passTime(2);
  await output.write('x', event(2));
  expect([resolver.asked, ...counts()]).toEqual([2, 1, 1]);
});

test('expire_dns_cache 0: addresses are looked up for every connection', async () => {
  const { a, first, second, named, counts } = await twoServers();
  resolver.addresses = [first];
  const { output } = await startOutput(`${acked}expire_dns_cache 0\n${named}`);
  await output.write('x', event(1));
  await a.until(() => a.sockets.size === 0);
  resolver.addresses = [second];
  await output.write('x', event(2));
  expect(counts()).toEqual([1, 1]);
});

test('without expire_dns_cache addresses stay until a connection fails', async () => {
  const { a, first, second, named, counts } = await twoServers();
  resolver.addresses = [first];
  const { output } = await startOutput(acked + named);
  resolver.addresses = [second];
  await passTime(3600);
  await output.write('x', event(1));
  await a.until(() => a.sockets.size === 0);
  expect([resolver.asked, ...counts()]).toEqual([1, 1, 0]);
  a.close();
  const written = output.write('x', event(2));
  await passTimeUntil(() => output.statistics().counters!.kept_chunks === 2);
  await written;
  expect(counts()).toEqual([1, 1]);
});

test('a name that does not resolve ends the start, unless ignore_network_errors_at_startup', async () => {
  const { first, named, counts } = await twoServers();
  await expect(startOutput(acked + named)).rejects.toThrow('no address for logs.test');
  const { output, warnings } = await startOutput(
    `${acked}ignore_network_errors_at_startup true\n${named}`,
  );
  expect(warnings).toEqual([expect.stringContaining('no address for logs.test')]);
  resolver.addresses = [first];
  const written = output.write('x', event(1));
  await passTimeUntil(() => output.statistics().counters!.kept_chunks === 1);
  await written;
  expect(counts()).toEqual([1, 0]);
});
