import { EventStream, encodeValue } from '@sluice/event-stream';

const SLAB = 16 * 1024;
/** Ids of up to so many bytes are short. */
const SHORT = 64;
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

  /** Adds the ack of a chunk whose id is text. */
  add(chunk: string): void {
    this.addPacked(encodeValue(chunk).toString('latin1'));
  }

  /**
   * Adds the ack of a chunk whose id may be of any type, which is repeated byte by byte.
   *
   * @param id - {@link ForwardMessage.ackId}
   */
  addPacked(id: string): void {
    if (this.format === 'json') {
      const line = ackLine(id);
      this.reserve(line.length);
      line.copy(this.slab, this.end);
      this.end += line.length;
      return;
    }
    this.reserve(HEAD.length + id.length);
    this.slab.set(HEAD, this.end);
    this.end += HEAD.length;
    this.end += this.slab.write(id, this.end, 'latin1');
  }

  /**
   * As {@link AckBatch.addPacked}, from where the id lies.
   *
   * @param bytes - in which the MessagePack of the id begins at `start` and ends at `end`
   */
  addBytes(bytes: Buffer, start: number, end: number): void {
    const length = end - start;
    if (this.format === 'json' || length > SHORT) {
      this.addPacked(bytes.toString('latin1', start, end));
      return;
    }
    this.reserve(HEAD.length + length);
    const { slab } = this;
    let at = this.end;
    // So few bytes are sooner copied here than a view of them is made.
    for (const byte of HEAD) slab[at++] = byte;
    for (let pos = start; pos < end; pos++) slab[at++] = bytes[pos];
    this.end = at;
  }

  /** Bytes that wait to be taken. */
  get size(): number {
    return this.end - this.start;
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

/** `{"ack":id}` in JSON, which is the line of an event that holds nothing else. */
function ackLine(id: string): Buffer {
  const entry = Buffer.concat([Buffer.of(0x92, 0), HEAD, Buffer.from(id, 'latin1')]);
  return EventStream.fromScanned(entry, 1).toJsonLines();
}
