import { expect, onTestFinished, test } from 'vitest';
import {
  PROGRESS,
  STALLED_AFTER,
  UnfinishedMessages,
  type UnfinishedMessage,
} from '../src/unfinished.js';

const MIB = 1024 * 1024;

/** Messages of a clock that the test moves, and the connections that were closed. */
function make(limit = 16 * MIB) {
  const time = { now: 1000 };
  const closed: string[] = [];
  const all = new UnfinishedMessages({ limit, timeout: 60_000, clock: () => time.now });
  onTestFinished(() => all.close());
  const join = (name: string): UnfinishedMessage =>
    all.join((reason) => closed.push(`${name} ${reason}`));
  return { all, time, closed, join };
}

test('a dripping message is closed by message_timeout, one that makes progress is not', () => {
  const { all, time, closed, join } = make();
  const [drip, slow] = [join('drip'), join('slow')];
  void drip.update(1, 1000, true);
  void slow.update(1, 900_000, true);
  for (let n = 1; n <= 12; n++) {
    time.now += 10_000;
    if (closed.length === 0) void drip.update(1 + n, 1000, false);
    void slow.update(1 + n * (PROGRESS / 4), 900_000, false);
    all.sweep();
  }
  expect(closed).toEqual(['drip message_timeout']);
  void slow.update(0, 0, true);
  expect(all.bytes).toBe(0);
});

test('one that is finished in between has made progress', () => {
  const { all, time, closed, join } = make();
  const busy = join('busy');
  for (let n = 0; n < 20; n++) {
    void busy.update(10, 100, true);
    time.now += 10_000;
    all.sweep();
  }
  expect(closed).toEqual([]);
});

test('a connection that is not read for another reason is not to blame', () => {
  const { all, time, closed, join } = make();
  const paused = join('paused');
  void paused.update(10, 100, true);
  paused.pause();
  time.now += 1_000_000;
  all.sweep();
  paused.resume();
  all.sweep();
  expect(closed).toEqual([]);
  time.now += 60_000;
  all.sweep();
  expect(closed).toEqual(['paused message_timeout']);
});

test('of the small ones, the one without progress for longest goes', () => {
  const { all, time, closed, join } = make();
  const messages = Array.from({ length: 6 }, (_, n) => join(`${n}`));
  for (const message of messages.slice(0, 4)) {
    time.now++;
    void message.update(MIB, MIB, true);
  }
  time.now++;
  void messages[0].update(MIB, MIB, true); // another one: it goes on
  expect(closed).toEqual([]);
  void messages[4].update(MIB, MIB, true);
  expect(closed).toEqual(['1 unfinished_limit']);
  expect(all.bytes).toBe(4 * MIB);
});

test('one that drips does not hold up those that wait, one that comes on steadily may', async () => {
  const { all, time, closed, join } = make(64 * MIB);
  const [drip, steady, waiting] = [join('drip'), join('steady'), join('waiting')];
  void drip.update(1, 32 * MIB, true);
  void steady.update(1, 32 * MIB, true);
  for (let n = 1; n <= 10; n++) {
    time.now += STALLED_AFTER - 1;
    if (closed.length === 0) void drip.update(1 + n * PROGRESS, 32 * MIB, false);
    void steady.update(1 + (n * MIB) / 4, 32 * MIB, false);
    all.sweep();
    // Nobody is held up before.
    if (n === 4) {
      expect(closed).toEqual([]);
      void waiting.update(1, 16 * MIB, true);
    }
  }
  expect(closed).toEqual(['drip unfinished_limit']);
  await Promise.resolve();
  expect(all.bytes).toBe(48 * MIB);
});

test('large ones wait in turn, and take the place of one that stands still', async () => {
  const { all, time, closed, join } = make();
  const [idle, first, second] = [join('idle'), join('first'), join('second')];
  expect(idle.update(1, 10 * MIB, true)).toBeUndefined();
  const turn = first.update(1, 8 * MIB, true);
  const later = second.update(1, 4 * MIB, true);
  expect(turn).toBeDefined();
  time.now += STALLED_AFTER - 1;
  all.sweep();
  expect(closed).toEqual([]);
  time.now += 1;
  all.sweep();
  expect(closed).toEqual(['idle unfinished_limit']);
  await turn;
  await later;
  expect(all.bytes).toBe(12 * MIB);
  // Those who waited have made no progress meanwhile, which is not their fault.
  all.sweep();
  expect(closed.length).toBe(1);
});

test('where all wait for more room, the oldest goes on', async () => {
  const { time, closed, join, all } = make();
  const [older, younger] = [join('older'), join('younger')];
  void older.update(2 * MIB, 8 * MIB, true);
  time.now++;
  void younger.update(2 * MIB, 8 * MIB, true);
  const waits = younger.update(8 * MIB, 8 * MIB + 1, false);
  expect(waits).toBeDefined();
  await older.update(8 * MIB, 8 * MIB + 1, false);
  expect(all.bytes).toBe(24 * MIB);
  void older.update(0, 0, true);
  await waits;
  expect(all.bytes).toBe(16 * MIB);
  expect(closed).toEqual([]);
});

test('one that ends while it waits, or in the moment in which it is let in, leaves nothing', async () => {
  const { all, join } = make();
  const [holder, waiting, another] = [join('holder'), join('waiting'), join('another')];
  void holder.update(1, 16 * MIB, true);
  const turn = waiting.update(1, 4 * MIB, true);
  waiting.leave();
  await turn;
  const next = another.update(1, 4 * MIB, true);
  holder.leave();
  another.leave();
  await next;
  expect(all.bytes).toBe(0);
});

test('what is made of a message waits in turn, and all is given back', async () => {
  const { all, join } = make(16 * MIB);
  const [first, second] = [join('first'), join('second')];
  void first.update(1000, 2 * MIB, true);
  expect(first.make(10 * MIB)).toBeUndefined();
  expect(second.tryMake(10 * MIB)).toBe(false);
  const waiting = second.make(10 * MIB);
  expect(waiting).toBeInstanceOf(Promise);
  expect([all.making, all.makeWaits, all.madeBytes, all.bytes]).toEqual([1, 1, 10 * MIB, 2 * MIB]);
  first.hasMade();
  await waiting;
  expect(all.madeBytes).toBe(10 * MIB);
  second.hasMade();
  first.leave();
  expect([all.making, all.madeBytes, all.bytes]).toEqual([0, 0, 0]);
});

test('where all that hold room wait for more of it, the oldest goes on', async () => {
  const { all, closed, time, join } = make(16 * MIB);
  const [first, second] = [join('first'), join('second')];
  void first.update(8 * MIB, 8 * MIB, true);
  time.now += 10;
  void second.update(8 * MIB, 8 * MIB, true);
  const [one, two] = [first.make(12 * MIB), second.make(12 * MIB)];
  await one;
  expect(all.making).toBe(1);
  first.hasMade();
  first.leave();
  all.sweep();
  await two;
  second.hasMade();
  second.leave();
  expect([all.bytes, all.madeBytes, all.making, closed]).toEqual([0, 0, 0, []]);
});

test('one that goes while it waits for room gives back what it has', async () => {
  const { all, join } = make(16 * MIB);
  const [holder, waiting] = [join('holder'), join('waiting')];
  expect(holder.make(16 * MIB)).toBeUndefined();
  const granted = waiting.make(MIB);
  waiting.leave();
  await expect(granted).rejects.toThrow();
  holder.hasMade();
  expect([all.madeBytes, all.making]).toEqual([0, 0]);
});

test('a large message that is not kept keeps its room, and holds up other large ones alone', async () => {
  const { all, join } = make(16 * MIB);
  all.handedOn(12 * MIB);
  const next = join('next');
  const turn = next.update(1000, 8 * MIB, true);
  expect(turn).toBeInstanceOf(Promise);
  expect([all.inFlight, all.bytes]).toEqual([12 * MIB, 0]);
  const small = join('small');
  expect(small.update(1000, 2000, true)).toBeUndefined();
  all.kept(12 * MIB);
  await turn;
  expect(all.bytes).toBe(8 * MIB + 1000);
});
