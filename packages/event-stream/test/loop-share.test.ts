import { describe, expect, test } from 'vitest';
import { LoopShare, type LoopUser } from '../src/packed/index.js';

/** A loop whose clock and turns the test moves. */
function make() {
  let now = 0;
  let deferred: (() => void)[] = [];
  const share = new LoopShare({
    clock: () => now,
    defer: (callback) => void deferred.push(callback),
  });
  return {
    share,
    work: (milliseconds: number) => void (now += milliseconds),
    now: () => now,
    /** One turn of the event loop. */
    turn: () => {
      const due = deferred;
      deferred = [];
      for (const callback of due) callback();
    },
    get idle() {
      return deferred.length === 0;
    },
  };
}

const user = (): LoopUser => ({ used: 0 });

describe('short work', () => {
  test('what comes when the time of a turn is used up waits for the next', () => {
    const loop = make();
    const one = user();
    let runs = 0;
    for (; !loop.share.busy; runs++) loop.share.run(one, () => loop.work(3));
    expect(runs).toBe(7);
    const done: number[] = [];
    for (let n = 0; n < 14; n++) {
      loop.share.later(one, () => {
        loop.work(3);
        done.push(n);
      });
    }
    expect(done).toEqual([]);
    loop.turn();
    expect(done.length).toBe(7);
    expect(loop.share.busy).toBe(true);
    loop.turn();
    loop.turn();
    expect(done.length).toBe(14);
    loop.turn();
    expect(loop.share.busy).toBe(false);
    expect(loop.idle).toBe(true);
  });

  test('whoever has had least goes first, and nobody saves up while he is away', () => {
    const loop = make();
    const [greedy, modest, late] = [user(), user(), user()];
    loop.share.run(greedy, () => loop.work(50));
    loop.share.run(modest, () => loop.work(1));
    const order: string[] = [];
    const ask = (who: LoopUser, name: string): void =>
      loop.share.later(who, () => {
        loop.work(1);
        order.push(name);
      });
    ask(greedy, 'greedy');
    ask(modest, 'modest');
    loop.turn();
    loop.turn();
    expect(order).toEqual(['modest', 'greedy']);
    // One that comes now has had nothing, but what others had before is no debt of theirs.
    ask(late, 'late');
    loop.turn();
    loop.turn();
    expect(late.used).toBeGreaterThanOrEqual(50);
  });

  test('what was used while nobody waited is no debt to those that come later', () => {
    const loop = make();
    const steady = user();
    for (let n = 0; n < 100; n++) {
      loop.share.run(steady, () => loop.work(1));
      loop.turn();
    }
    const order: string[] = [];
    for (const name of ['one', 'two', 'three']) {
      const who = user();
      const again = (): void => {
        loop.work(10);
        order.push(name);
        loop.share.later(who, again);
      };
      loop.share.later(who, again);
    }
    loop.turn();
    loop.share.later(steady, () => order.push('steady'));
    for (let n = 0; n < 4; n++) loop.turn();
    // Not after a hundred milliseconds of each of the others.
    expect(order.indexOf('steady')).toBeGreaterThanOrEqual(0);
    expect(order.indexOf('steady')).toBeLessThan(4);
  });

  test('what throws is counted, too', () => {
    const loop = make();
    expect(() =>
      loop.share.run(user(), () => {
        loop.work(30);
        throw new Error('no');
      }),
    ).toThrow('no');
    expect(loop.share.busy).toBe(true);
  });
});

describe('work in slices', () => {
  function* steps(loop: ReturnType<typeof make>, count: number): Generator<undefined, string> {
    for (let n = 0; n < count; n++) {
      loop.work(1);
      yield;
    }
    return 'done';
  }

  test('what fits into the first slice is there at once', () => {
    const loop = make();
    expect(loop.share.slices(steps(loop, 3))).toBe('done');
    expect(loop.idle).toBe(true);
  });

  test('longer work never holds a turn for long, and all of it comes on', async () => {
    const loop = make();
    const works = Array.from({ length: 5 }, () =>
      Promise.resolve(loop.share.slices(steps(loop, 100))),
    );
    let longest = 0;
    while (!loop.idle) {
      const before = loop.now();
      loop.turn();
      longest = Math.max(longest, loop.now() - before);
    }
    expect(await Promise.all(works)).toEqual(works.map(() => 'done'));
    expect(longest).toBeLessThanOrEqual(15);
  });

  test('an error comes out, and the others go on', async () => {
    const loop = make();
    const failing = loop.share.slices(
      (function* (): Generator<undefined, string> {
        for (let n = 0; n < 10; n++) {
          loop.work(1);
          yield;
        }
        throw new Error('in the middle');
      })(),
    );
    const other = loop.share.slices(steps(loop, 20));
    const caught = expect(failing).rejects.toThrow('in the middle');
    while (!loop.idle) loop.turn();
    await caught;
    expect(await other).toBe('done');
  });
});
