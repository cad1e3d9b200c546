import { encodeValue } from '@sluice/event-stream';
import { INCOMPLETE, MALFORMED, ValueSkipper, decodeAt } from '@sluice/event-stream/packed';
import { ForwardProtocolError } from './errors.js';

/** The answer to a chunk: `{"ack": chunk}`. */
export function encodeAck(chunk: string, format: 'msgpack' | 'json' = 'msgpack'): Buffer {
  if (format === 'json') return Buffer.from(`${JSON.stringify({ ack: chunk })}\n`);
  return encodeValue({ ack: chunk });
}

// An ack is a map with one id; a peer that sends more is not a forward server.
const LARGEST_ACK = 64 * 1024;

/** A client's side: bytes from the server in, ids of acknowledged chunks out. */
export class AckReader {
  private pending = Buffer.alloc(0);
  private readonly skipper = new ValueSkipper();

  /**
   * @returns the ids whose acks are complete, in the order in which they came
   * @throws {@link ForwardProtocolError} where the bytes are not acks
   */
  push(data: Buffer): string[] {
    const bytes = this.pending.length > 0 ? Buffer.concat([this.pending, data]) : data;
    const chunks: string[] = [];
    let pos = 0;
    while (pos < bytes.length) {
      this.skipper.start(pos);
      const next = this.skipper.advance(bytes, bytes.length);
      if (next === MALFORMED || this.skipper.pos - pos > LARGEST_ACK) throw notAnAck();
      if (next === INCOMPLETE) break;
      const value = decodeAt(bytes, pos);
      const ack =
        typeof value === 'object' && value !== null
          ? (value as Record<string, unknown>).ack
          : undefined;
      if (typeof ack === 'string') chunks.push(ack);
      else if (Buffer.isBuffer(ack)) chunks.push(ack.toString());
      else throw notAnAck();
      pos = next;
    }
    this.pending = Buffer.from(bytes.subarray(pos));
    return chunks;
  }
}

function notAnAck(): ForwardProtocolError {
  return new ForwardProtocolError('ERR_SLUICE_FORWARD_MALFORMED', 'not an ack');
}
