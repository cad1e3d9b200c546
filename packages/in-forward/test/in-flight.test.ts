import { EventStream } from '@sluice/event-stream';
import { expect, test } from 'vitest';
import { InFlight, PENDING_COST, SharedInFlight } from '../src/in-flight.js';
import { EVENT_COST } from '../src/large-messages.js';
import { UnfinishedMessages } from '../src/unfinished.js';

const MIB = 1024 * 1024;

/** What counts is how long it is, and how many events there are. */
const stream = (bytes: number, events = 0): EventStream =>
  EventStream.fromScanned(Buffer.alloc(bytes), events);

function make(total: number) {
  const large = new UnfinishedMessages({ limit: 64 * MIB, timeout: 60_000 });
  const all = new SharedInFlight(total);
  const join = (limit = 16 * MIB): InFlight =>
    new InFlight({ limit, all, large, retain: () => () => undefined });
  return { large, all, join };
}

test('one that has used up the room of all does not take the share of the others', () => {
  const { all, join } = make(4 * MIB);
  const [greedy, modest] = [join(), join()];
  const kept = Array.from({ length: 5 }, () => greedy.add(stream(MIB), undefined));
  modest.add(stream(1000), undefined);
  expect(all.budget.full).toBe(true);
  expect(greedy.room()).toBeInstanceOf(Promise);
  expect(modest.room()).toBeUndefined();
  // Half of a share is the most that it may have so.
  for (let n = 0; n < 2; n++) modest.add(stream(MIB / 2 + 1), undefined);
  expect(modest.room()).toBeInstanceOf(Promise);
  for (const settled of kept) settled(true);
  greedy.close();
  modest.close();
});

test('large messages count against their connection and among the large ones', async () => {
  const { all, large, join } = make(4 * MIB);
  const one = join();
  const settled = one.add(stream(20 * MIB), undefined);
  expect([all.bytes, large.inFlight, one.waiting]).toEqual([PENDING_COST, 20 * MIB, 1]);
  const room = one.room();
  expect(room).toBeInstanceOf(Promise);
  expect(join().room()).toBeUndefined();
  settled(true);
  await room;
  expect([large.inFlight, one.waiting, all.holders]).toEqual([0, 0, 0]);
});

test('events that are shorter than what becomes of them count with that', () => {
  const { all, join } = make(4 * MIB);
  const one = join();
  const settled = one.add(stream(3000, 1000), undefined);
  expect(all.bytes).toBe(PENDING_COST + 3000 + 1000 * EVENT_COST);
  settled(true);
  expect(all.bytes).toBe(0);
});
