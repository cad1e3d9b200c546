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
    this.reserve(chunk.length * 3 + 10);
    const { slab } = this;
    slab.set(HEAD, this.end);
    // A short id, as all clients use, has its length in one byte.
    const room = chunk.length < 11 ? 1 : chunk.length < 86 ? 2 : chunk.length < 21846 ? 3 : 5;
    const text = this.end + HEAD.length + room;
    const size = slab.write(chunk, text);
    const at = this.end + HEAD.length;
    if (room === 1) {
      slab[at] = 0xa0 + size;
    } else if (room === 2) {
      slab[at] = 0xd9;
      slab[at + 1] = size;
    } else if (room === 3) {
      slab[at] = 0xda;
      slab.writeUInt16BE(size, at + 1);
    } else {
      slab[at] = 0xdb;
      slab.writeUInt32BE(size, at + 1);
    }
    this.end = text + size;
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
