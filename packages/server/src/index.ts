export { createServerHelper, type ServerHelper } from './helper.js';
export type { HelperOptions } from './helper-options.js';
export type { ServerHandle } from './managed-server.js';
export { Connection, type ConnectionListener, type DataCallback } from './connection.js';
export { Datagram, DatagramPeer, type BatchCallback, type DatagramCallback } from './datagram.js';
export {
  ConnectionClosedError,
  ConnectionEventError,
  HelperStoppedError,
  ListenError,
  ProxyHeaderError,
  ServerArgumentError,
} from './errors.js';
export { consoleLogger, silentLogger, type Logger, type LogMethod } from './logger.js';
export type {
  CommonOptions,
  LimitOptions,
  Protocol,
  StreamOptions,
  StreamProtocol,
  TransportOptions,
  UdpBatchOptions,
  UdpOptions,
} from './options.js';
export { messageFlags, type MessageFlag } from './udp-flags.js';
export { shareListeners, type SharedListeners } from './shared-listeners.js';
export { channels } from './diagnostics.js';
export { parseProxyHeader, type ProxyHeader } from './proxy-protocol.js';
export type { ServerStatistics } from './statistics.js';
