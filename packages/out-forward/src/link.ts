import type { Socket } from 'node:net';
import {
  AckReader,
  ClientHandshake,
  ForwardProtocolError,
  type ClientHandshakeOptions,
} from '@sluice/forward-protocol';
import type { Chunk } from './chunk.js';
import { connect, type Target } from './connect.js';
import { ForwardOutputError } from './errors.js';

/** Without keepalive a connection takes nothing new after so many milliseconds. */
const LIFE_WITHOUT_KEEPALIVE = 1000;
/** Milliseconds for a server to close after its client has. */
const CLOSING = 5000;

export interface LinkOptions {
  readonly target: Target;
  readonly handshake: ClientHandshakeOptions | undefined;
  readonly compress: 'text' | 'gzip' | 'zstd';
  readonly ack: boolean;
  readonly keepalive: boolean;
  /** Milliseconds, all four. */
  readonly keepaliveTimeout: number;
  readonly connectTimeout: number;
  readonly sendTimeout: number;
  readonly ackTimeout: number;
  readonly window: number;
}

export interface LinkEvents {
  /** The server can be used. */
  ready(): void;
  /** The server has this chunk. */
  kept(chunk: Chunk): void;
  /** There may be room for another chunk. */
  room(): void;
  /** Over; `returned` were not kept. `error` is undefined where nothing is wrong with the server. */
  closed(returned: Chunk[], error: Error | undefined): void;
}

/** One connection to a server, with several chunks under way. */
export class Link {
  readonly #unkept = new Map<string, { chunk: Chunk; at: number }>();
  readonly #acks = new AckReader();
  readonly #abort = new AbortController();
  readonly #began = performance.now();
  #socket: Socket | undefined;
  #handshake: ClientHandshake | undefined;
  #ready = false;
  #retired = false;
  #over = false;
  #error: Error | undefined;
  /** Chunks that the server has taken on this connection. */
  #taken = 0;
  #sent = 0;
  #most = Infinity;
  #lastUse = this.#began;
  #writing = 0;
  #lastWrite = 0;

  constructor(
    private readonly options: LinkOptions,
    private readonly events: LinkEvents,
  ) {
    void this.#open();
  }

  get ready(): boolean {
    return this.#ready;
  }

  /** Whether it takes another chunk. */
  get hasRoom(): boolean {
    return (
      this.#ready &&
      !this.#retired &&
      this.#sent < this.#most &&
      this.#unkept.size < this.options.window &&
      !this.#socket!.writableNeedDrain
    );
  }

  send(chunk: Chunk): void {
    const now = performance.now();
    this.#lastUse = now;
    this.#sent += 1;
    this.#unkept.set(chunk.id, { chunk, at: now });
    const message = chunk.encode(this.options.compress, this.options.ack);
    if (message instanceof Promise) {
      message.then(
        (parts) => this.#write(chunk, parts),
        (error: unknown) => this.fail(error as Error),
      );
    } else this.#write(chunk, message);
  }

  /** Finds what took too long; called a few times a second. */
  check(now: number): void {
    const { options } = this;
    if (this.#over) return;
    if (!this.#ready) {
      if (now - this.#began > options.connectTimeout) {
        this.fail(this.#late('no connection', options.connectTimeout));
      }
      return;
    }
    const oldest = this.#unkept.values().next().value;
    if (this.#writing > 0 && now - this.#lastWrite > options.sendTimeout) {
      this.fail(this.#late('it took no bytes', options.sendTimeout));
    } else if (options.ack && oldest !== undefined && now - oldest.at > options.ackTimeout) {
      this.fail(this.#late('no acknowledgement', options.ackTimeout));
    } else if (this.#retired) {
      if (oldest === undefined && now - this.#lastUse > CLOSING) this.#socket!.destroy();
    } else if (options.keepalive) {
      if (oldest === undefined && now - this.#lastUse > options.keepaliveTimeout) this.retire();
    } else if (now - this.#began > LIFE_WITHOUT_KEEPALIVE) {
      this.retire();
    }
  }

  /** Takes nothing new, and closes when all is kept. */
  retire(): void {
    if (!this.#retired) this.#lastUse = performance.now();
    this.#retired = true;
    if (this.#unkept.size === 0) this.#socket?.end();
  }

  /** Without keepalive: closes where there is nothing left to do. */
  idle(): void {
    if (this.#ready && !this.options.keepalive && this.#unkept.size === 0) this.retire();
  }

  /** Gives the connection up; what was under way goes back to its owner. */
  fail(error: Error): void {
    this.#error ??= error;
    this.#abort.abort(error);
    if (this.#socket === undefined) return;
    this.#socket.destroy();
  }

  async #open(): Promise<void> {
    let socket: Socket;
    try {
      socket = await connect(this.options.target, this.#abort.signal);
    } catch (error) {
      this.#error ??= error as Error;
      this.#closed();
      return;
    }
    this.#socket = socket;
    socket.on('data', (data: Buffer) => this.#data(data));
    socket.on('drain', () => this.events.room());
    socket.on('error', (error) => (this.#error ??= error));
    socket.on('close', () => this.#closed());
    if (this.#abort.signal.aborted) {
      socket.destroy();
      return;
    }
    if (this.options.keepalive) socket.setKeepAlive(true, 60_000);
    if (this.options.handshake === undefined) this.#opened();
    else this.#handshake = new ClientHandshake(this.options.handshake);
  }

  #opened(): void {
    this.#ready = true;
    this.#lastUse = performance.now();
    this.events.ready();
  }

  #data(data: Buffer): void {
    try {
      if (this.#handshake === undefined) {
        this.#acknowledge(data);
        return;
      }
      const step = this.#handshake.push(data);
      if (!step.done) {
        if (step.reply !== undefined) this.#socket!.write(step.reply);
        return;
      }
      this.#handshake = undefined;
      if (!step.keepalive) this.#most = 1;
      this.#opened();
      if (step.rest.length > 0) this.#acknowledge(step.rest);
    } catch (error) {
      if (!(error instanceof ForwardProtocolError)) throw error;
      this.fail(error);
    }
  }

  #acknowledge(data: Buffer): void {
    // Arrays come from servers that greet.
    if (this.#taken === 0 && data[0] >= 0x90 && data[0] < 0xa0) {
      this.fail(
        new ForwardOutputError(
          'ERR_SLUICE_FORWARD_PEER',
          'the server asks for a shared key: <security> is needed',
          this.options.target.peer,
        ),
      );
      return;
    }
    for (const id of this.#acks.push(data)) this.#kept(id);
  }

  #write(chunk: Chunk, parts: Buffer[]): void {
    const socket = this.#socket!;
    if (this.#over || socket.destroyed) return;
    if (this.#writing++ === 0) this.#lastWrite = performance.now();
    const last = parts.length - 1;
    socket.cork();
    for (let i = 0; i < last; i++) socket.write(parts[i]);
    socket.write(parts[last], (error) => {
      this.#writing -= 1;
      this.#lastWrite = performance.now();
      if (!error && !this.options.ack) this.#kept(chunk.id);
    });
    socket.uncork();
  }

  #kept(id: string): void {
    const entry = this.#unkept.get(id);
    if (entry === undefined) return;
    this.#unkept.delete(id);
    this.#taken += 1;
    this.#lastUse = performance.now();
    this.events.kept(entry.chunk);
    if (this.#sent >= this.#most) this.#retired = true;
    if (this.#retired && this.#unkept.size === 0) this.#socket!.end();
    this.events.room();
  }

  #closed(): void {
    if (this.#over) return;
    this.#over = true;
    const ready = this.#ready;
    this.#ready = false;
    const returned = [...this.#unkept.values()].map(({ chunk }) => chunk);
    this.#unkept.clear();
    let error = this.#error;
    // A server may close between chunks, and a load balancer does; if it is gone, connecting again
    // will tell.
    const unused = ready && returned.length === 0;
    if (unused || (ready && this.#taken > 0 && !(error instanceof ForwardOutputError))) {
      error = undefined;
    } else {
      error ??= new ForwardOutputError(
        'ERR_SLUICE_FORWARD_CLOSED',
        ready ? 'it closed the connection without an answer' : 'it closed during the handshake',
        this.options.target.peer,
      );
    }
    this.events.closed(returned, error);
  }

  #late(what: string, limit: number): ForwardOutputError {
    return new ForwardOutputError(
      'ERR_SLUICE_FORWARD_TIMEOUT',
      `${what} within ${limit / 1000} s`,
      this.options.target.peer,
    );
  }
}
