import { SocketOptionUnsupportedError } from './errors.js';
import type { SocketOptions } from './options.js';

/** What `server.listen()` and `dgram.createSocket()` take. */
export interface ListenOptions {
  /** SO_REUSEPORT: others may listen on the same port, and the kernel shares connections out. */
  reusePort?: true;
}

/**
 * The options that have to be set before bind, in the form in which `server.listen()` and
 * `dgram.createSocket()` take them: spread them into the argument. It is `reusePort` alone.
 *
 * @throws {@link SocketOptionUnsupportedError} where Node or the platform cannot: older Node
 *   versions ignore the option without a word, and the second listener then fails with EADDRINUSE
 */
export function listenOptions(options: Pick<SocketOptions, 'reusePort'>): ListenOptions {
  if (options.reusePort !== true) return {};
  const reason = whyNot(process.versions.node, process.platform);
  if (reason !== undefined) throw new SocketOptionUnsupportedError('reusePort', reason);
  return { reusePort: true };
}

/** @internal */
export function whyNot(version: string, platform: string): string | undefined {
  // As libuv: where SO_REUSEPORT shares out connections.
  if (!['linux', 'freebsd', 'sunos', 'aix'].includes(platform)) {
    return `${platform} does not share out connections among sockets of one port`;
  }
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major < 22 || (major === 22 && minor < 12) || (major === 23 && minor < 1)) {
    return `Node ${version} ignores it; from 22.12 and 23.1 it does not`;
  }
  return undefined;
}
