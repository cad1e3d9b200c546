import { freeMemory } from './free-memory.js';

const SMALLEST = 1024;
/** Larger ones are not kept for a next use. */
const LARGEST = 8 * 1024 * 1024;
/** Buffers that wait for their next use hold no more bytes than this, in each process. */
const MOST_KEPT = 32 * 1024 * 1024;

const overwrite = process.env.SLUICE_OVERWRITE_BUFFERS === '1';

/** Free buffers by their size. */
const free = new Map<number, PooledMemory[]>();
let kept = 0;
let held = 0;

/** Bytes of the buffers that somebody holds. */
export function heldMemory(): number {
  return held;
}

/**
 * A buffer that is used again when nobody holds it: for what is collected, or inflated, to be
 * looked at and let go of. Fresh memory for each message is what makes V8 collect.
 */
export class PooledMemory {
  private holds = 1;
  private once = false;

  private constructor(readonly bytes: Buffer) {}

  /** Memory for at least so many bytes, held by the caller. */
  static take(least: number): PooledMemory {
    const size = sizeClass(least);
    let memory = free.get(size)?.pop();
    if (memory === undefined) {
      memory = new PooledMemory(Buffer.allocUnsafeSlow(size));
    } else {
      kept -= size;
      memory.holds = 1;
    }
    held += size;
    return memory;
  }

  /** One more holds it. */
  retain(): void {
    this.holds += 1;
  }

  /** All of the memory that bytes lie in, which was made for them: it is not used again. */
  static around({ buffer }: Buffer): PooledMemory {
    const memory = new PooledMemory(Buffer.from(buffer as ArrayBuffer));
    memory.once = true;
    held += memory.bytes.length;
    return memory;
  }

  /**
   * As {@link PooledMemory.release}, where whoever has looked at the bytes is through with them for
   * certain: what is not used again is given back at once.
   */
  discard(): void {
    this.release();
    if (this.holds === 0 && (this.once || this.bytes.length > LARGEST)) freeMemory(this.bytes);
  }

  /** One holds it no longer; the bytes are overwritten after the last. */
  release(): void {
    this.holds -= 1;
    if (this.holds > 0) return;
    const { bytes } = this;
    const size = bytes.length;
    held -= size;
    // Whoever looks at bytes that are no longer theirs sees it at once.
    if (overwrite) bytes.fill(0xc1);
    if (this.once || size > LARGEST || kept + size > MOST_KEPT) return;
    const list = free.get(size);
    if (list === undefined) free.set(size, [this]);
    else list.push(this);
    kept += size;
  }
}

/** Four sizes between one power of two and the next: at most a quarter is not used. */
function sizeClass(least: number): number {
  if (least <= SMALLEST) return SMALLEST;
  if (least > LARGEST) return least;
  const step = 1 << (29 - Math.clz32(least - 1));
  return Math.ceil(least / step) * step;
}
