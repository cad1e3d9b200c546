/** What is larger is not pooled; no read is. */
const LARGEST = 64 * 1024;
const SMALLEST = 1024;
/** Buffers that wait for their next use hold no more bytes than this, in each process. */
const MOST_KEPT = 8 * 1024 * 1024;

const overwrite = process.env.SLUICE_OVERWRITE_BUFFERS === '1';

/** Free buffers by the power of two that is their size. */
const free: ReadBuffer[][] = [];
let kept = 0;
let held = 0;

/** Bytes of the buffers that somebody holds. */
export function heldBytes(): number {
  return held;
}

/**
 * One buffer of the pool, with the bytes of one read. It goes back when nobody holds it.
 */
export class ReadBuffer {
  holds = 1;
  #start: Buffer;
  readonly #pieces: Buffer[] = [];

  private constructor(readonly bytes: Buffer) {
    this.#start = bytes;
  }

  /** A buffer for so many bytes; its own size is the next power of two. */
  static take(size: number): ReadBuffer {
    const list = listFor(size);
    let buffer = list.pop();
    if (buffer === undefined) {
      buffer = new ReadBuffer(Buffer.allocUnsafeSlow(sizeClass(size)));
    } else {
      kept -= buffer.bytes.length;
      buffer.holds = 1;
    }
    held += buffer.bytes.length;
    return buffer;
  }

  /** Its first bytes. Peers send much of the same size, and each view costs more than a copy. */
  first(size: number): Buffer {
    if (this.#start.length !== size) this.#start = this.bytes.subarray(0, size);
    return this.#start;
  }

  /** The bytes from `index * size` on. All calls for one buffer have to name one size. */
  piece(index: number, size: number): Buffer {
    return (this.#pieces[index] ??= this.bytes.subarray(index * size, (index + 1) * size));
  }

  retain(): void {
    this.holds += 1;
  }

  /** In tests: nobody else looks at these bytes any more. */
  spoil(start: number, end: number): void {
    if (overwrite && this.holds === 1) this.bytes.fill(0xc1, start, end);
  }

  release(): void {
    this.holds -= 1;
    if (this.holds > 0) return;
    const { bytes } = this;
    held -= bytes.length;
    // Whoever looks at bytes that are no longer theirs sees it at once.
    if (overwrite) bytes.fill(0xc1);
    if (bytes.length > LARGEST || kept + bytes.length > MOST_KEPT) return;
    kept += bytes.length;
    listFor(bytes.length).push(this);
  }
}

function sizeClass(size: number): number {
  return size <= SMALLEST ? SMALLEST : 1 << (32 - Math.clz32(size - 1));
}

function listFor(size: number): ReadBuffer[] {
  const index = 32 - Math.clz32(sizeClass(size) - 1);
  return (free[index] ??= []);
}
