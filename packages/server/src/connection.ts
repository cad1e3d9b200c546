import type { Socket } from 'node:net';
import { Activity, type TimeBounds } from './activity.js';
import { formatPeer, type Source } from './address.js';
import { ConnectionIterator } from './connection-iterator.js';
import { ConnectionClosedError, ConnectionEventError, asError } from './errors.js';
import type { NameResolver } from '@sluice/socket-options';

/** What a consumer of bytes is: a promise that it returns pauses the socket until it settles. */
export type DataCallback = (data: Buffer, connection: Connection) => unknown;
/** A listener of `writeComplete`, `end` or `close`. */
export type ConnectionListener = (connection: Connection) => unknown;

/** What a connection needs from the server that accepted it. @internal */
export interface ConnectionOwner {
  readonly title: string;
  readonly protocol: 'tcp' | 'tls' | 'unix';
  readonly maxWriteBuffer: number;
  readonly names: NameResolver | undefined;
  /** Hard close, by the linger time-out. */
  closeNow(connection: Connection): void;
  /** Our FIN is about to be sent, and what is written has to arrive. */
  beforeEnd(connection: Connection, peerEnded: boolean): void;
  /** A callback threw or rejected, or a limit was passed. */
  failed(connection: Connection, reason: string, error: Error): void;
  socketError(connection: Connection, error: Error): void;
  closed(connection: Connection): void;
}

const kConnection = Symbol('sluice.connection');
type Carrier = Socket & { [kConnection]: Connection };

// The state of a connection, in one small integer.
const ENDED = 1; // the peer has sent its FIN, or we read no more
const CLOSING = 2; // we close, one way or the other
const CLOSED = 4;
const WROTE = 8; // written since the last writeComplete
const HAS_CONSUMER = 16;
const BUSY = 32; // a promise of the data callback is pending
const FINISHED = 64; // our FIN is on its way
const HARD = 128; // closed without waiting for what is unsent

// Shared by all connections: `this` is the socket, and nothing is allocated per connection.
function onData(this: Carrier, chunk: Buffer): void {
  this[kConnection].deliver(chunk);
}
function onEnd(this: Carrier): void {
  this[kConnection].endOfInput();
}
function onError(this: Carrier, error: Error): void {
  this[kConnection].socketFailed(error);
}
function onClose(this: Carrier): void {
  this[kConnection].socketClosed();
}
const discard: DataCallback = () => undefined;

interface Listeners {
  writeComplete: ConnectionListener[];
  end: ConnectionListener[];
  close: ConnectionListener[];
  flushed: () => void;
}

/**
 * One accepted connection: Fluentd's `TCPCallbackSocket` and `TLSCallbackSocket`, and the same for
 * Unix sockets.
 *
 * The connection is half-open by design: a peer that has sent its FIN still gets what is written
 * to it. Our side ends when the consumer is done (its promises have settled) and everything
 * written has been flushed.
 */
export class Connection implements AsyncIterable<Buffer> {
  /** Node's socket: a `TLSSocket` for TLS. Reading from it directly bypasses the helper. */
  readonly socket: Socket;
  /** The accepted socket under the TLS, or `socket` itself. @internal */
  readonly raw: Socket;
  /** @internal */
  readonly owner: ConnectionOwner;
  /** The peer's address; behind a trusted proxy the client's. For Unix the server's path. */
  readonly remoteAddr: string;
  /** The peer's port; `undefined` for Unix. */
  readonly remotePort: number | undefined;
  /** From the first sweep on, where there is a bound in time. */
  #activity: Activity | undefined;
  #state = 0;
  #holds = 0;
  #data: DataCallback | undefined;
  #listeners: Listeners | undefined;
  /** The consumer, set aside by a shutdown until our FIN has been sent. */
  #lastWords: DataCallback | undefined;
  #iterator: ConnectionIterator | undefined;
  #error: Error | undefined;

  /** @internal */
  constructor(owner: ConnectionOwner, socket: Socket, raw: Socket, source: Source) {
    this.owner = owner;
    this.socket = socket;
    this.raw = raw;
    this.remoteAddr = source.address;
    this.remotePort = source.port;
    (socket as Carrier)[kConnection] = this;
    socket.on('end', onEnd);
    socket.on('error', onError);
    socket.on('close', onClose);
  }

  /** The title of the server that accepted it. */
  get title(): string {
    return this.owner.title;
  }

  get protocol(): 'tcp' | 'tls' | 'unix' {
    return this.owner.protocol;
  }

  /**
   * The peer's name where `resolveName` is on and the lookup has answered, else its address.
   * Fluentd's `remote_host`; looking a name up never delays data.
   */
  get remoteHost(): string {
    return this.owner.names?.cached(this.remoteAddr) ?? this.remoteAddr;
  }

  /** As `remoteHost`, but waits for the lookup. Never rejects. */
  resolveRemoteHost(): string | Promise<string> {
    return this.owner.names?.resolve(this.remoteAddr) ?? this.remoteAddr;
  }

  /** `host:port` for log lines. */
  get peer(): string {
    return formatPeer(this.remoteAddr, this.remotePort);
  }

  /** Bytes received (of the TLS contents, for TLS). */
  get bytesRead(): number {
    return this.socket.bytesRead;
  }

  /** Bytes written, those that still wait included. */
  get bytesWritten(): number {
    return this.socket.bytesWritten;
  }

  /** True once nothing can be written any more. */
  get closed(): boolean {
    return (this.#state & (CLOSING | CLOSED | FINISHED)) !== 0;
  }

  /**
   * Sends bytes. False says that they wait in memory, or that the connection is closed already
   * (the peer went away: not an error). More than `maxWriteBuffer` waiting bytes reset the
   * connection.
   */
  write(data: Uint8Array | string): boolean {
    if (this.#state & (CLOSING | CLOSED | FINISHED)) return false;
    this.#state |= WROTE;
    const flushed = this.#listeners?.flushed;
    const more = flushed === undefined ? this.socket.write(data) : this.socket.write(data, flushed);
    if (!more && this.socket.writableLength > this.owner.maxWriteBuffer) {
      this.abort('write-buffer');
    }
    return more;
  }

  /**
   * Closes at once, as `lingerTimeout` says: 0 resets the connection (RST) and drops what is
   * unsent; n > 0 sends a FIN and gives the peer n seconds to take the rest. Never blocks.
   */
  close(): void {
    if (this.#state & (CLOSED | HARD)) return;
    this.#state |= HARD;
    this.#stopDelivery();
    this.owner.closeNow(this);
  }

  /** Closes when everything written has been sent; the peer gets all of it, then a FIN. */
  closeAfterWriteComplete(): void {
    if (this.#state & (CLOSED | CLOSING)) return;
    this.#stopDelivery();
    this.#end();
  }

  /**
   * - `data`: `(chunk, connection)`, once per connection, and not together with iteration; the
   *   chunk may be kept.
   * - `writeComplete`: everything written so far has gone to the kernel.
   * - `end`: the peer has sent its FIN; our side stays open until a promise returned here settles.
   * - `close`: the connection is gone.
   */
  on(event: 'data', listener: DataCallback): this;
  on(event: 'writeComplete' | 'end' | 'close', listener: ConnectionListener): this;
  on(event: string, listener: DataCallback | ConnectionListener): this {
    if (typeof listener !== 'function') {
      throw new ConnectionEventError(`${event}: the listener must be a function`, event);
    }
    if (event === 'data') {
      this.consume(listener as DataCallback);
    } else if (event === 'writeComplete' || event === 'end' || event === 'close') {
      const listeners = (this.#listeners ??= this.#makeListeners());
      listeners[event].push(listener as ConnectionListener);
      if (event === 'writeComplete' && this.#state & WROTE) this.#watchEarlierWrites(listeners);
    } else {
      throw new ConnectionEventError(
        `unknown event ${JSON.stringify(event)}: ${this.protocol} connections have ` +
          `data, writeComplete, end and close`,
        event,
      );
    }
    return this;
  }

  /** The chunks as they come; the socket is paused while the loop's body is busy. */
  [Symbol.asyncIterator](): AsyncIterableIterator<Buffer, undefined> {
    const iterator = new ConnectionIterator(this);
    this.#iterator = iterator;
    try {
      this.consume((chunk) => iterator.push(chunk));
    } catch (error) {
      this.#iterator = undefined;
      this.#holds -= 1;
      throw error;
    }
    if (this.#state & (ENDED | CLOSED)) iterator.finish(this.#error);
    return iterator;
  }

  /** Sets the one consumer of bytes, and lets them flow. @internal */
  consume(callback: DataCallback): void {
    if (this.#state & HAS_CONSUMER) {
      throw new ConnectionEventError(
        'data: a callback can be registered just once, and this connection has one already',
        'data',
      );
    }
    this.#state |= HAS_CONSUMER;
    if (this.#state & (CLOSING | CLOSED)) return;
    this.#data = callback;
    this.socket.on('data', onData);
  }

  /** @internal */
  get hasConsumer(): boolean {
    return (this.#state & (HAS_CONSUMER | CLOSING | CLOSED | FINISHED)) !== 0;
  }

  /** Received bytes are still with the consumer. @internal */
  get busy(): boolean {
    return (this.#state & BUSY) !== 0 || this.#iterator?.busy === true;
  }

  /** Which bound in time this connection has passed, if any. @internal */
  overdue(now: number, bounds: TimeBounds): string | undefined {
    this.#activity ??= new Activity(now);
    return this.#activity.overdue(this.socket, now, bounds, (this.#state & FINISHED) !== 0);
  }

  /** Our FIN has been sent, and the peer's is awaited. @internal */
  get finishing(): boolean {
    return (this.#state & (FINISHED | CLOSED)) === FINISHED;
  }

  /** @internal */
  deliver(chunk: Buffer): void {
    let result: unknown;
    try {
      result = this.#data!(chunk, this);
    } catch (error) {
      this.#fail('callback', error);
      return;
    }
    if (result !== undefined && isThenable(result)) this.#waitFor(result);
  }

  /** Runs the connection callback; a promise keeps our side open until it settles. @internal */
  start(callback: ConnectionListener): void {
    let result: unknown;
    try {
      result = callback(this);
    } catch (error) {
      this.#fail('callback', error);
      return;
    }
    if (!isThenable(result)) {
      this.#requireConsumer();
      return;
    }
    this.hold();
    result.then(
      () => {
        this.#requireConsumer();
        this.release();
      },
      (error: unknown) => {
        this.#fail('callback', error);
        this.release();
      },
    );
  }

  /** Keeps our side open. @internal */
  hold(): void {
    this.#holds += 1;
  }

  /** @internal */
  release(): void {
    this.#holds -= 1;
    this.#settle();
  }

  /** @internal */
  resumeReading(): void {
    if ((this.#state & (ENDED | BUSY)) === 0) this.socket.resume();
  }

  /**
   * A shutdown: as if the peer had half-closed. A peer goes at once that was never written to, and
   * that nobody has anything more to say to. Where somebody waits for its `end`, what a peer without
   * any answer sends until it has seen our FIN is still taken: it cannot know what has arrived.
   * @internal
   */
  finish(): void {
    if (this.#state & (CLOSING | CLOSED | FINISHED | ENDED)) return;
    const { bytesWritten } = this.socket;
    const silent = this.#holds === 0 && bytesWritten === 0 && !this.#listeners?.end.length;
    if (silent) {
      this.close();
      return;
    }
    if (this.#iterator === undefined) {
      this.#lastWords = this.#data;
      this.socket.pause();
    }
    this.endOfInput();
  }

  /** The peer has half-closed, or a shutdown treats it as if it had. @internal */
  endOfInput(): void {
    if (this.#state & (ENDED | CLOSED)) return;
    this.#state |= ENDED;
    this.#data = discard;
    this.#iterator?.finish();
    if (this.#listeners !== undefined) this.#emit(this.#listeners.end, true);
    this.#settle();
  }

  /** Resets the connection because of a limit. @internal */
  abort(reason: string): void {
    if (this.#state & CLOSED) return;
    this.#error ??= new ConnectionClosedError(this.peer, reason);
    this.#stopDelivery();
    this.owner.failed(this, reason, this.#error);
  }

  /** @internal */
  socketFailed(error: Error): void {
    this.#error ??= error;
    if ((this.#state & CLOSING) === 0) this.owner.socketError(this, error);
  }

  /** @internal */
  socketClosed(): void {
    if (this.#state & CLOSED) return;
    this.#state |= CLOSED;
    this.#data = discard;
    this.owner.closed(this);
    // A peer that ended in order is the end of the iteration; a reset is an error in it.
    this.#iterator?.finish(this.#error);
    if (this.#listeners !== undefined) this.#emit(this.#listeners.close, false);
  }

  #settle(): void {
    if (this.#holds > 0 || (this.#state & (ENDED | CLOSING | CLOSED | FINISHED)) !== ENDED) return;
    this.#end();
  }

  #end(): void {
    const { socket } = this;
    this.#state |= FINISHED;
    this.owner.beforeEnd(this, socket.readableEnded);
    if (this.#lastWords !== undefined && socket.bytesWritten === 0) this.#data = this.#lastWords;
    socket.end();
    // What still comes is dropped otherwise, but the peer's FIN has to be seen.
    if (!socket.readableEnded) socket.resume();
  }

  #stopDelivery(): void {
    this.#state |= CLOSING;
    this.#data = discard;
    this.#iterator?.finish(this.#error);
  }

  #waitFor(promise: PromiseLike<unknown>): void {
    this.#state |= BUSY;
    this.#holds += 1;
    this.socket.pause();
    promise.then(
      () => this.#consumerDone(),
      (error: unknown) => {
        this.#fail('callback', error);
        this.#consumerDone();
      },
    );
  }

  #consumerDone(): void {
    this.#state &= ~BUSY;
    this.#holds -= 1;
    if (this.#state & CLOSED) return;
    if ((this.#state & (ENDED | FINISHED)) === ENDED) this.#settle();
    else this.socket.resume();
  }

  #requireConsumer(): void {
    if (this.hasConsumer) return;
    this.#fail(
      'callback',
      new ConnectionEventError('the connection callback must register a data callback', 'data'),
    );
  }

  #fail(reason: string, thrown: unknown): void {
    if (this.#state & (CLOSED | CLOSING)) return;
    this.#error ??= asError(thrown);
    this.#stopDelivery();
    this.owner.failed(this, reason, this.#error);
  }

  #makeListeners(): Listeners {
    return { writeComplete: [], end: [], close: [], flushed: () => this.#flushed() };
  }

  #watchEarlierWrites(listeners: Listeners): void {
    if (this.socket.writableLength === 0) process.nextTick(listeners.flushed);
    else this.socket.write('', listeners.flushed);
  }

  #flushed(): void {
    if ((this.#state & WROTE) === 0 || this.socket.writableLength > 0) return;
    this.#state &= ~WROTE;
    if (this.#listeners !== undefined) this.#emit(this.#listeners.writeComplete, false);
  }

  #emit(listeners: readonly ConnectionListener[], waits: boolean): void {
    for (const listener of listeners) {
      try {
        const result = listener(this);
        if (!isThenable(result)) continue;
        if (waits) this.hold();
        const done = (): void => (waits ? this.release() : undefined);
        result.then(done, (error: unknown) => {
          this.#listenerFailed(error);
          done();
        });
      } catch (error) {
        this.#listenerFailed(error);
      }
    }
  }

  #listenerFailed(thrown: unknown): void {
    if (this.#state & CLOSED) this.owner.socketError(this, asError(thrown));
    else this.#fail('callback', thrown);
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as { then?: unknown }).then === 'function'
  );
}
