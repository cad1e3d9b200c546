export { createServerHelper, type ServerHelper } from './helper.js';
export { Connection, type ConnectionListener, type DataCallback } from './connection.js';
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
  HelperOptions,
  LimitOptions,
  Protocol,
  ServerHandle,
  StreamOptions,
  TransportOptions,
} from './options.js';
export type { ServerStatistics } from './statistics.js';
