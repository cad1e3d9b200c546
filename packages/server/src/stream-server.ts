import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { TimeBounds } from './activity.js';
import { formatPeer, sourceOf, type Source } from './address.js';
import {
  Connection,
  type ConnectionListener,
  type ConnectionOwner,
  type DataCallback,
} from './connection.js';
import { channels } from './diagnostics.js';
import { drain } from './drain.js';
import { AddressCounter, type Limits } from './limits.js';
import { listen, type ListenTarget } from './listen.js';
import type { Logger } from './logger.js';
import type { NameResolver } from '@sluice/socket-options';
import type { StreamProtocol } from './options.js';
import { ProxyReader } from './proxy-reader.js';
import { Reporter } from './reporter.js';
import type { SocketSettings } from './socket-settings.js';
import { isHeldByPrimary, SharedMember } from './shared-member.js';
import { count, newStatistics, snapshot, type ServerStatistics } from './statistics.js';
import type { Sweep, Swept } from './sweep.js';
import { TlsUpgrade } from './tls-upgrade.js';
import type { ServerTls } from '@sluice/tls';

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
  sweep: Sweep;
  /** Exactly one of the two is there. */
  onData: DataCallback | undefined;
  onConnection: ConnectionListener | undefined;
}

function ignoreError(): void {
  // The socket is being reset: whatever goes wrong with it now has been counted and logged.
}

/**
 * Accepts connections for TCP, TLS and Unix sockets on one path: check the limits, read a PROXY
 * header, upgrade, hand over.
 * @internal
 */
export class StreamServer implements ConnectionOwner, Swept {
  readonly title: string;
  readonly protocol: StreamProtocol;
  readonly maxWriteBuffer: number;
  readonly names: NameResolver | undefined;
  readonly connections = new Set<Connection>();
  /** Connections whose FIN has been sent, and until when the peer may take its time. */
  readonly #finishing = new Map<Connection, number>();
  readonly #proxyReaders = new Set<ProxyReader>();
  readonly #server: Server;
  /** Where a primary holds the listener. */
  readonly #member: SharedMember | undefined;
  readonly #settings: StreamSettings;
  readonly #log: Logger;
  readonly #reporter: Reporter;
  readonly #statistics: ServerStatistics;
  readonly #addresses: AddressCounter;
  readonly #tls: TlsUpgrade | undefined;
  readonly #path: Source;
  readonly #bounds: TimeBounds;
  #stopping = false;
  #stopped: Promise<void> | undefined;

  constructor(settings: StreamSettings) {
    const { title, protocol, limits } = settings;
    this.title = title;
    this.protocol = protocol;
    this.maxWriteBuffer = limits.maxWriteBuffer;
    this.names = settings.names;
    this.#settings = settings;
    this.#log = settings.log;
    this.#reporter = new Reporter(settings.log, title);
    this.#statistics = newStatistics(title, protocol);
    this.#addresses = new AddressCounter(limits.maxConnectionsPerAddress);
    this.#server = createServer({ allowHalfOpen: true }, (socket) => this.#accept(socket));
    this.#bounds = {
      idle: limits.idleTimeout,
      firstByte: limits.firstByteTimeout,
      receive: settings.socket.recvTimeout,
      send: settings.socket.sendTimeout,
    };
    this.#path = { address: settings.target.path ?? '', port: undefined };
    if (isHeldByPrimary(settings.target)) {
      this.#member = new SharedMember(title, settings.target, (socket) => {
        settings.socket.apply(socket); // there is no listener here to inherit from
        this.#accept(socket);
      });
    }
    this.#tls =
      settings.tls &&
      new TlsUpgrade(settings.tls, limits.handshakeTimeout, {
        secured: (raw, socket) => this.#establish(socket, raw, (raw as Upgrading)[kSource]),
        handshakeFailed: (raw, reason, error) => this.#handshakeFailed(raw, reason, error),
      });
  }

  async listen(): Promise<void> {
    const { socket, target, sweep } = this.#settings;
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
    sweep.add(this);
    if (channels.listening.hasSubscribers) {
      const { title, protocol } = this;
      channels.listening.publish({ title, protocol, address: this.address() });
    }
  }

  address(): AddressInfo | string | null {
    return this.#member === undefined ? this.#server.address() : this.#member.address();
  }

  statistics(): ServerStatistics {
    const result = snapshot(this.#statistics);
    for (const connection of this.connections) {
      result.bytesIn += connection.bytesRead;
      result.bytesOut += connection.bytesWritten;
    }
    return result;
  }

  /** Refuses new connections. */
  stop(): Promise<void> {
    this.#stopping = true;
    return (this.#stopped ??= this.#closeListener());
  }

  /** Finishes and closes all connections within so many seconds. */
  async close(seconds: number): Promise<void> {
    await this.stop();
    for (const reader of this.#proxyReaders) reader.fail(new Error('stopped'));
    for (const raw of this.#tls?.pending ?? []) raw.destroy();
    await drain(this.connections, seconds * 1000);
    this.#settings.sweep.remove(this);
    this.#tls?.close();
  }

  get tls(): ServerTls | undefined {
    return this.#tls?.context;
  }

  // --- what connections ask for ---

  closeNow(connection: Connection): void {
    this.#settings.socket.close(connection.socket, connection.raw);
  }

  beforeEnd(connection: Connection, peerEnded: boolean): void {
    const { socket, raw } = connection;
    this.#settings.socket.beforeGracefulEnd(raw);
    if (peerEnded && socket.writableLength === 0) return;
    this.#finishing.set(connection, performance.now() + this.#settings.limits.closeTimeout);
    this.#settings.sweep.update();
  }

  failed(connection: Connection, reason: string, error: Error): void {
    const { peer } = connection;
    count(this.#statistics.aborted, reason);
    this.#reporter.warn(channels.aborted, 'connection closed', peer, reason, { err: error });
    if (reason === 'callback') this.closeNow(connection);
    else this.#settings.socket.reset(connection.socket, connection.raw);
  }

  socketError(connection: Connection, error: Error): void {
    const reason = (error as NodeJS.ErrnoException).code ?? error.message;
    const { title } = this;
    this.#log.info({ title, peer: connection.peer, reason, err: error }, 'connection failed');
  }

  closed(connection: Connection): void {
    const statistics = this.#statistics;
    if (!this.connections.delete(connection)) return;
    statistics.open -= 1;
    statistics.bytesIn += connection.bytesRead;
    statistics.bytesOut += connection.bytesWritten;
    if (this.#finishing.size > 0) this.#finishing.delete(connection);
    this.#addresses.give(connection.remoteAddr);
    if (channels.close.hasSubscribers) {
      channels.close.publish({ title: this.title, peer: connection.peer, connection });
    }
  }

  // --- bounds in time ---

  get shortestTimeout(): number | undefined {
    const { handshakeTimeout, closeTimeout, proxies } = this.#settings.limits;
    const { idle, firstByte, receive, send } = this.#bounds;
    const shortest = Math.min(
      idle,
      firstByte,
      receive,
      send,
      proxies === undefined ? Infinity : handshakeTimeout,
      this.#finishing.size === 0 ? Infinity : closeTimeout,
    );
    return shortest === Infinity ? undefined : shortest;
  }

  sweep(now: number): void {
    const { handshakeTimeout } = this.#settings.limits;
    for (const reader of this.#proxyReaders) {
      if (now - reader.startedAt >= handshakeTimeout) reader.fail(new Error('timeout'));
    }
    if (this.#finishing.size > 0) {
      for (const [connection, until] of this.#finishing) {
        if (now >= until) connection.abort('close-timeout');
      }
      if (this.#finishing.size === 0) this.#settings.sweep.update();
    }
    this.#sweepConnections(now);
  }

  #sweepConnections(now: number): void {
    const { idle, firstByte, receive, send } = this.#bounds;
    if (Math.min(idle, firstByte, receive, send) === Infinity) return;
    for (const connection of this.connections) {
      const reason = connection.overdue(now, this.#bounds);
      if (reason !== undefined) connection.abort(reason);
    }
  }

  // --- the accept path ---

  #accept(socket: Socket): void {
    // Asked for at once: a peer that has reset the connection has no address any more, and the log
    // has to name it.
    const source = this.#sourceOf(socket);
    if (this.#stopping) {
      this.#refuse(socket, source, 'stopped');
      return;
    }
    const { proxies } = this.#settings.limits;
    if (proxies?.has(source.address) === true) this.#readProxyHeader(socket, source);
    else this.#admit(socket, source);
  }

  #readProxyHeader(socket: Socket, proxy: Source): void {
    if (!this.#hasRoom()) {
      this.#refuse(socket, proxy, 'max-connections');
      return;
    }
    socket.on('error', ignoreError);
    const reader = new ProxyReader(
      socket,
      (header) => {
        this.#proxyReaders.delete(reader);
        socket.off('error', ignoreError);
        this.#admit(socket, header.source ?? proxy);
      },
      (error) => {
        this.#proxyReaders.delete(reader);
        const reason = error.message === 'timeout' ? 'proxy-timeout' : 'proxy-header';
        this.#refuse(socket, proxy, reason, error);
      },
    );
    this.#proxyReaders.add(reader);
  }

  #admit(socket: Socket, source: Source): void {
    const { allowed } = this.#settings.limits;
    if (allowed?.has(source.address) === false) {
      this.#refuse(socket, source, 'network-not-allowed');
    } else if (!this.#hasRoom()) {
      this.#refuse(socket, source, 'max-connections');
    } else if (!this.#addresses.take(source.address)) {
      this.#refuse(socket, source, 'max-connections-per-address');
    } else {
      this.#statistics.accepted += 1;
      this.#statistics.open += 1;
      if (this.#tls === undefined) {
        this.#establish(socket, socket, source);
      } else {
        (socket as Upgrading)[kSource] = source;
        this.#tls.start(socket);
      }
    }
  }

  #hasRoom(): boolean {
    return this.#statistics.open + this.#proxyReaders.size < this.#settings.limits.maxConnections;
  }

  #establish(socket: Socket, raw: Socket, source: Source): void {
    const connection = new Connection(this, socket, raw, source);
    this.connections.add(connection);
    if (this.names !== undefined) void this.names.resolve(connection.remoteAddr);
    if (channels.open.hasSubscribers) {
      channels.open.publish({ title: this.title, peer: connection.peer, connection });
    }
    if (this.#settings.onData !== undefined) connection.consume(this.#settings.onData);
    else connection.start(this.#settings.onConnection!);
  }

  #handshakeFailed(raw: Socket, reason: string, error: Error): void {
    const { address, port } = (raw as Upgrading)[kSource];
    this.#statistics.open -= 1;
    this.#addresses.give(address);
    count(this.#statistics.handshakeFailures, reason);
    const peer = formatPeer(address, port);
    this.#reporter.warn(channels.handshakeFailed, 'TLS handshake failed', peer, reason, {
      err: error,
    });
  }

  #refuse(socket: Socket, source: Source, reason: string, error?: Error): void {
    count(this.#statistics.refused, reason);
    const extra = error === undefined ? undefined : { err: error };
    const peer = formatPeer(source.address, source.port);
    this.#reporter.warn(channels.refused, 'connection refused', peer, reason, extra);
    socket.on('error', ignoreError);
    this.#settings.socket.reset(socket, socket);
  }

  #sourceOf(socket: Socket): Source {
    return this.protocol === 'unix' ? this.#path : sourceOf(socket);
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
