/** The transports that a socket option can be asked for; `tls` is TCP with TLS on it. */
export type SocketProtocol = 'tcp' | 'tls' | 'udp' | 'unix';

/** The one peer that a UDP socket is pinned to. */
export interface DatagramPeer {
  /** IP address of the socket's family, or a host name that Node resolves. */
  address: string;
  /** 1 to 65535. */
  port: number;
}

/**
 * Socket options by name. Times are seconds, sizes are bytes; an option that is absent, undefined
 * or null is left as it is.
 */
export interface SocketOptions {
  /**
   * Look up the names of peers; see {@link NameResolver}. Nothing is set in the kernel. TCP, TLS
   * and UDP. Fluentd: `resolve_name`.
   */
  resolveName?: boolean | undefined;
  /** Pin a UDP socket to one peer with connect(2). UDP only. Fluentd: `connect`. */
  connect?: DatagramPeer | undefined;
  /** Sockets of Node never block: true changes nothing, false is an error. Fluentd: `nonblock`. */
  nonblock?: boolean | undefined;
  /**
   * Seconds that closing waits for the peer to take what is unsent; 0 closes with RST. In the
   * kernel SO_LINGER is set for 0 only: for more it would stall the process, so
   * {@link closeWithLinger} keeps it. 0 to 2147483, fractions allowed. TCP and TLS.
   * Fluentd: `linger_timeout`.
   */
  lingerTimeout?: number | undefined;
  /**
   * Seconds without a byte from the peer; 0: no limit. SO_RCVTIMEO in the kernel, kept by
   * {@link watchTimeouts}. Fluentd: `recv_timeout`.
   */
  recvTimeout?: number | undefined;
  /**
   * Seconds in which the peer takes none of the waiting bytes; 0: no limit. SO_SNDTIMEO in the
   * kernel, kept by {@link watchTimeouts}. Fluentd: `send_timeout`.
   */
  sendTimeout?: number | undefined;
  /** SO_KEEPALIVE. TCP and TLS. Fluentd: `send_keepalive_packet`. */
  sendKeepalivePacket?: boolean | undefined;
  /** SO_RCVBUF in bytes, up to 1073741823; Linux reads back the double. */
  receiveBufferSize?: number | undefined;
  /** SO_SNDBUF in bytes, up to 1073741823; Linux reads back the double. */
  sendBufferSize?: number | undefined;
  /**
   * TCP_KEEPIDLE: seconds of silence before the first probe, 1 to 32767. This one and the next two
   * turn `sendKeepalivePacket` on where it is not given.
   */
  keepaliveIdle?: number | undefined;
  /** TCP_KEEPINTVL: seconds between probes, 1 to 32767. */
  keepaliveInterval?: number | undefined;
  /** TCP_KEEPCNT: probes without an answer before the connection is dropped, 1 to 127. */
  keepaliveCount?: number | undefined;
  /**
   * TCP_USER_TIMEOUT: seconds that sent data may stay unacknowledged before the kernel drops the
   * connection; 0 is the system's default. 0 to 2147483.647, to the millisecond. Linux.
   */
  userTimeout?: number | undefined;
  /** TCP_NODELAY. TCP and TLS. */
  noDelay?: boolean | undefined;
  /**
   * SO_REUSEPORT: several sockets on one port, with the kernel sharing out what arrives. It has to
   * be set before bind, see {@link listenOptions}. TCP, TLS and UDP.
   */
  reusePort?: boolean | undefined;
}

/** The name of one option, as in {@link SocketOptions}. */
export type SocketOptionName = keyof SocketOptions;

/** What {@link validateSocketOptions} returns: checked, without absent ones, frozen. */
export type ValidatedSocketOptions = Readonly<SocketOptions>;
