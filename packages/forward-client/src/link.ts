import type { Socket } from 'node:net';
import {
  AckReader,
  ClientHandshake,
  ForwardProtocolError,
  type ClientHandshakeOptions,
} from '@sluice/forward-protocol';
import { SendProgress } from '@sluice/socket-options';
import { Alarm } from './alarm.js';
import type { Chunk, Compress } from './chunk.js';
import { connect, type Target } from './connect.js';
import { ForwardClientError, type ForwardClientErrorCode } from './errors.js';
import { explainTls, looksLikeTls } from './tls-errors.js';

/** Without keepalive a connection takes nothing new after so many milliseconds. */
const LIFE_WITHOUT_KEEPALIVE = 1000;
/** Milliseconds for a server to close after its client has. */
const CLOSING = 5000;
/** The kernel does not tell when it takes bytes: one looks this often within the send timeout. */
const LOOKS = 8;

/** How a {@link Link} is to be used. Times are in milliseconds. */
export interface LinkOptions {
  /** The server at its other end. */
  readonly target: Target;
  /** Default: no handshake. */
  readonly handshake?: ClientHandshakeOptions | undefined;
  /** How chunks travel: `text` as they are, or `gzip`, `zstd`. Fluentd: `compress`. */
  readonly compress: Compress;
  /** Have each chunk acknowledged. */
  readonly ack: boolean;
  /** Stay open when idle; without, it takes new chunks for a second only. */
  readonly keepalive: boolean;
  /** With keepalive: how long it may be idle. */
  readonly keepaliveTimeout: number;
  /** For connecting, with TLS and handshake. */
  readonly connectTimeout: number;
  /** In which the server has to take bytes that wait. */
  readonly sendTimeout: number;
  /** In which the server has to acknowledge a chunk. */
  readonly ackTimeout: number;
  /** Chunks under way at a time. */
  readonly window: number;
}

/** What happens on a {@link Link}. */
export interface LinkEvents {
  /** The server can be used. */
  ready(): void;
  /** The server has this chunk; without acks, the kernel has taken it. */
  kept(chunk: Chunk): void;
  /** There may be room for another chunk. */
  room(): void;
  /** It takes nothing new from now on; what is under way goes on. */
  retired(): void;
  /**
   * Over; `returned` were not kept. `error` is undefined where nothing is wrong with the server; what
   * the system said is `socketError` all the same.
   */
  closed(returned: Chunk[], error: Error | undefined, socketError: Error | undefined): void;
}

/** A chunk under way. It is kept when it is acknowledged, and our socket is done with its bytes. */
interface Sent {
  readonly chunk: Chunk;
  readonly at: number;
  written: boolean;
  acked: boolean;
}

/** One connection to a server, with several chunks under way. It connects at once. */
export class Link {
  /** In the order of sending. */
  readonly #unkept = new Set<Sent>();
  readonly #acks = new AckReader();
  readonly #abort = new AbortController();
  readonly #alarm = new Alarm(() => this.#look());
  readonly #progress = new SendProgress(performance.now());
  /** When it began, in milliseconds of `performance.now()`. */
  readonly began = performance.now();
  #socket: Socket | undefined;
  #handshake: ClientHandshake | undefined;
  #status: 'opening' | 'ready' | 'retired' | 'over' = 'opening';
  /** Whether it was ever ready. */
  #served = false;
  #error: Error | undefined;
  /** Chunks that the server has taken on this connection. */
  #taken = 0;
  #sent = 0;
  /** How many chunks the server takes on one connection. */
  #most = Infinity;
  #lastUse = this.began;
  #writing = 0;

  constructor(
    private readonly options: LinkOptions,
    private readonly events: LinkEvents,
  ) {
    this.#alarm.by(this.began + options.connectTimeout);
    void this.#open();
  }

  /** Whether it is still connecting or shaking hands. */
  get opening(): boolean {
    return this.#status === 'opening';
  }

  /** Whether it takes another chunk. */
  get hasRoom(): boolean {
    return (
      this.#status === 'ready' &&
      this.#unkept.size < this.options.window &&
      !this.#socket!.writableNeedDrain
    );
  }

  /** Sends a chunk; only where there is room. */
  send(chunk: Chunk): void {
    const now = performance.now();
    const { ack, ackTimeout, compress } = this.options;
    const sent: Sent = { chunk, at: now, written: false, acked: !ack };
    this.#lastUse = now;
    this.#unkept.add(sent);
    if (ack) this.#alarm.by(now + ackTimeout);
    const message = chunk.encode(compress, ack);
    if (message instanceof Promise) {
      message.then(
        (parts) => this.#write(sent, parts),
        (error: unknown) => this.fail(error as Error),
      );
    } else this.#write(sent, message);
    this.#sent += 1;
    if (this.#sent >= this.#most) this.retire();
  }

  /** Takes nothing new, and closes when all is kept. */
  retire(): void {
    if (this.#status === 'opening') {
      this.fail(this.#failure('CLOSED', 'it is no longer needed'));
      return;
    }
    if (this.#status !== 'ready') return;
    this.#status = 'retired';
    this.#lastUse = performance.now();
    this.#endIfDone();
    this.events.retired();
  }

  /** Without keepalive: closes where there is nothing left to do. */
  idle(): void {
    if (!this.options.keepalive && this.#unkept.size === 0 && this.#status === 'ready') {
      this.retire();
    }
  }

  /** Gives the connection up; what was under way goes back to its owner. */
  fail(error: Error): void {
    this.#error ??= error;
    this.#abort.abort(error);
    this.#socket?.destroy();
  }

  async #open(): Promise<void> {
    const { target, keepalive, handshake } = this.options;
    let socket: Socket;
    try {
      socket = await connect(target, this.#abort.signal);
    } catch (error) {
      this.#error ??= error as Error;
      this.#closed();
      return;
    }
    this.#socket = socket;
    socket.on('data', (data: Buffer) => this.#data(data));
    socket.on('drain', () => this.events.room());
    socket.on('error', (error) => {
      this.#error ??= explainTls(error, target.peer, 'established');
    });
    socket.on('close', () => this.#closed());
    if (this.#abort.signal.aborted) {
      socket.destroy();
      return;
    }
    if (keepalive) socket.setKeepAlive(true, 60_000);
    if (handshake === undefined) this.#opened();
    else this.#handshake = new ClientHandshake(handshake);
  }

  #opened(): void {
    this.#status = 'ready';
    this.#served = true;
    this.#lastUse = performance.now();
    this.#look();
    this.events.ready();
  }

  #data(data: Buffer): void {
    try {
      if (this.#handshake === undefined) {
        this.#acknowledge(data);
        return;
      }
      if (this.#refusesTls(data)) return;
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
    if (this.#taken === 0 && this.#refusesTls(data)) return;
    // Arrays come from servers that greet.
    if (this.#taken === 0 && data[0] >= 0x90 && data[0] < 0xa0) {
      this.fail(this.#failure('KEY_NEEDED', 'the server asks for a shared key'));
      return;
    }
    for (const id of this.#acks.push(data)) {
      for (const sent of this.#unkept) {
        if (sent.acked || sent.chunk.id !== id) continue;
        sent.acked = true;
        this.#keepIfDone(sent);
        break;
      }
    }
  }

  #refusesTls(data: Buffer): boolean {
    if (this.options.target.tls !== undefined || !looksLikeTls(data)) return false;
    this.fail(this.#failure('TLS_NEEDED', 'the server speaks TLS'));
    return true;
  }

  #write(sent: Sent, parts: Buffer[]): void {
    const socket = this.#socket!;
    if (this.#status === 'over' || socket.destroyed) return;
    const last = parts.length - 1;
    socket.cork();
    for (let i = 0; i < last; i++) socket.write(parts[i]);
    socket.write(parts[last], (error) => {
      this.#writing -= 1;
      // Node tells of no error where the socket was destroyed with the bytes still in hand.
      if (error || socket.destroyed) return;
      sent.written = true;
      this.#keepIfDone(sent);
    });
    socket.uncork();
    if (this.#writing++ > 0) return;
    const now = performance.now();
    this.#progress.stalledFor(socket, now);
    this.#alarm.by(now + this.options.sendTimeout / LOOKS);
  }

  /** A server may acknowledge what it does not have yet: our bytes are in use until they are written. */
  #keepIfDone(sent: Sent): void {
    if (!sent.acked || !sent.written || !this.#unkept.delete(sent)) return;
    this.#taken += 1;
    this.#lastUse = performance.now();
    this.events.kept(sent.chunk);
    this.#endIfDone();
    if (this.#unkept.size === 0) this.#look();
    this.events.room();
  }

  #endIfDone(): void {
    if (this.#status !== 'retired' || this.#unkept.size > 0) return;
    this.#socket!.end();
    this.#alarm.by(performance.now() + CLOSING);
  }

  /** Finds what took too long, and sets the alarm for what may be next. */
  #look(): void {
    const { options } = this;
    const now = performance.now();
    const late = (code: ForwardClientErrorCode, what: string, limit: number) => () =>
      this.fail(
        new ForwardClientError(code, `${what} within ${limit / 1000} s`, options.target.peer),
      );
    const limits: [at: number, act: () => void][] = [];
    const timeout = 'ERR_SLUICE_FORWARD_TIMEOUT';
    const [oldest] = this.#unkept as Iterable<Sent | undefined>;
    if (this.#status === 'over') return;
    if (this.#status === 'opening') {
      const { connectTimeout } = options;
      limits.push([this.began + connectTimeout, late(timeout, 'no connection', connectTimeout)]);
    } else if (this.#status === 'ready') {
      const end = (): void => this.retire();
      if (!options.keepalive) limits.push([this.began + LIFE_WITHOUT_KEEPALIVE, end]);
      else if (!oldest) limits.push([this.#lastUse + options.keepaliveTimeout, end]);
    } else if (oldest === undefined) {
      limits.push([this.#lastUse + CLOSING, () => this.#socket!.destroy()]);
    }
    if (options.ack && oldest !== undefined) {
      const { ackTimeout } = options;
      limits.push([oldest.at + ackTimeout, late(timeout, 'no acknowledgement', ackTimeout)]);
    }
    if (this.#writing > 0) {
      const { sendTimeout } = options;
      const since = now - this.#progress.stalledFor(this.#socket!, now);
      limits.push([since + sendTimeout, late(timeout, 'it took no bytes', sendTimeout)]);
      this.#alarm.by(now + sendTimeout / LOOKS);
    }
    for (const [at, act] of limits) {
      if (now >= at) act();
      else this.#alarm.by(at);
    }
  }

  #closed(): void {
    if (this.#status === 'over') return;
    this.#status = 'over';
    this.#alarm.clear();
    const returned = [...this.#unkept].map(({ chunk }) => chunk);
    this.#unkept.clear();
    const error = this.#error;
    this.events.closed(returned, this.#verdict(error, returned.length), error);
  }

  /** What the end of the connection says about the server. */
  #verdict(error: Error | undefined, returned: number): Error | undefined {
    if (error instanceof ForwardClientError || error instanceof ForwardProtocolError) return error;
    // A server may close between chunks, and a load balancer does; if it is gone, connecting again
    // will tell.
    if (this.#served && (returned === 0 || this.#taken > 0)) return undefined;
    const how = this.#served ? 'without an answer' : 'during the handshake';
    return error ?? this.#failure('CLOSED', `the server closed the connection ${how}`);
  }

  #failure(code: string, message: string): ForwardClientError {
    const full = `ERR_SLUICE_FORWARD_${code}` as ForwardClientErrorCode;
    return new ForwardClientError(full, message, this.options.target.peer);
  }
}
