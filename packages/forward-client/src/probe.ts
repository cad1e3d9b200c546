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
  const { host } = target;
  const socket = tls.connect({
    ...placeOf(target),
    ...(net.isIP(host) === 0 && { servername: host }),
    rejectUnauthorized: false,
  });
  return answer(socket, timeout, (found) => {
    socket.on('secureConnect', () => found(true));
    // A server that refuses this handshake by an alert speaks TLS, too.
    socket.on('error', (error: Error) => found(error.message.includes(' alert ')));
  });
}

/**
 * Finds out whether a server asks for a shared key: it then begins with the greeting of the handshake,
 * `["HELO", …]`. The greeting may be lost to a client that has sent events at once, in the reset that
 * answers them.
 *
 * @param timeout seconds
 * @returns false also where it cannot be found out
 */
export function asksForKey(target: Target, timeout: number): Promise<boolean> {
  const socket = net.connect(placeOf(target));
  return answer(socket, timeout, (found) => {
    socket.on('data', (data) => found(data.includes('HELO')));
    socket.on('error', () => found(false));
  });
}

function placeOf({ host, port, path, addresses }: Target) {
  return path === undefined ? { host, port, lookup: addresses.lookup } : { path };
}

/** What is found out by listening to a connection; nothing where it closes, or takes too long. */
function answer(
  socket: net.Socket,
  timeout: number,
  listen: (found: (yes: boolean) => void) => void,
): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => found(false), timeout * 1000);
    const found = (yes: boolean): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(yes);
    };
    listen(found);
    socket.on('close', () => found(false));
  });
}
