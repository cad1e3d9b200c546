import { EventStream } from '@sluice/event-stream';
import { KEPT, type Keeping } from '@sluice/plugin';
import { expect, test } from 'vitest';
import { silentLogger } from '@sluice/server';
import { EventErrors } from '../src/routing/event-errors.js';
import { Routes } from '../src/routing/routes.js';

/** Routes with one filter, whose answers the test gives, and an output that notes what it gets. */
function routes() {
  const answers: ((left: EventStream | Error) => void)[] = [];
  const written: number[] = [];
  const errors = new EventErrors({ log: silentLogger });
  const made = new Routes({ log: silentLogger, errors });
  const filter = (_tag: string, stream: EventStream): EventStream | Promise<EventStream> => {
    const [{ record }] = stream;
    if (record.sync === true) return stream;
    return new Promise((resolve, reject) => {
      answers.push((left) => (left instanceof Error ? reject(left) : resolve(left)));
    });
  };
  const write = (_tag: string, stream: EventStream): Keeping => {
    for (const { record } of stream) written.push(record.n as number);
    return KEPT;
  };
  const rule = { pattern: '**', matches: () => true };
  made.add({ ...rule, filter: { id: 'f', filter } });
  made.add({ ...rule, output: { id: 'o', write } });
  return { made, answers, written, errors };
}

const one = (n: number, sync = false): EventStream =>
  EventStream.fromEvents([{ time: 1, record: { n, sync } }]);

test('events of a tag wait for those before them, others do not', async () => {
  const { made, answers, written } = routes();
  const first = made.emit('a', one(1));
  const second = made.emit('a', one(2, true));
  expect(made.emit('b', one(3, true))).toBe(KEPT);
  const third = made.emit('a', one(4));
  expect(written).toEqual([3]);
  answers[0](one(1));
  await first;
  await second;
  expect(written).toEqual([3, 1, 2]);
  await expect.poll(() => answers.length).toBe(2);
  answers[1](EventStream.empty);
  await third;
  expect(written).toEqual([3, 1, 2]);
  expect(made.emit('a', one(5, true))).toBe(KEPT);
});

test('a filter that rejects fails its own events only', async () => {
  const { made, answers, written, errors } = routes();
  const first = made.emit('a', one(1)) as Promise<void>;
  const second = made.emit('a', one(2, true));
  answers[0](new Error('no'));
  await expect(first).rejects.toThrow('no');
  await second;
  expect(written).toEqual([2]);
  expect(errors.failedEmits).toBe(1);
});

test('what is not a stream is an error, later too', async () => {
  const { made, answers } = routes();
  const first = made.emit('a', one(1)) as Promise<void>;
  answers[0](undefined as unknown as EventStream);
  await expect(first).rejects.toThrow('filter must return an event stream');
});
