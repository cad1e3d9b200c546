const SLAB = 16 * 1024;
// Map of one, and the key.
const HEAD = Buffer.from([0x81, 0xa3, 0x61, 0x63, 0x6b]);

/**
 * Collects the acks of a connection, so that all that became due together are written together.
 */
export class AckBatch {
  private slab = Buffer.allocUnsafeSlow(SLAB);
  private start = 0;
  private end = 0;

  constructor(private readonly format: 'msgpack' | 'json' = 'msgpack') {}

  add(chunk: string): void {
    if (this.format === 'json') {
      const text = `${JSON.stringify({ ack: chunk })}\n`;
      this.reserve(text.length * 3);
      this.end += this.slab.write(text, this.end);
      return;
    }
    const size = Buffer.byteLength(chunk);
    this.reserve(HEAD.length + 5 + size);
    const { slab } = this;
    slab.set(HEAD, this.end);
    let at = this.end + HEAD.length;
    if (size < 32) {
      slab[at++] = 0xa0 + size;
    } else if (size < 0x100) {
      slab[at++] = 0xd9;
      slab[at++] = size;
    } else if (size < 0x10000) {
      slab[at++] = 0xda;
      at = slab.writeUInt16BE(size, at);
    } else {
      slab[at++] = 0xdb;
      at = slab.writeUInt32BE(size, at);
    }
    this.end = at + slab.write(chunk, at);
  }

  /** The bytes of all acks added since the last call; undefined where there are none. */
  take(): Buffer | undefined {
    if (this.end === this.start) return undefined;
    const bytes = this.slab.subarray(this.start, this.end);
    this.start = this.end;
    return bytes;
  }

  private reserve(size: number): void {
    if (this.end + size <= this.slab.length) return;
    const waiting = this.end - this.start;
    const slab = Buffer.allocUnsafeSlow(Math.max(SLAB, (waiting + size) * 2));
    this.slab.copy(slab, 0, this.start, this.end);
    this.slab = slab;
    this.start = 0;
    this.end = waiting;
  }
}
