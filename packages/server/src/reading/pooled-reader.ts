import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { ReadBuffer } from './read-buffers.js';
import { readIntoBuffers } from './user-buffer.js';

/** As much as one read may bring. More costs the processor's cache more than it saves calls. */
const LANDING = 64 * 1024;
/** OpenSSL gives a record at a time. */
const TLS_LANDING = 16 * 1024;
/** Connections that may have a buffer of their own between two reads, in each process. */
const MOST_OWN = 64;

/** All connections that are not in the middle of much read into the same bytes, one after another. */
const shared = Buffer.allocUnsafeSlow(LANDING);
const sharedTls = shared.subarray(0, TLS_LANDING);
let own = 0;

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
 * it.
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
  #own: ReadBuffer | undefined;
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
    this.#full = size === buffer.length;
    const memory = this.#landed(size, buffer);
    const { bytes } = memory;
    const chunk = size === bytes.length ? bytes : bytes.subarray(0, size);
    if (this.#paused) {
      this.#waiting.push({ chunk, memory });
      return false;
    }
    this.#listener.received(chunk, memory);
    return true;
  }

  /** What was read, in memory that the next read does not touch. */
  #landed(size: number, buffer: Buffer): ReadBuffer {
    const landing = this.#own;
    if (landing !== undefined && size > buffer.length / 2) {
      this.#own = undefined;
      own -= 1;
      return landing;
    }
    const memory = ReadBuffer.take(size);
    buffer.copy(memory.bytes, 0, 0, size);
    return memory;
  }

  /** Where the next read lands. */
  #next(): Buffer {
    if (!this.#full) {
      this.#dropOwn();
    } else if (this.#own === undefined && own < MOST_OWN) {
      this.#own = ReadBuffer.take(this.#shared.length);
      own += 1;
    }
    return this.#own?.bytes ?? this.#shared;
  }

  #dropOwn(): void {
    if (this.#own === undefined) return;
    own -= 1;
    this.#own.release();
    this.#own = undefined;
  }

  /** A method, because the compiler believes that a delivery changes nothing. */
  #isPaused(): boolean {
    return this.#paused;
  }
}
