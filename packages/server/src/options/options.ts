import type { Socket as UdpSocket } from 'node:dgram';
import type { SocketOptions } from '@sluice/socket-options';
import type { ServerTlsOptions } from '@sluice/tls';
import type { MessageFlag } from '../udp/udp-flags.js';

/** What a server speaks. Fluentd: `proto`; `unix` is not in Fluentd. */
export type Protocol = 'tcp' | 'tls' | 'udp' | 'unix';
/** @internal */
export const protocols: readonly Protocol[] = ['tcp', 'tls', 'udp', 'unix'];
/** The protocols that have connections. */
export type StreamProtocol = Exclude<Protocol, 'udp'>;

/** What every server takes. The socket options may also be given as a group: `socket: {…}`. */
export interface CommonOptions extends SocketOptions {
  /**
   * `tcp`, `tls`, `udp` or `unix`. Fluentd: `proto`.
   * @defaultValue the transport's protocol, else `tcp`
   */
  proto?: Protocol | undefined;
  /**
   * Address or host name to listen on. `0.0.0.0` is IPv4, `::` is IPv6 alone (as in Fluentd, so
   * that both can be listened on beside each other), `[::]` is both in one (dual stack).
   * Fluentd: `bind`.
   * @defaultValue `'0.0.0.0'`
   */
  bind?: string | undefined;
  /**
   * In cluster workers, true serves one address by all workers, false is for this worker alone: a
   * second listener fails with EADDRINUSE. Outside of a cluster a listener is always alone.
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
   * Take the listener from systemd's socket activation (`LISTEN_FDS`): its `FileDescriptorName`,
   * its index from 0, or true where there is only one.
   */
  activation?: string | number | boolean | undefined;
  /** Defaults from a `<transport>` section, for this call instead of the helper's. */
  transport?: TransportOptions | undefined;
}

/** Bounds on connections; each has a counter and a log line. Seconds and bytes. */
export interface LimitOptions {
  /** Connections open at one time, handshakes included. @defaultValue `65536` */
  maxConnections?: number | undefined;
  /** Connections open at one time from one address; 0 means unlimited. @defaultValue `0` */
  maxConnectionsPerAddress?: number | undefined;
  /** Seconds for a TLS handshake, and for a PROXY header; 0 means unlimited. @defaultValue `10` */
  handshakeTimeout?: number | undefined;
  /**
   * Seconds without a byte in either direction; 0 means unlimited, because log senders are silent for
   * hours, and one without acks loses what it writes to a closed connection. @defaultValue `0`
   */
  idleTimeout?: number | undefined;
  /** Seconds until the first byte; 0 means unlimited. @defaultValue `0` */
  firstByteTimeout?: number | undefined;
  /**
   * Seconds that a peer has, after our FIN, to take what is unsent and to close; the connection
   * is reset then. 0 means unlimited. @defaultValue `30`
   */
  closeTimeout?: number | undefined;
  /** Bytes that wait to be written, per connection. @defaultValue `16777216` (16 MiB) */
  maxWriteBuffer?: number | undefined;
  /** Addresses and networks (CIDR) that may connect. TCP and TLS. @defaultValue all */
  allowedNetworks?: readonly string[] | undefined;
  /**
   * Addresses and networks (CIDR) of load balancers: connections from them must begin with a PROXY
   * protocol header (version 1 or 2), whose addresses then count; connections from elsewhere are
   * taken as they are. TCP and TLS. @defaultValue none
   */
  proxyProtocolFrom?: readonly string[] | undefined;
}

/** What servers with connections take: TCP, TLS, Unix. */
export interface StreamOptions extends CommonOptions, LimitOptions {
  /** The length of the queue of pending connections. Fluentd: `backlog`. @defaultValue `511` */
  backlog?: number | undefined;
  /**
   * True reads into buffers that are used again, which takes half of the CPU time of receiving: the
   * bytes that a data callback gets are valid until it has returned, or its promise has settled, and
   * are overwritten afterwards. Whoever wants them for longer copies them, or calls
   * `connection.retain()`. Where Node.js cannot do it they are read as without the option.
   * @defaultValue `false`: the bytes may be kept
   */
  reuseReadBuffers?: boolean | undefined;
  /** Certificates, versions and verification; only for `tls`. Fluentd: `tls_options`. */
  tls?: ServerTlsOptions | undefined;
  /** The document's name for `tls`; only one of the two may be given. */
  tlsOptions?: ServerTlsOptions | undefined;
  /** Socket options as a group; each may be given here or without the group, not both. */
  socket?: SocketOptions | undefined;
  /** Where the Unix socket is; only for `unix`. */
  path?: string | undefined;
  /** The Unix socket's mode, as a number (`0o660`) or in octal (`'0660'`). @defaultValue by umask */
  permissions?: number | string | undefined;
  /** The Unix socket's owner, a user's name or number. @defaultValue the process's */
  owner?: number | string | undefined;
  /** The Unix socket's group, a name or number. @defaultValue the process's */
  group?: number | string | undefined;
}

/** What a UDP server takes. */
export interface UdpOptions extends CommonOptions {
  /** The most bytes of one datagram that the callback gets; required. Fluentd: `max_bytes`. */
  maxBytes: number;
  /**
   * What happens to a longer datagram: `truncate` cuts it as `recv(2)` does, `drop` drops it with
   * a warning. Both are counted. @defaultValue `'truncate'`
   */
  oversize?: 'truncate' | 'drop' | undefined;
  /**
   * `MSG_*` options, as a number (see {@link messageFlags}) or as names. Those that cannot be kept
   * under Node are errors. Fluentd: `flags`. @defaultValue `0`
   */
  flags?: number | readonly MessageFlag[] | undefined;
  /**
   * An existing socket, which the helper reads from but never closes (Fluentd: `socket`); or socket
   * options as a group, each of which may be given here or without the group, not both.
   */
  socket?: UdpSocket | SocketOptions | undefined;
  /**
   * Bytes of datagrams that wait while the callback's promise is pending; more are dropped and
   * counted, as the kernel would. @defaultValue `4194304` (4 MiB)
   */
  maxQueuedBytes?: number | undefined;
}

/** UDP, with all datagrams of one turn of the event loop in one callback. */
export interface UdpBatchOptions extends UdpOptions {
  /** The most datagrams per callback. */
  batch: number;
}

/**
 * What the `<transport>` section says: a protocol, socket options and TLS options, flat as in the
 * section or in groups. TLS options beside another protocol are an error.
 */
export interface TransportOptions extends ServerTlsOptions, SocketOptions {
  /** Fluentd: `proto:`. Default: `tcp`. */
  protocol?: Protocol | undefined;
  /** The TLS options, as a group. */
  tls?: ServerTlsOptions | undefined;
  /** The socket options, as a group. */
  socket?: SocketOptions | undefined;
}
