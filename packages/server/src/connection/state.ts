import type { Socket } from 'node:net';
import { asError, ConnectionClosedError, ConnectionEventError } from '../errors.js';
import { PooledReader } from '../reading/pooled-reader.js';
import { isThenable } from '../thenable.js';
import type { Source } from './address.js';
import { formatPeer } from './format-peer.js';
import type {
  Connection,
  ConnectionEvent,
  ConnectionListener,
  DataCallback,
  HandOverOptions,
} from './connection.js';
import { Delivery, type DeliveryHost } from './delivery.js';
import { ConnectionEvents, type EventsHost } from './events.js';
import { mayFollow, type ConnectionStatus } from './status.js';
import type { NameResolver } from '@sluice/socket-options';

/** What a connection needs from the server that accepted it. @internal */
export interface ConnectionOwner {
  readonly title: string;
  readonly protocol: 'tcp' | 'tls' | 'unix';
  readonly maxWriteBuffer: number;
  /** Read into buffers that are used again, where Node can. */
  readonly reuseReadBuffers: boolean;
  readonly names: NameResolver | undefined;
  /** Hard close, by the linger timeout. */
  closeNow(connection: ConnectionState): void;
  /**
   * Our side is to end in order, and what is written has to arrive. True where the connection has
   * been reset instead, because nothing could be lost by it.
   */
  end(connection: ConnectionState): boolean;
  /** A callback threw or rejected, or a limit was passed. */
  failed(connection: ConnectionState, reason: string, error: Error): void;
  /** The system or TLS reports an error of the socket. */
  socketError(connection: ConnectionState, error: Error): void;
  /** A callback failed when the connection was ending or gone already. */
  failedLate(connection: ConnectionState, error: Error): void;
  closed(connection: ConnectionState): void;
}

const kState = Symbol('sluice.connection');
type Carrier = Socket & { [kState]: ConnectionState };

// Shared by all connections: `this` is the socket, and nothing is allocated per connection.
function onData(this: Carrier, chunk: Buffer): void {
  this[kState].delivery.deliver(chunk);
}
function onEnd(this: Carrier): void {
  this[kState].finReceived();
}
function onError(this: Carrier, error: Error): void {
  this[kState].socketFailed(error);
}
function onClose(this: Carrier): void {
  this[kState].socketClosed();
}

/**
 * One connection as the server sees it: its status, what keeps it open, and how it ends. Users see
 * {@link Connection}.
 * @internal
 */
export class ConnectionState implements DeliveryHost, EventsHost {
  readonly owner: ConnectionOwner;
  readonly socket: Socket;
  /** The accepted socket under the TLS, or `socket` itself. */
  readonly raw: Socket;
  readonly source: Source;
  readonly delivery: Delivery;
  /** What callbacks get; set right after this has been made. */
  face!: Connection;
  error: Error | undefined;
  #status: ConnectionStatus = 'open';
  /** Promises that keep our side open. */
  #holds = 0;
  #events: ConnectionEvents | undefined;
  /** Undefined where Node's own `data` events bring the bytes. */
  #reader: PooledReader | undefined;
  /** Tells the new owner of the socket that the server shuts down. */
  #tellHolder: (() => void) | undefined;

  constructor(owner: ConnectionOwner, socket: Socket, raw: Socket, source: Source) {
    this.owner = owner;
    this.socket = socket;
    this.raw = raw;
    this.source = source;
    this.delivery = new Delivery(this);
    (socket as Carrier)[kState] = this;
    socket.on('end', onEnd);
    socket.on('error', onError);
    socket.on('close', onClose);
  }

  get status(): ConnectionStatus {
    return this.#status;
  }

  get peer(): string {
    return formatPeer(this.source.address, this.source.port);
  }

  /** Bytes can be written by the connection's own `write`. */
  get writable(): boolean {
    return this.#status === 'open' || this.#status === 'ended';
  }

  // --- what the face asks for ---

  write(data: Uint8Array | string): boolean {
    if (!this.writable) return false;
    const { socket } = this;
    const more =
      this.#events === undefined ? socket.write(data) : socket.write(data, this.#events.writing());
    if (!more && socket.writableLength > this.owner.maxWriteBuffer) this.abort('write-buffer');
    return more;
  }

  close(): void {
    if (!this.#enter('closing')) return;
    this.delivery.stop(this.error);
    this.owner.closeNow(this);
  }

  closeAfterWriteComplete(): void {
    if (!this.writable) return;
    this.delivery.stop(this.error);
    this.#end();
  }

  on(event: ConnectionEvent, listener: ConnectionListener): void {
    this.#events ??= new ConnectionEvents(this);
    this.#events.add(event, listener);
  }

  handOver({ shutdown }: HandOverOptions): Socket {
    const { socket } = this;
    if (this.delivery.taken) {
      throw new ConnectionEventError('handOver: this connection has a data callback', 'handOver');
    }
    if (!this.#enter('handed-over')) {
      throw new ConnectionEventError(`handOver: this connection is ${this.#status}`, 'handOver');
    }
    this.#tellHolder = shutdown ?? (() => socket.end());
    return socket;
  }

  // --- what the server asks for ---

  /** Runs the connection callback; a promise keeps our side open until it settles. */
  start(callback: ConnectionListener): void {
    let result: unknown;
    try {
      result = callback(this.face);
    } catch (error) {
      this.fail(error);
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
        this.fail(error);
        this.release();
      },
    );
  }

  consume(callback: DataCallback): void {
    this.delivery.consume(callback);
  }

  /**
   * A shutdown: as if the peer had half-closed. A peer goes at once that was never written to, and
   * that nobody has anything more to say to. Where somebody waits for its `end`, what a peer without
   * any answer sends until it has seen our FIN is still taken: it cannot know what has arrived.
   */
  finish(): void {
    const tell = this.#tellHolder;
    this.#tellHolder = undefined;
    if (this.#status === 'handed-over') this.#run(tell);
    if (this.#status !== 'open') return;
    const unheard = this.#holds === 0 && this.#events?.has('end') !== true;
    if (unheard && this.socket.bytesWritten === 0) {
      this.close();
      return;
    }
    this.delivery.setAside();
    this.peerEnded();
  }

  /** Resets the connection because of a limit. */
  abort(reason: string): void {
    if (this.#status === 'closed') return;
    this.#enter('closing');
    this.error ??= new ConnectionClosedError(this.peer, reason);
    this.delivery.stop(this.error);
    this.owner.failed(this, reason, this.error);
  }

  // --- what the socket tells ---

  finReceived(): void {
    if (this.#reader === undefined) this.peerEnded();
    else this.#reader.end();
  }

  /** The peer has half-closed, or a shutdown treats it as if it had. */
  peerEnded(): void {
    if (!this.#enter('ended')) return;
    this.delivery.stop();
    this.#events?.emit('end');
    this.#settle();
  }

  socketFailed(error: Error): void {
    this.error ??= error;
    // Node closes a socket that has failed, but for errors of the TLS layer after the handshake.
    const open = !this.socket.destroyed;
    if (open && this.#enter('closing')) {
      this.delivery.stop(error);
      this.owner.failed(this, 'tls-error', error);
    } else if (this.#status !== 'closing') {
      this.owner.socketError(this, error);
    }
  }

  socketClosed(): void {
    if (!this.#enter('closed')) return;
    this.#reader?.close();
    this.owner.closed(this);
    // A peer that ended in order is the end of the iteration; a reset is an error in it.
    this.delivery.stop(this.error);
    this.#events?.emit('close');
  }

  // --- what delivery and events ask for ---

  read(): void {
    const { owner, socket, delivery } = this;
    if (owner.reuseReadBuffers) {
      this.#reader = PooledReader.start(socket, owner.protocol === 'tls', {
        received: (chunk, memory) => delivery.deliver(chunk, memory),
        ended: () => this.peerEnded(),
      });
    }
    if (this.#reader === undefined) socket.on('data', onData);
  }

  pauseReading(): void {
    (this.#reader ?? this.socket).pause();
  }

  resumeReading(): void {
    (this.#reader ?? this.socket).resume();
  }

  hold(): void {
    this.#holds += 1;
  }

  release(): void {
    this.#holds -= 1;
    this.#settle();
  }

  /** A callback failed: the connection is closed, unless it is ending in order anyway. */
  fail(thrown: unknown): void {
    if (thrown === this.error) return; // an iteration has passed on what ended the connection
    if (this.#status === 'finishing' || !this.#enter('closing')) {
      this.owner.failedLate(this, asError(thrown));
      return;
    }
    this.error ??= asError(thrown);
    this.delivery.stop(this.error);
    this.owner.failed(this, 'callback', this.error);
  }

  #enter(status: ConnectionStatus): boolean {
    if (!mayFollow(this.#status, status)) return false;
    this.#status = status;
    return true;
  }

  #settle(): void {
    if (this.#holds === 0 && this.#status === 'ended') this.#end();
  }

  /** Ends our side: what was written is sent, then a FIN. */
  #end(): void {
    const { socket, delivery } = this;
    this.#enter('finishing');
    if (this.owner.end(this)) return;
    if (delivery.isSetAside && socket.bytesWritten === 0) delivery.bringBack();
    socket.end();
    // What still comes is dropped otherwise, but the peer's FIN has to be seen.
    if (!socket.readableEnded) this.resumeReading();
  }

  #requireConsumer(): void {
    if (this.delivery.taken || !this.writable) return;
    const message = 'the connection callback must register a data callback, or hand over';
    this.fail(new ConnectionEventError(message, 'data'));
  }

  #run(tell: (() => void) | undefined): void {
    try {
      tell?.();
    } catch (error) {
      this.fail(error);
    }
  }
}
