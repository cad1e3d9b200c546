import type { Socket } from 'node:net';

/**
 * What a consumer of bytes is: a promise that it returns pauses the socket until it settles. The
 * bytes may be kept, unless the server was created with `reuseReadBuffers`.
 */
export type DataCallback = (data: Buffer, connection: Connection) => unknown;
/** A listener of `writeComplete`, `end` or `close`. */
export type ConnectionListener = (connection: Connection) => unknown;

/** The events of a connection that may have several listeners. */
export type ConnectionEvent = 'writeComplete' | 'end' | 'close';

/** What the new owner of a socket may say; see {@link Connection.handOver}. */
export interface HandOverOptions {
  /**
   * Called once when the server shuts down: finish what is under way and end the socket. One that
   * is open after `shutdownTimeout` is reset.
   * @defaultValue ends the socket: what was written is sent, then a FIN
   */
  shutdown?: (() => void) | undefined;
}

/**
 * One accepted connection: Fluentd's `TCPCallbackSocket` and `TLSCallbackSocket`, and the same for
 * Unix sockets.
 *
 * The connection is half-open by design: a peer that has sent its FIN still gets what is written
 * to it. Our side ends when the consumer is done (its promises have settled) and everything
 * written has been flushed.
 */
export interface Connection extends AsyncIterable<Buffer> {
  /** Node's socket: a `TLSSocket` for TLS. Reading from it directly bypasses the helper. */
  readonly socket: Socket;
  /** The title of the server that accepted it. */
  readonly title: string;
  /** What the server listens for. */
  readonly protocol: 'tcp' | 'tls' | 'unix';
  /** The peer's address; behind a trusted proxy the client's. For Unix the server's path. */
  readonly remoteAddr: string;
  /** The peer's port; `undefined` for Unix. */
  readonly remotePort: number | undefined;
  /**
   * The peer's name where `resolveName` is on and the lookup has answered, else its address.
   * Fluentd's `remote_host`; looking a name up never delays data.
   */
  readonly remoteHost: string;
  /** `host:port` for log lines. */
  readonly peer: string;
  /** Bytes received (of the TLS contents, for TLS). */
  readonly bytesRead: number;
  /** Bytes written, those that still wait included. */
  readonly bytesWritten: number;
  /** True once nothing can be written any more. */
  readonly closed: boolean;

  /** As `remoteHost`, but waits for the lookup. Never rejects. */
  resolveRemoteHost(): string | Promise<string>;

  /**
   * Sends bytes. False says that they wait in memory, or that the connection is closed already
   * (the peer went away: not an error). More than `maxWriteBuffer` waiting bytes reset the
   * connection.
   */
  write(data: Uint8Array | string): boolean;

  /**
   * Closes at once, as `lingerTimeout` says: 0 resets the connection (RST) and drops what is
   * unsent; n > 0 sends a FIN and gives the peer n seconds to take the rest. Never blocks.
   */
  close(): void;

  /**
   * Closes when everything written has been sent. The peer gets all of it, then a FIN; with
   * `lingerTimeout: 0` a RST where its kernel has acknowledged everything already.
   */
  closeAfterWriteComplete(): void;

  /**
   * Listens:
   * - `data`: `(chunk, connection)`, once per connection, and not together with iteration; the
   *   chunk may be kept, unless the server was created with `reuseReadBuffers`.
   * - `writeComplete`: everything written so far has gone to the kernel.
   * - `end`: the peer has sent its FIN; our side stays open until a promise returned here settles.
   * - `close`: the connection is gone.
   *
   * @throws ConnectionEventError for an unknown event, and for a second consumer of `data`
   */
  on(event: 'data', listener: DataCallback): this;
  /** The other events, as above. */
  on(event: ConnectionEvent, listener: ConnectionListener): this;

  /**
   * For servers with `reuseReadBuffers`, to be called while a chunk is with the data callback: its
   * bytes stay as they are beyond the callback, until the function that is returned has been called.
   * Each caller has to call its own. Without `reuseReadBuffers` the bytes stay anyway.
   */
  retain(): () => void;

  /**
   * Gives the socket to somebody else, such as Node's HTTP server: from now on they read it, write
   * it and end it. Nothing of the connection has been read. The helper keeps what is around it:
   * TLS, the limits in number and in time, statistics, and the shutdown, which calls
   * {@link HandOverOptions.shutdown}.
   *
   * Its `write` returns false from now on; `close` resets it, and `close` listeners are called.
   *
   * @throws ConnectionEventError where the connection has a consumer of its bytes, or is closed
   * @returns the socket (a `TLSSocket` for TLS), which stays open when the peer half-closes
   */
  handOver(options?: HandOverOptions): Socket;

  /**
   * The chunks as they come; the socket is paused while the loop's body is busy. They may be kept,
   * with `reuseReadBuffers` as well.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<Buffer, undefined>;
}
