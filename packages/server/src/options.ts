import type { Socket as UdpSocket } from 'node:dgram';
import type { AddressInfo } from 'node:net';
import type { SocketOptions } from './socket-seam.js';
import type { ServerTlsOptions } from './tls-seam.js';
import type { Logger } from './logger.js';
import type { ServerStatistics } from './statistics.js';

export type Protocol = 'tcp' | 'tls' | 'udp' | 'unix';

/** What every server takes. */
export interface CommonOptions extends SocketOptions {
  /**
   * `tcp`, `tls`, `udp` or `unix`. Fluentd: `proto`.
   * @defaultValue the transport's protocol, else `tcp`
   */
  proto?: Protocol | undefined;
  /**
   * Address or host name to listen on. `0.0.0.0` is IPv4, `::` is IPv6 alone, `[::]` is both
   * (dual stack). Fluentd: `bind`.
   * @defaultValue `'0.0.0.0'`
   */
  bind?: string | undefined;
  /**
   * In cluster workers: true serves one address by all workers, false is for this worker alone (a
   * second listener fails with EADDRINUSE). Outside of a cluster both listen alone.
   * Fluentd: `shared`.
   * @defaultValue `true`
   */
  shared?: boolean | undefined;
  /**
   * A descriptor that is bound already, and for streams listening; `port` and `bind` are then not
   * looked at.
   */
  fd?: number | undefined;
  /**
   * The listener from systemd's socket activation (`LISTEN_FDS`): its `FileDescriptorName`, its
   * index from 0, or true where there is only one.
   */
  activation?: string | number | boolean | undefined;
}

/** Bounds on connections; each has a counter and a log line. */
export interface LimitOptions {
  /** Connections open at one time. @defaultValue `65536` */
  maxConnections?: number | undefined;
  /** Connections open at one time from one address; 0 is no bound. @defaultValue `0` */
  maxConnectionsPerAddress?: number | undefined;
  /** Seconds for a TLS handshake, and for a PROXY header. @defaultValue `10` */
  handshakeTimeout?: number | undefined;
  /**
   * Seconds without a byte in either direction; 0 is no bound, because log senders are silent for
   * hours and one without acks loses what it writes to a closed connection. @defaultValue `0`
   */
  idleTimeout?: number | undefined;
  /** Seconds until the first byte; 0 is no bound. @defaultValue `0` */
  firstByteTimeout?: number | undefined;
  /** Addresses and networks (CIDR) that may connect. @defaultValue all */
  allowedNetworks?: readonly string[] | undefined;
  /** Bytes that wait to be written, per connection. @defaultValue `16777216` (16 MiB) */
  maxWriteBuffer?: number | undefined;
}

/** What servers with connections take (TCP, TLS, Unix). */
export interface StreamOptions extends CommonOptions, LimitOptions {
  /** The length of the queue of pending connections. Fluentd: `backlog`. @defaultValue `511` */
  backlog?: number | undefined;
  /** Certificates, versions and verification. Only for `tls`. Fluentd: `tls_options`. */
  tlsOptions?: ServerTlsOptions | undefined;
}

/** What the `<transport>` section says: a protocol, its socket options and its TLS options. */
export interface TransportOptions extends ServerTlsOptions {
  protocol?: Protocol | undefined;
  /** @see SocketOptions */
  lingerTimeout?: number | undefined;
}

/** A server that is listening. */
export interface ServerHandle {
  readonly title: string;
  readonly protocol: Protocol;
  /** Where it listens; the path for Unix, null once it does not. */
  address(): AddressInfo | string | null;
  /** A copy of this server's figures. */
  stats(): ServerStatistics;
  /** Refuses new connections; those that are open live on. */
  stop(): Promise<void>;
  /** Stops, finishes what has been received, flushes what was written, closes. */
  close(): Promise<void>;
}

export interface HelperOptions {
  /** Where refusals and failures are written; a pino logger fits. @defaultValue warnings to stderr */
  log?: Logger | undefined;
  /** Defaults from a `<transport>` section. */
  transport?: TransportOptions | undefined;
  /** Seconds that `shutdown` gives connections to finish. @defaultValue `5` */
  shutdownTimeout?: number | undefined;
}

export type { UdpSocket };
