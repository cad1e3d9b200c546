import { expect, test } from 'vitest';
import { Balancer, type Offer, type Weighted } from '../src/balancer.js';

interface Server extends Weighted {
  name: string;
  available: boolean;
  offer: Offer;
  part: number;
}

const server = (name: string, weight: number, standby = false): Server => {
  const made: Server = {
    name,
    weight,
    standby,
    available: true,
    offer: 'now',
    part: 1,
    share: () => made.part,
  };
  return made;
};

function balancerOf(...servers: Server[]) {
  const balancer = new Balancer<Server>(() => 0);
  balancer.rebuild(servers);
  return {
    balancer,
    rebuild: () => balancer.rebuild(servers),
    take: (count: number) =>
      Array.from({ length: count }, () => balancer.next(0, ({ offer }) => offer)?.name ?? '-').join(
        '',
      ),
  };
}

test('each comes as often as its weight says, well mixed', () => {
  expect(balancerOf(server('a', 30), server('b', 10)).take(8)).toBe('aabaaaba');
  expect(balancerOf(server('a', 1), server('b', 0)).take(3)).toBe('aaa');
});

test('a server that is connecting keeps its turn, one that is full is passed over and catches up', () => {
  const [a, b] = [server('a', 30), server('b', 10)];
  const { take } = balancerOf(a, b);
  a.offer = 'soon';
  expect(take(3)).toBe('---');
  a.offer = 'no';
  expect(take(2)).toBe('bb');
  a.offer = 'now';
  // The claim is bounded by a round, so that a server that was full for long is not flooded.
  const taken = take(12);
  expect(taken.slice(0, 4)).toBe('aaaa');
  expect(taken.match(/b/g)!.length).toBeGreaterThanOrEqual(1);
});

test('standbys make up for lost weight, and go when it is back', () => {
  const [a, b, s, t] = [server('a', 2), server('b', 2), server('s', 2, true), server('t', 2, true)];
  const { take, rebuild, balancer } = balancerOf(a, b, s, t);
  expect(new Set(take(8))).toEqual(new Set('ab'));
  b.available = false;
  rebuild();
  expect(new Set(take(8))).toEqual(new Set('as'));
  b.available = true;
  rebuild();
  expect(new Set(take(8))).toEqual(new Set('ab'));
  for (const each of [a, b, s, t]) each.available = false;
  rebuild();
  expect(balancer.empty).toBe(true);
  expect(take(1)).toBe('-');
});

test('a server that starts slowly gets its part', () => {
  const [a, b] = [server('a', 10), server('b', 10)];
  b.part = 0.25;
  expect(balancerOf(a, b).take(10).match(/b/g)).toHaveLength(2);
});

test('clients begin with different servers', () => {
  const first = Array.from({ length: 200 }, () => {
    const balancer = new Balancer<Server>();
    balancer.rebuild([server('a', 60), server('b', 60), server('c', 60)]);
    return balancer.next(0, () => 'now')!.name;
  });
  expect(new Set(first)).toEqual(new Set('abc'));
});
