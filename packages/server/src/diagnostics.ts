import { channel, type Channel } from 'node:diagnostics_channel';

/**
 * The `node:diagnostics_channel` channels. Publishing costs one look at `hasSubscribers` where
 * nobody listens. Every message has `title`; those about a peer have `peer`.
 *
 * - `sluice.server.listening` `{ title, protocol, address }`, `sluice.server.stopped` `{ title }`
 * - `sluice.server.connection.open` and `sluice.server.connection.close`
 *   `{ title, peer, connection }`
 * - `sluice.server.connection.refused` `{ title, peer, reason }`
 * - `sluice.server.connection.aborted` `{ title, peer, reason, err }`
 * - `sluice.server.handshake.failed` `{ title, peer, reason, err }`
 * - `sluice.server.datagram.dropped` `{ title, peer, reason, size }`
 */
export const channels = {
  /** A server listens. */
  listening: channel('sluice.server.listening'),
  /** A server listens no longer. */
  stopped: channel('sluice.server.stopped'),
  /** A connection was let in; for TLS after its handshake. */
  open: channel('sluice.server.connection.open'),
  /** A connection has ended, for whatever reason. */
  close: channel('sluice.server.connection.close'),
  /** A connection was turned away before any data. */
  refused: channel('sluice.server.connection.refused'),
  /** The helper has ended a connection: a limit, or a callback that failed. */
  aborted: channel('sluice.server.connection.aborted'),
  /** A TLS handshake failed. */
  handshakeFailed: channel('sluice.server.handshake.failed'),
  /** A datagram was not given to the callback. */
  dropped: channel('sluice.server.datagram.dropped'),
} satisfies Record<string, Channel>;
