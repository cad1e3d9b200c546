export { isNetwork } from '@sluice/socket-options';
export { createServerHelper, type ServerHelper } from './helper.js';
export type { HelperOptions } from './helper-options.js';
export type { ServerHandle } from './managed-server.js';
export type {
  Connection,
  ConnectionEvent,
  ConnectionListener,
  DataCallback,
  HandOverOptions,
} from './connection/connection.js';
export {
  Datagram,
  DatagramPeer,
  type BatchCallback,
  type DatagramCallback,
} from './udp/datagram.js';
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
} from './options/options.js';
export { messageFlags, type MessageFlag } from './udp/udp-flags.js';
export { shareListeners, type SharedListeners } from './cluster/shared-listeners.js';
export { channels } from './diagnostics.js';
export { parseProxyHeader, type ProxyHeader } from './accept/proxy-protocol.js';
export type { ServerStatistics } from './statistics.js';
