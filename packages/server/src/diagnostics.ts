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
  listening: channel('sluice.server.listening'),
  stopped: channel('sluice.server.stopped'),
  open: channel('sluice.server.connection.open'),
  close: channel('sluice.server.connection.close'),
  refused: channel('sluice.server.connection.refused'),
  aborted: channel('sluice.server.connection.aborted'),
  handshakeFailed: channel('sluice.server.handshake.failed'),
  dropped: channel('sluice.server.datagram.dropped'),
} satisfies Record<string, Channel>;
