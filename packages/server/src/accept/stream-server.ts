import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { NameResolver } from '@sluice/socket-options';
import type { ServerTls } from '@sluice/tls';
import { isHeldByPrimary, SharedMember } from '../cluster/shared-member.js';
import { sourceOf, type Source } from '../connection/address.js';
import { formatPeer } from '../connection/format-peer.js';
import type { ConnectionListener, DataCallback } from '../connection/connection.js';
import { ConnectionFace } from '../connection/face.js';
import { ConnectionState, type ConnectionOwner } from '../connection/state.js';
import { channels } from '../diagnostics.js';
import type { Limits } from '../limits/limits.js';
import { TimeLimits } from '../limits/time-limits.js';
import type { Logger } from '../logger.js';
import type { StreamProtocol } from '../options/options.js';
import { Reporter } from '../reporter.js';
import { count, newStatistics, snapshot, type ServerStatistics } from '../statistics.js';
import { Admission, type Refusal } from './admission.js';
import { Connections } from './connections.js';
import { drain } from './drain.js';
import { listen, type ListenTarget } from '../listen/listen.js';
import type { SocketSettings } from './socket-settings.js';
import { TlsUpgrade } from './tls-upgrade.js';

/** The checked settings of one server with connections. @internal */
export interface StreamSettings {
  title: string;
  protocol: StreamProtocol;
  log: Logger;
  target: ListenTarget;
  limits: Limits;
  socket: SocketSettings;
  tls: ServerTls | undefined;
  names: NameResolver | undefined;
  reuseReadBuffers: boolean;
  /** Exactly one of the two is there. */
  onData: DataCallback | undefined;
  onConnection: ConnectionListener | undefined;
}

/**
 * Accepts connections for TCP, TLS and Unix sockets on one path: the door, the upgrade to TLS, the
 * consumer; and looks after them until they are closed.
 * @internal
 */
export class StreamServer implements ConnectionOwner {
  readonly title: string;
  readonly protocol: StreamProtocol;
  readonly maxWriteBuffer: number;
  readonly reuseReadBuffers: boolean;
  readonly names: NameResolver | undefined;
  readonly #settings: StreamSettings;
  readonly #log: Logger;
  readonly #reporter: Reporter;
  readonly #statistics: ServerStatistics;
  readonly #server: Server;
  /** Where a primary holds the listener. */
  readonly #member: SharedMember | undefined;
  readonly #admission: Admission;
  readonly #tls: TlsUpgrade | undefined;
  readonly #connections = new Connections();
  readonly #times: TimeLimits;
  /** Where all peers of a Unix socket come from. */
  readonly #path: Source;
  #stopped: Promise<void> | undefined;

  constructor(settings: StreamSettings) {
    const { title, protocol, limits, target } = settings;
    this.title = title;
    this.protocol = protocol;
    this.maxWriteBuffer = limits.maxWriteBuffer;
    this.reuseReadBuffers = settings.reuseReadBuffers;
    this.names = settings.names;
    this.#settings = settings;
    this.#log = settings.log;
    this.#reporter = new Reporter(settings.log, title);
    this.#statistics = newStatistics(title, protocol);
    this.#times = new TimeLimits({ ...limits, ...settings.socket.timeouts });
    this.#path = { address: target.path ?? '', port: undefined };
    this.#admission = new Admission(limits, {
      admitted: (socket, source) => this.#admitted(socket, source),
      refused: (socket, source, reason, error) => this.#refused(socket, source, reason, error),
    });
    this.#server = createServer({ allowHalfOpen: true }, (socket) => this.#accept(socket));
    if (isHeldByPrimary(target)) {
      this.#member = new SharedMember(title, target, (socket) => {
        settings.socket.apply(socket); // there is no listener here to inherit from
        this.#accept(socket);
      });
    }
    this.#tls =
      settings.tls &&
      new TlsUpgrade(settings.tls, limits.handshakeTimeout, {
        secured: (raw, socket) => this.#establish(socket, raw, (raw as Upgrading)[kSource]),
        beforeClose: (raw) => settings.socket.beforeGracefulEnd(raw),
        handshakeFailed: (raw, reason, error) => this.#handshakeFailed(raw, reason, error),
      });
  }

  async listen(): Promise<void> {
    const { socket, target } = this.#settings;
    try {
      await (this.#member?.listen() ?? listen(this.#server, target, this.title));
    } catch (error) {
      this.#tls?.close();
      throw error;
    }
    this.#server.on('error', (error) => {
      this.#log.error({ title: this.title, err: error }, 'the listener failed');
    });
    if (this.#member === undefined) socket.apply(this.#server);
    if (channels.listening.hasSubscribers) {
      const { title, protocol } = this;
      channels.listening.publish({ title, protocol, address: this.address() });
    }
  }

  address(): AddressInfo | string | null {
    return this.#member === undefined ? this.#server.address() : this.#member.address();
  }

  get tls(): ServerTls | undefined {
    return this.#tls?.context;
  }

  statistics(): ServerStatistics {
    const result = snapshot(this.#statistics);
    result.open = this.#admission.open;
    for (const { socket } of this.#connections) {
      result.bytesIn += socket.bytesRead;
      result.bytesOut += socket.bytesWritten;
    }
    return result;
  }

  /** Refuses new connections. */
  stop(): Promise<void> {
    this.#admission.close();
    return (this.#stopped ??= this.#closeListener());
  }

  /** Finishes and closes all connections within so many seconds. */
  async close(seconds: number): Promise<void> {
    await this.stop();
    this.#admission.abort();
    for (const raw of this.#tls?.pending ?? []) raw.destroy();
    await drain(this.#connections, seconds * 1000);
    this.#tls?.close();
  }

  // --- what connections ask for ---

  closeNow({ socket, raw }: ConnectionState): void {
    this.#times.forget(socket);
    this.#settings.socket.close(socket, raw);
  }

  end(connection: ConnectionState): boolean {
    const { socket, raw, delivery } = connection;
    // A peer without any answer cannot know what has arrived, so what it sends is still taken.
    const lastWords = delivery.isSetAside && socket.bytesWritten === 0;
    if (!lastWords && this.#settings.socket.mayReset(socket, raw)) {
      this.#times.forget(socket);
      this.#settings.socket.reset(socket, raw);
      return true;
    }
    this.#settings.socket.beforeGracefulEnd(raw);
    const done = socket.readableEnded && socket.writableLength === 0;
    if (!done) this.#times.finishing(socket, (reason) => connection.abort(reason));
    return false;
  }

  failed(connection: ConnectionState, reason: string, error: Error): void {
    const { peer, socket, raw } = connection;
    this.#times.forget(socket);
    count(this.#statistics.aborted, reason);
    this.#reporter.warn(channels.aborted, 'connection closed', peer, reason, { err: error });
    if (reason === 'callback') this.#settings.socket.close(socket, raw);
    else if (reason === 'tls-error') this.#settings.socket.closeAfterAlert(socket, raw);
    else this.#settings.socket.reset(socket, raw);
  }

  socketError({ peer }: ConnectionState, error: Error): void {
    const reason = (error as NodeJS.ErrnoException).code ?? error.message;
    const { title } = this;
    this.#log.info({ title, peer, reason, err: error }, 'connection failed');
  }

  failedLate({ peer }: ConnectionState, error: Error): void {
    const fields = { title: this.title, peer, reason: 'callback', err: error };
    this.#log.warn(fields, 'a callback failed after the end of its connection');
  }

  closed(connection: ConnectionState): void {
    if (!this.#connections.delete(connection)) return;
    const statistics = this.#statistics;
    const { socket, source } = connection;
    this.#times.forget(socket);
    statistics.bytesIn += socket.bytesRead;
    statistics.bytesOut += socket.bytesWritten;
    this.#admission.leave(source.address);
    if (channels.close.hasSubscribers) {
      const { peer, face } = connection;
      channels.close.publish({ title: this.title, peer, connection: face });
    }
  }

  // --- the way in ---

  #accept(socket: Socket): void {
    // Asked for at once: a peer that has reset the connection has no address any more, and the log
    // has to name it.
    this.#admission.accept(socket, this.protocol === 'unix' ? this.#path : sourceOf(socket));
  }

  #admitted(socket: Socket, source: Source): void {
    this.#statistics.accepted += 1;
    if (this.#tls === undefined) {
      this.#establish(socket, socket, source);
    } else {
      (socket as Upgrading)[kSource] = source;
      this.#tls.start(socket);
    }
  }

  #establish(socket: Socket, raw: Socket, source: Source): void {
    const connection = new ConnectionState(this, socket, raw, source);
    connection.face = new ConnectionFace(connection);
    this.#connections.add(connection);
    this.#times.watch(socket, (reason) => connection.abort(reason));
    if (this.names !== undefined) void this.names.resolve(source.address);
    if (channels.open.hasSubscribers) {
      const { peer, face } = connection;
      channels.open.publish({ title: this.title, peer, connection: face });
    }
    if (this.#settings.onData !== undefined) connection.consume(this.#settings.onData);
    else connection.start(this.#settings.onConnection!);
  }

  #handshakeFailed(raw: Socket, reason: string, error: Error): void {
    const { address, port } = (raw as Upgrading)[kSource];
    this.#admission.leave(address);
    count(this.#statistics.handshakeFailures, reason);
    const peer = formatPeer(address, port);
    this.#reporter.warn(channels.handshakeFailed, 'TLS handshake failed', peer, reason, {
      err: error,
    });
  }

  #refused(socket: Socket, { address, port }: Source, reason: Refusal, error?: Error): void {
    count(this.#statistics.refused, reason);
    const extra = error === undefined ? undefined : { err: error };
    const peer = formatPeer(address, port);
    this.#reporter.warn(channels.refused, 'connection refused', peer, reason, extra);
    this.#settings.socket.reset(socket, socket);
  }

  #closeListener(): Promise<void> {
    if (channels.stopped.hasSubscribers) channels.stopped.publish({ title: this.title });
    return new Promise((resolve) => {
      // The callback of `close` waits for the connections, too; the listener is gone at once.
      this.#member?.leave();
      this.#server.close();
      setImmediate(resolve);
    });
  }
}

const kSource = Symbol('sluice.source');
/** A socket on its way to TLS. */
type Upgrading = Socket & { [kSource]: Source };
