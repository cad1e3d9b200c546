import assert from 'node:assert/strict';
import { EventStream } from '@sluice/event-stream';
import { KEPT, type ChunkStore, type StoredChunk } from '@sluice/plugin';

/**
 * Makes a store that is not started. With a store that keeps chunks beyond the process, all stores of
 * one maker keep them in the same place.
 */
export type StoreMaker = () => ChunkStore;

/** One thing that every store does. */
export interface ChunkStoreCheck {
  /** What it checks, as the name of a test. */
  readonly name: string;
  /**
   * Rejects where the store does it wrong.
   *
   * @param make of this check alone, over a place that is empty
   */
  readonly run: (make: StoreMaker) => Promise<void>;
}

const events = (...ns: number[]): EventStream =>
  EventStream.fromEvents(ns.map((n) => ({ time: 1, record: { n } }))).copy();

async function append(chunk: StoredChunk, stream: EventStream): Promise<void> {
  const kept = chunk.append(stream);
  if (kept !== KEPT) await kept;
  stream.bytes.fill(0xc1); // as an input does, which receives into the same memory again
}

async function numbersOf(chunk: StoredChunk): Promise<unknown[]> {
  return [...(await chunk.read())].map(({ record }) => record.n);
}

async function withStore(
  make: StoreMaker,
  use: (store: ChunkStore, resumed: StoredChunk[]) => Promise<void>,
): Promise<void> {
  const store = make();
  const resumed: StoredChunk[] = [];
  await store.start();
  try {
    await store.resume((chunk) => resumed.push(chunk));
    await use(store, resumed);
  } finally {
    await store.stop();
    await store.close();
  }
}

/**
 * What a store of chunks has to do, for its tests, with any test runner:
 *
 * ```ts
 * for (const { name, run } of chunkStoreChecks) test(name, () => run(makeMyStore));
 * ```
 */
export const chunkStoreChecks: readonly ChunkStoreCheck[] = [
  {
    name: 'gives back what was appended, in its order, as often as it is asked',
    run: (make) =>
      withStore(make, async (store) => {
        const chunk = store.create({ tag: 'a' });
        await append(chunk, events(1, 2));
        await append(chunk, events(3));
        assert.equal(chunk.events, 3);
        assert.equal(chunk.bytes, events(1, 2, 3).bytes.length);
        await chunk.seal();
        assert.deepEqual(await numbersOf(chunk), [1, 2, 3]);
        assert.deepEqual(await numbersOf(chunk), [1, 2, 3]);
      }),
  },
  {
    name: 'keeps the order of appends that are made at the same time',
    run: (make) =>
      withStore(make, async (store) => {
        const chunk = store.create({ tag: 'a' });
        await Promise.all([1, 2, 3, 4].map((n) => append(chunk, events(n))));
        await chunk.seal();
        assert.deepEqual(await numbersOf(chunk), [1, 2, 3, 4]);
      }),
  },
  {
    name: 'keeps chunks apart, and gives each an id of its own',
    run: (make) =>
      withStore(make, async (store) => {
        const chunks = ['a', 'a', 'b'].map((tag) => store.create({ tag }));
        await Promise.all(chunks.map((chunk, n) => append(chunk, events(n))));
        for (const chunk of chunks) await chunk.seal();
        assert.equal(new Set(chunks.map(({ id }) => id)).size, 3);
        assert.deepEqual(await Promise.all(chunks.map(numbersOf)), [[0], [1], [2]]);
      }),
  },
  {
    name: 'removes a chunk that is sealed, one that takes events, and one that has none',
    run: (make) =>
      withStore(make, async (store) => {
        const [sealed, open, empty] = ['a', 'b', 'c'].map((tag) => store.create({ tag }));
        await append(sealed, events(1));
        await append(open, events(2));
        await sealed.seal();
        for (const chunk of [sealed, open, empty]) await chunk.remove();
      }),
  },
  {
    name: 'resumes what it keeps beyond the process, and nothing that was removed',
    run: async (make) => {
      const metadata = { tag: 'a', timekey: 60, variables: { user: 'ü' } };
      const kept: StoredChunk[] = [];
      await withStore(make, async (store) => {
        for (const n of [1, 2, 3]) {
          const chunk = store.create({ ...metadata, tag: `t${n}` });
          await append(chunk, events(n));
          await chunk.seal();
          if (n === 2) await chunk.remove();
          else kept.push(chunk);
        }
      });
      await withStore(make, async (store, resumed) => {
        const expected = store.persistent ? kept : [];
        const plain = ({ id, metadata: of, createdAt, bytes }: StoredChunk): object => ({
          id,
          of,
          createdAt,
          bytes,
        });
        const byTag = (a: StoredChunk, b: StoredChunk): number =>
          a.metadata.tag < b.metadata.tag ? -1 : 1;
        const sorted = resumed.toSorted(byTag);
        assert.deepEqual(sorted.map(plain), expected.map(plain));
        assert.deepEqual(
          await Promise.all(sorted.map(numbersOf)),
          expected.length > 0 ? [[1], [3]] : [],
        );
      });
    },
  },
];
