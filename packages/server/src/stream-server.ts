import { createServer, type Server, type Socket } from 'node:net';
import { formatPeer, plainAddress } from './address.js';
import { Connection, type ConnectionOwner } from './connection.js';
import type { Logger } from './logger.js';
import type { NameLookup } from './names.js';
import { closeWithLinger } from './socket-seam.js';
import { count, newStatistics, snapshot, type ServerStatistics } from './statistics.js';

/** The checked settings of one server with connections. @internal */
export interface StreamSettings {
  title: string;
  protocol: 'tcp' | 'tls' | 'unix';
  log: Logger;
  lingerTimeout: number;
  maxConnections: number;
  maxWriteBuffer: number;
  names: NameLookup | undefined;
  onConnection: (connection: Connection) => void;
}

/**
 * Accepts connections for TCP, TLS and Unix sockets on one path: count, check the limits, upgrade,
 * hand over.
 * @internal
 */
export class StreamServer implements ConnectionOwner {
  readonly server: Server;
  readonly connections = new Set<Connection>();
  readonly title: string;
  readonly protocol: 'tcp' | 'tls' | 'unix';
  readonly maxWriteBuffer: number;
  readonly names: NameLookup | undefined;
  readonly #settings: StreamSettings;
  readonly #log: Logger;
  readonly #statistics: ServerStatistics;

  constructor(settings: StreamSettings) {
    this.#settings = settings;
    this.#log = settings.log;
    this.title = settings.title;
    this.protocol = settings.protocol;
    this.maxWriteBuffer = settings.maxWriteBuffer;
    this.names = settings.names;
    this.#statistics = newStatistics(settings.title, settings.protocol);
    this.server = createServer({ allowHalfOpen: true }, (socket) => this.#accept(socket));
  }

  statistics(): ServerStatistics {
    const result = snapshot(this.#statistics);
    for (const connection of this.connections) {
      result.bytesIn += connection.bytesRead;
      result.bytesOut += connection.bytesWritten;
    }
    return result;
  }

  closeNow(connection: Connection): void {
    if (this.protocol === 'unix') connection.socket.destroy();
    else closeWithLinger(connection.socket, this.#settings.lingerTimeout, connection.raw);
  }

  beforeEnd(): void {
    // The kernel's linger is cleared here once socket-options is in.
  }

  failed(connection: Connection, reason: string, error: Error): void {
    count(this.#statistics.aborted, reason);
    const { title } = this;
    this.#log.warn(
      { title, peer: connection.peer, reason, err: error },
      `connection closed: ${reason}`,
    );
    this.closeNow(connection);
  }

  socketError(connection: Connection, error: Error): void {
    const { title } = this;
    const reason = (error as NodeJS.ErrnoException).code ?? error.message;
    this.#log.info({ title, peer: connection.peer, reason, err: error }, 'connection failed');
  }

  closed(connection: Connection): void {
    this.connections.delete(connection);
    this.#statistics.open -= 1;
    this.#statistics.bytesIn += connection.bytesRead;
    this.#statistics.bytesOut += connection.bytesWritten;
  }

  #accept(socket: Socket): void {
    this.#statistics.accepted += 1;
    const address = plainAddress(socket.remoteAddress ?? '');
    const port = socket.remotePort;
    if (this.#statistics.open >= this.#settings.maxConnections) {
      this.#refuse(socket, formatPeer(address, port), 'max-connections');
      return;
    }
    this.#statistics.open += 1;
    const connection = new Connection(this, socket, socket, address, port);
    this.connections.add(connection);
    this.#settings.onConnection(connection);
  }

  #refuse(socket: Socket, peer: string, reason: string): void {
    count(this.#statistics.refused, reason);
    this.#log.warn({ title: this.title, peer, reason }, `connection refused: ${reason}`);
    socket.on('error', () => undefined);
    if (this.protocol === 'unix') socket.destroy();
    else socket.resetAndDestroy();
  }
}
