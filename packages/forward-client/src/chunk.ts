import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import zlib from 'node:zlib';
import type { EventStream } from '@sluice/event-stream';
import { encodePackedForwardParts } from '@sluice/forward-protocol';

const gzip = promisify(zlib.gzip);
/** Parts that are smaller than this on average are joined, larger ones are written as they are. */
const SMALL_PART = 4096;

/** How the events of a chunk are compressed; `text`: not at all. */
export type Compress = 'text' | 'gzip' | 'zstd';

/**
 * Events of one tag that travel together: streams that came at about the same time.
 *
 * It holds views of the streams' bytes, which must not change until `kept` has settled.
 */
export class Chunk {
  /** Settles for all streams of the chunk alike. */
  readonly kept: Promise<void>;
  /** When it was made, in milliseconds of `performance.now()`. */
  readonly since = performance.now();
  /** Size of the packed events, before compression. */
  bytes = 0;
  /** How many events it has so far. */
  events = 0;
  /** How often it has been handed to a server. */
  attempts = 0;
  #parts: Buffer[] = [];
  #encoded: Buffer[] | undefined;
  #settle!: { resolve: () => void; reject: (error: Error) => void };

  /** @param id the same for every attempt, so that a receiver can tell a repetition. Default: random */
  constructor(
    /** The tag of all its events. */
    readonly tag: string,
    readonly id: string = randomBytes(16).toString('base64'),
  ) {
    this.kept = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    // Whoever wrote the events hears of it; nobody else has to.
    this.kept.catch(() => undefined);
  }

  /** Takes another stream; only until it is encoded. */
  add(stream: EventStream): void {
    this.#parts.push(stream.bytes);
    this.bytes += stream.bytes.length;
    this.events += stream.count;
  }

  /** The whole message, made once; a promise only where something has to be compressed. */
  encode(compress: Compress, ack: boolean): Buffer[] | Promise<Buffer[]> {
    if (this.#encoded !== undefined) return this.#encoded;
    const option = { size: this.events, ...(ack && { chunk: this.id }) };
    const parts = this.#parts;
    if (compress !== 'text') {
      return compressed(compress, parts).then((payload) => {
        const whole = encodePackedForwardParts(this.tag, [payload], {
          ...option,
          compressed: compress,
        });
        this.#keep(whole);
        return whole;
      });
    }
    const small = parts.length > 1 && this.bytes < SMALL_PART * parts.length;
    const payload = small ? [Buffer.concat(parts)] : parts;
    const whole = encodePackedForwardParts(this.tag, payload, option);
    this.#keep(whole);
    return whole;
  }

  /** Its events are kept. */
  resolve(): void {
    this.#settle.resolve();
  }

  /** Its events are not sent on. */
  reject(error: Error): void {
    this.#settle.reject(error);
  }

  #keep(whole: Buffer[]): void {
    this.#encoded = whole;
    this.#parts = [];
  }
}

async function compressed(compress: 'gzip' | 'zstd', parts: Buffer[]): Promise<Buffer> {
  const payload = parts.length === 1 ? parts[0] : Buffer.concat(parts);
  if (compress === 'gzip') return gzip(payload, { level: zlib.constants.Z_BEST_SPEED });
  // In Node from 22.15 on; the types of Node 20 do not know it.
  const { zstdCompress } = zlib as unknown as {
    zstdCompress: (bytes: Buffer, done: (error: Error | null, result: Buffer) => void) => void;
  };
  return promisify(zstdCompress)(payload);
}
