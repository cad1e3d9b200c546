import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { GroupWriter, WriteQueue } from '../src/index.js';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

/** A sink whose writes the test ends. */
function sink() {
  const written: string[] = [];
  const ends: ((error?: Error) => void)[] = [];
  const write = (text: string): Promise<void> =>
    new Promise((resolve, reject) => {
      written.push(text);
      ends.push((error) => (error === undefined ? resolve() : reject(error)));
    });
  return { written, ends, write };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('what comes while a write is under way is written together, in order', async () => {
  const { written, ends, write } = sink();
  const writer = new GroupWriter((chunks) => write(chunks.join('')), { groupBytes: 3 });
  const promises = ['a', 'b'].map((text) => writer.write(Buffer.from(text)));
  await turn();
  expect(written).toEqual(['ab']);
  promises.push(...['c', 'd', 'e', 'f'].map((text) => writer.write(Buffer.from(text))));
  ends[0]();
  await Promise.all(promises.slice(0, 2));
  await turn();
  expect(written).toEqual(['ab', 'cde']);
  expect(writer.isIdle).toBe(false);
  ends[1]();
  await turn();
  expect(written).toEqual(['ab', 'cde', 'f']);
  ends[2]();
  await Promise.all(promises);
  await writer.idle();
  expect(writer.isIdle).toBe(true);
});

test('an error is for those whose batch it is, and the others are written', async () => {
  const { ends, write } = sink();
  const writer = new GroupWriter((chunks) => write(chunks.join('')));
  const first = writer.write(Buffer.from('a'));
  await turn();
  const second = writer.write(Buffer.from('b'));
  ends[0](new Error('no space'));
  await expect(first).rejects.toThrow('no space');
  await turn();
  ends[1]();
  await second;
});

test('interval: a batch that is alone waits for more, unless it is full or flushed', async () => {
  const { written, ends, write } = sink();
  const queue = new WriteQueue<string[]>({
    write: (batch) => write(batch.join('')),
    interval: 100,
    isFull: (batch) => batch.length === 3,
  });
  const add = (text: string): Promise<void> => {
    if (queue.last === undefined || queue.last.length === 3) queue.push([]);
    queue.last!.push(text);
    return queue.written();
  };
  void add('a');
  await turn();
  vi.advanceTimersByTime(99);
  void add('b');
  await turn();
  expect(written).toEqual([]);
  vi.advanceTimersByTime(1);
  await turn();
  expect(written).toEqual(['ab']);
  ends[0]();
  for (const text of 'cde') void add(text);
  await turn();
  expect(written).toEqual(['ab', 'cde']);
  ends[1]();
  void add('f');
  await turn();
  const idle = queue.idle();
  await turn();
  expect(written).toEqual(['ab', 'cde', 'f']);
  ends[2]();
  await idle;
});
