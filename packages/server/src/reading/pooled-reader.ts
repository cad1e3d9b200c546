import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { Landing } from './landing.js';
import { ReadBuffer } from './read-buffers.js';
import { readIntoBuffers } from './user-buffer.js';

/** As much as one read may bring. More costs the processor's cache more than it saves calls. */
const LANDING = 64 * 1024;
/** OpenSSL gives a record at a time. */
const TLS_RECORD = 16 * 1024;

/** All connections that are not in the middle of much read into the same bytes, one after another. */
const shared = Buffer.allocUnsafeSlow(LANDING);
const sharedTls = shared.subarray(0, TLS_RECORD);
/** What the last read of all brought there: the next is often as long. */
let landed = shared;

/** What becomes of what is read. @internal */
export interface ReaderListener {
  /** `memory` is to be released when the bytes are not needed any more. */
  received(chunk: Buffer, memory: ReadBuffer | undefined): void;
  /** The peer's FIN, after everything that came before it. */
  ended(): void;
}

interface Waiting {
  readonly chunk: Buffer;
  readonly memory: ReadBuffer | undefined;
}

/**
 * Reads one socket into buffers that are used again.
 *
 * The kernel's bytes land in one buffer that all connections share, and are copied from there into
 * a pooled one that is just large enough: an idle connection has no buffer, and a consumer that
 * keeps bytes for a while keeps few more than it was given. A connection whose reads fill the shared
 * buffer gets a landing buffer of its own, from which nothing is copied, until a read does not fill
 * it. Records of TLS that come together are one chunk there.
 *
 * While it is paused it reads ahead once, as Node's streams do, so that the end of the connection
 * is seen.
 * @internal
 */
export class PooledReader {
  readonly #socket: Socket;
  readonly #listener: ReaderListener;
  readonly #shared: Buffer;
  readonly #waiting: Waiting[] = [];
  #own: Landing | undefined;
  /** What is in the landing buffer is delivered at the end of this turn of the event loop. */
  #scheduled = false;
  /** The last read has filled its buffer. */
  #full = false;
  #paused = false;
  /** The FIN has come, and waits behind what was read before it. */
  #endWaits = false;

  private constructor(socket: Socket, tls: boolean, listener: ReaderListener) {
    this.#socket = socket;
    this.#listener = listener;
    this.#shared = tls ? sharedTls : shared;
  }

  /**
   * Begins to read. What the socket has read already comes first, in the next tick.
   * @returns undefined where this Node.js cannot do it
   */
  static start(socket: Socket, tls: boolean, listener: ReaderListener): PooledReader | undefined {
    const reader = new PooledReader(socket, tls, listener);
    const started = readIntoBuffers(
      socket,
      reader.#shared,
      (size, buffer) => reader.#onRead(size, buffer),
      () => reader.#next(),
    );
    if (!started) return undefined;
    // These bytes are nobody else's.
    const before = socket.read() as Buffer | null;
    if (before === null) return reader;
    reader.#waiting.push({ chunk: before, memory: undefined });
    reader.pause();
    process.nextTick(() => reader.resume());
    return reader;
  }

  pause(): void {
    this.#paused = true;
    this.#deliverSome();
    // Shows that nobody reads, as `socket.pause` does, which would also stop the reading ahead.
    Readable.prototype.pause.call(this.#socket);
  }

  /** Delivers what was read in the pause, and goes on unless that pauses again. */
  resume(): void {
    this.#paused = false;
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      this.#listener.received(next.chunk, next.memory);
      if (this.#isPaused()) return;
    }
    if (this.#endWaits) {
      this.#endWaits = false;
      this.#listener.ended();
    } else {
      Readable.prototype.resume.call(this.#socket);
    }
  }

  /** The socket tells of the peer's FIN. */
  end(): void {
    this.#deliverSome();
    if (this.#waiting.length === 0) this.#listener.ended();
    else this.#endWaits = true;
  }

  /** The socket is closed. */
  close(): void {
    this.#dropOwn();
    for (const { memory } of this.#waiting.splice(0)) memory?.release();
  }

  /** @returns false where nothing more is to be read now */
  #onRead(size: number, buffer: Buffer): boolean {
    const paused = this.#paused;
    this.#full = size === buffer.length;
    const landing = this.#own;
    if (landing === undefined) {
      if (this.#full && !paused && this.#gather(buffer)) return true;
      const memory = ReadBuffer.take(size);
      if (landed.length !== size) landed = shared.subarray(0, size);
      memory.bytes.set(landed);
      this.#deliver(memory.first(size), memory);
    } else if (this.#full && landing.fill()) {
      if (paused) this.#deliverSome();
      else this.#scheduleDelivery();
    } else {
      this.#own = undefined;
      landing.takeAll(this.#full ? 0 : size, (chunk, memory) => this.#deliver(chunk, memory));
    }
    return !paused;
  }

  /** The first of several records of TLS. @returns false where it is to be delivered by itself */
  #gather(record: Buffer): boolean {
    if (record.length === LANDING) return false;
    const landing = Landing.take(LANDING, record.length);
    if (landing === undefined) return false;
    landing.piece.set(record);
    landing.fill();
    this.#own = landing;
    this.#scheduleDelivery();
    return true;
  }

  #deliver(chunk: Buffer, memory: ReadBuffer): void {
    if (this.#paused) this.#waiting.push({ chunk, memory });
    else this.#listener.received(chunk, memory);
  }

  /** More may come in this turn. */
  #scheduleDelivery(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#deliverSome();
    });
  }

  /** What lies in the landing buffer. */
  #deliverSome(): void {
    const landing = this.#own;
    if (landing?.hasSome !== true) return;
    landing.takeSome((chunk, memory) => this.#deliver(chunk, memory));
  }

  /** Where the next read lands. */
  #next(): Buffer {
    if (!this.#full) this.#dropOwn();
    else this.#own ??= Landing.take(LANDING, this.#shared.length);
    return this.#own?.piece ?? this.#shared;
  }

  #dropOwn(): void {
    this.#own?.drop();
    this.#own = undefined;
  }

  /** A method, because the compiler believes that a delivery changes nothing. */
  #isPaused(): boolean {
    return this.#paused;
  }
}
