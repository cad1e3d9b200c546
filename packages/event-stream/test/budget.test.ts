import { describe, expect, test } from 'vitest';
import { Budget, printable, type BudgetTicket } from '../src/index.js';

/** Tells, after all that is due, which of the tickets are granted. */
async function granted(...tickets: (BudgetTicket | undefined)[]): Promise<boolean[]> {
  const states = tickets.map(() => false);
  tickets.forEach((ticket, n) => void ticket?.granted.then(() => (states[n] = true)));
  await new Promise((resolve) => setImmediate(resolve));
  return states;
}

describe('Budget', () => {
  test('takes at once while there is room', () => {
    const budget = new Budget({ limit: 10 });
    expect(budget.take(4)).toBeUndefined();
    expect(budget.tryTake(6)).toBe(true);
    expect(budget.tryTake(1)).toBe(false);
    expect(budget.full).toBe(true);
    budget.release(10);
    expect(budget.statistics()).toMatchObject({ bytes: 0, peak: 10, waits: 0 });
  });

  test('what is larger than the limit is taken alone', async () => {
    const budget = new Budget({ limit: 10 });
    expect(budget.take(100)).toBeUndefined();
    const next = budget.take(1);
    budget.release(99);
    expect(await granted(next)).toEqual([true]);
    expect(budget.bytes).toBe(2);
  });

  test('who waits is served in turn, and a small one does not overtake', async () => {
    const budget = new Budget({ limit: 10 });
    budget.charge(8);
    const large = budget.take(6);
    const small = budget.take(1);
    expect(budget.tryTake(1)).toBe(false);
    expect(await granted(large, small)).toEqual([false, false]);
    budget.release(4);
    expect(await granted(large, small)).toEqual([true, false]);
    budget.release(4);
    expect(await granted(large, small)).toEqual([true, true]);
    expect(budget.bytes).toBe(7);
    expect(budget.statistics().waits).toBe(2);
  });

  test('first goes before the others', async () => {
    const budget = new Budget({ limit: 10 });
    budget.charge(10);
    const later = budget.take(5);
    const holder = budget.take(5, { first: true });
    budget.release(5);
    expect(await granted(later, holder)).toEqual([false, true]);
  });

  test('children share the room of their parent, in one queue', async () => {
    const all = new Budget({ limit: 10 });
    const [a, b] = [new Budget({ limit: 8, parent: all }), new Budget({ limit: 8, parent: all })];
    a.charge(8);
    const second = b.take(5);
    const third = a.take(1);
    expect(third).toBeDefined();
    // Room for a's next, but b came first.
    a.release(2);
    expect(await granted(second, third)).toEqual([false, false]);
    a.release(1);
    expect(await granted(second, third)).toEqual([true, false]);
    a.release(5);
    expect(await granted(second, third)).toEqual([true, true]);
    expect([a.bytes, b.bytes, all.bytes]).toEqual([1, 5, 6]);
  });

  test('one that waits for its own budget waits for the parent too, before it is served', async () => {
    const all = new Budget({ limit: 10 });
    const [a, b] = [new Budget({ limit: 4, parent: all }), new Budget({ limit: 10, parent: all })];
    a.charge(4);
    const waiting = a.take(4);
    b.charge(6);
    all.charge(4);
    a.release(4);
    expect(await granted(waiting)).toEqual([false]);
    all.release(4);
    expect(await granted(waiting)).toEqual([true]);
    expect([a.bytes, b.bytes, all.bytes]).toEqual([4, 6, 10]);
  });

  test('a cancelled ticket makes place for the next, and takes nothing', async () => {
    const budget = new Budget({ limit: 10 });
    budget.charge(8);
    const large = budget.take(6)!;
    const small = budget.take(2);
    expect(large.cancel()).toBe(true);
    await expect(large.granted).rejects.toMatchObject({ code: 'ERR_SLUICE_BUDGET_CANCELLED' });
    expect(await granted(small)).toEqual([true]);
    expect(large.cancel()).toBe(false);
    expect(budget.bytes).toBe(10);
  });

  test('a forced ticket goes beyond the limit', async () => {
    const budget = new Budget({ limit: 10 });
    budget.charge(8);
    const ticket = budget.take(6)!;
    ticket.force();
    expect(await granted(ticket)).toEqual([true]);
    expect(budget.bytes).toBe(14);
    expect(ticket.cancel()).toBe(false);
    expect(budget.statistics().waiting).toBe(0);
  });

  test('tells by its clock how long the first has waited', () => {
    let now = 5000;
    const budget = new Budget({ limit: 1, clock: () => now });
    budget.charge(1);
    expect(budget.stalledSince).toBeUndefined();
    budget.take(1);
    now += 2500;
    budget.take(1);
    expect(budget.stalledSince).toBe(5000);
    expect(budget.statistics()).toMatchObject({ waiting: 2, stalledSeconds: 2.5 });
    budget.release(1);
    expect(budget.statistics()).toMatchObject({ waiting: 1, stalledSeconds: 0 });
  });

  test('a limit that lets nothing in is refused', () => {
    expect(() => new Budget({ limit: 0 })).toThrow(RangeError);
    expect(() => new Budget({ limit: Number.NaN })).toThrow(RangeError);
  });
});

test.each([
  ['app.log', 'app.log'],
  ['a\nforged \u001b[31mline\r\t', 'a\\nforged \\x1b[31mline\\r\\t'],
  ['\u0000\u007f\u0085\u2028\u202e', '\\x00\\x7f\\x85\\u2028\\u202e'],
  ['ü€😀', 'ü€😀'],
])('printable(%j)', (text, shown) => {
  expect(printable(text)).toBe(shown);
});

test('printable cuts what is long', () => {
  expect(printable('x'.repeat(256))).toBe('x'.repeat(256));
  expect(printable('\n'.repeat(20_000_000), 3)).toBe('\\n\\n\\n… (20000000 characters)');
});
