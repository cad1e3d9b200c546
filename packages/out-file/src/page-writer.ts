import { WriteQueue } from '@sluice/plugin';

/** Writes bytes behind `offset` of a buffer; see `Formatter.formatInto` for what it returns. */
export type Fill = (target: Buffer, offset: number) => number;

/** Bytes that are written together. */
interface Page {
  buffer: Buffer;
  length: number;
}

const smallestBuffer = 64 * 1024;
/** A page with so many bytes takes no more, and waits for nothing. */
const fullPage = 4 * 1024 * 1024;
/** Larger buffers are not kept. */
const largestKept = 8 * 1024 * 1024;
/** Buffers that wait for their next use, of all files together, hold no more bytes than this. */
const mostKept = 32 * 1024 * 1024;

const free: Buffer[] = [];
let freeBytes = 0;

function takeBuffer(): Buffer {
  const buffer = free.pop();
  if (buffer === undefined) return Buffer.allocUnsafeSlow(smallestBuffer);
  freeBytes -= buffer.length;
  return buffer;
}

function giveBack(buffer: Buffer): void {
  if (buffer.length > largestKept || freeBytes + buffer.length > mostKept) return;
  free.push(buffer);
  freeBytes += buffer.length;
}

/**
 * Collects what comes while a write is under way, in order and in one buffer that is used again:
 * however many appends wait, they are one write. The bytes are made where they are written from.
 */
export class PageWriter {
  readonly #queue: WriteQueue<Page>;

  /**
   * @param sink writes one page, whose bytes are valid until its promise settles; never called while
   *   it is still busy
   * @param interval milliseconds that the first append of a page waits for others
   */
  constructor(sink: (bytes: Buffer) => Promise<void>, interval = 0) {
    this.#queue = new WriteQueue({
      write: async ({ buffer, length }) => {
        try {
          await sink(buffer.subarray(0, length));
        } finally {
          giveBack(buffer);
        }
      },
      isFull: ({ length }) => length >= fullPage,
      interval,
    });
  }

  /** Whether nothing waits and nothing is being written. */
  get isIdle(): boolean {
    return this.#queue.isIdle;
  }

  /**
   * Has bytes written behind those that wait.
   *
   * @param fill called at once, again where it needs more room
   * @returns resolves when the sink has taken them; rejects with the sink's error, and with what
   *   `fill` throws: nothing is appended then
   */
  append(fill: Fill): Promise<void> {
    let page = this.#queue.last;
    if (page === undefined || page.length >= fullPage) {
      page = { buffer: takeBuffer(), length: 0 };
      this.#queue.push(page);
    }
    try {
      let end = fill(page.buffer, page.length);
      while (end < 0) {
        const bigger = Buffer.allocUnsafeSlow(Math.max(page.buffer.length * 2, -end));
        page.buffer.copy(bigger, 0, 0, page.length);
        giveBack(page.buffer);
        page.buffer = bigger;
        end = fill(bigger, page.length);
      }
      page.length = end;
    } catch (error) {
      if (page.length === 0) this.#drop(page);
      return Promise.reject(error instanceof Error ? error : new Error(String(error)));
    }
    if (page.length >= fullPage) this.flush();
    if (page.length === 0) {
      // The format writes nothing for these events.
      this.#drop(page);
      return Promise.resolve();
    }
    return this.#queue.written();
  }

  /** Ends the waiting for more, so that what has come is written now. */
  flush(): void {
    this.#queue.flush();
  }

  /** Resolves when nothing waits any more; never rejects. */
  idle(): Promise<void> {
    return this.#queue.idle();
  }

  /** An empty page, which is the last one. */
  #drop(page: Page): void {
    this.#queue.dropLast();
    giveBack(page.buffer);
  }
}
