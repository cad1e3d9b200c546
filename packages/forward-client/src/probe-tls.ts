import net from 'node:net';
import tls from 'node:tls';
import type { Target } from './connect.js';

/**
 * Finds out whether a server speaks TLS, by beginning a handshake and verifying nothing. A server that
 * speaks TLS closes a plain connection without a word, so this tells why it did.
 *
 * @param timeout seconds
 * @returns false also where it cannot be found out
 */
export function speaksTls(target: Target, timeout: number): Promise<boolean> {
  const { host, port, path, addresses } = target;
  const where = path === undefined ? { host, port, lookup: addresses.lookup } : { path };
  return new Promise((resolve) => {
    const socket = tls.connect({
      ...where,
      ...(net.isIP(host) === 0 && { servername: host }),
      rejectUnauthorized: false,
    });
    const timer = setTimeout(() => found(false), timeout * 1000);
    const found = (yes: boolean): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(yes);
    };
    socket.on('secureConnect', () => found(true));
    // A server that refuses this handshake by an alert speaks TLS, too.
    socket.on('error', (error: Error) => found(error.message.includes(' alert ')));
    socket.on('close', () => found(false));
  });
}
