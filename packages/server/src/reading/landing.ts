import { ReadBuffer } from './read-buffers.js';

/** Connections that may have a buffer of their own between two reads, in each process. */
const MOST_OWN = 64;
let own = 0;

/** Takes bytes, and the memory to be released when they are not needed any more. */
type Deliver = (chunk: Buffer, memory: ReadBuffer) => void;

/**
 * A buffer that the reads of one connection land in, piece behind piece, so that what fills several
 * of them is one chunk. From it nothing is copied.
 */
export class Landing {
  readonly #memory: ReadBuffer;
  readonly #size: number;
  /** Where what has not been taken begins. */
  #start = 0;
  /** Of the piece that is being read into. */
  #index = 0;
  #held = true;

  private constructor(bytes: number, size: number) {
    this.#memory = ReadBuffer.take(bytes);
    this.#size = size;
  }

  /**
   * @param bytes of the buffer
   * @param size of what one read may bring
   * @returns undefined where too many connections have one
   */
  static take(bytes: number, size: number): Landing | undefined {
    if (own === MOST_OWN) return undefined;
    own += 1;
    return new Landing(bytes, size);
  }

  /** Where the next read lands. */
  get piece(): Buffer {
    return this.#memory.piece(this.#index, this.#size);
  }

  /** There are bytes in it that nobody has taken. */
  get hasSome(): boolean {
    return this.#index * this.#size > this.#start;
  }

  /** A read has filled its piece. @returns false where there is no other piece behind it */
  fill(): boolean {
    this.#index += 1;
    return (this.#index + 1) * this.#size <= this.#memory.bytes.length;
  }

  /** The pieces that are full; reads go on landing behind them. */
  takeSome(deliver: Deliver): void {
    const memory = this.#memory;
    const start = this.#start;
    const end = this.#index * this.#size;
    this.#start = end;
    memory.retain();
    this.#hand(start, end, deliver);
    memory.spoil(start, end);
  }

  /** All that has come, the last read brought `size` bytes; nothing lands here any more. */
  takeAll(size: number, deliver: Deliver): void {
    this.#leave();
    this.#hand(this.#start, this.#index * this.#size + size, deliver);
  }

  #hand(start: number, end: number, deliver: Deliver): void {
    const memory = this.#memory;
    const { bytes } = memory;
    const length = end - start;
    if (length > bytes.length / 2) {
      deliver(start === 0 ? memory.first(length) : bytes.subarray(start, end), memory);
      return;
    }
    // Whoever keeps it for long must not keep much more than that.
    const less = ReadBuffer.take(length);
    bytes.copy(less.bytes, 0, start, end);
    memory.release();
    deliver(less.first(length), less);
  }

  /** Nothing lands here any more. */
  drop(): void {
    if (!this.#held) return;
    this.#leave();
    this.#memory.release();
  }

  #leave(): void {
    this.#held = false;
    own -= 1;
  }
}
