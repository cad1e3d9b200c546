export type {
  DatagramPeer,
  SocketOptionName,
  SocketOptions,
  SocketProtocol,
  ValidatedSocketOptions,
} from './options.js';
export { socketOptionNames, validateSocketOptions } from './validate.js';
export { applySocketOptions, type ApplyOptions } from './apply.js';
export type { SocketOptionReport, UnsupportedOption } from './draft.js';
export { getSocketOption, setSocketOption } from './kernel-option.js';
export type { KernelOptionName } from './constants.js';
export type { BooleanName, KernelOptionValue, Linger } from './values.js';
export type { SocketTarget } from './descriptor.js';
export { clearLinger, closeWithLinger } from './linger.js';
export { watchTimeouts, type TimeoutLimits, type TimeoutListener } from './timeouts.js';
export { SendProgress, sendQueueOf, type SendQueue } from './send-queue.js';
export { listenOptions, type ListenOptions } from './listen-options.js';
export { connectDatagram } from './datagram.js';
export { NameResolver, type NameResolverOptions } from './name-resolver.js';
export { isNetwork, Networks, plainAddress } from './networks.js';
export { loadLibc, type Libc } from './libc.js';
export { selectBackend, type BackendChoice, type BackendReport } from './native.js';
export {
  SocketClosedError,
  SocketOptionError,
  SocketOptionSystemError,
  SocketOptionUnsupportedError,
  SocketTimeoutError,
  type TimeoutReason,
} from './errors.js';
