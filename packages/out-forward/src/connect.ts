import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';
import type { ClientTls } from '@sluice/tls';
import type { Addresses } from './addresses.js';
import { ForwardOutputError } from './errors.js';

export interface Target {
  readonly peer: string;
  /** The name that its certificate has to be for. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly addresses: Addresses;
  readonly tls: ClientTls | undefined;
}

/**
 * Connects, and where TLS is wanted verifies the server, before anything is sent.
 *
 * @throws the system's error, or ForwardOutputError where the certificate is refused
 */
export async function connect(target: Target, signal: AbortSignal): Promise<net.Socket> {
  const { host, port, name, peer, addresses } = target;
  signal.throwIfAborted();
  const where = { host, port, lookup: addresses.lookup };
  let socket: net.Socket | undefined;
  try {
    if (target.tls === undefined) {
      socket = net.connect({ ...where, noDelay: true });
      await once(socket, 'connect', { signal });
      return socket;
    }
    const secure = tls.connect({ ...where, ...target.tls.connectOptions(name) });
    socket = secure;
    secure.setNoDelay(true);
    await once(secure, 'secureConnect', { signal });
    const verdict = await target.tls.verifyPeer(secure, name);
    if (verdict.ok) return secure;
    throw new ForwardOutputError(
      'ERR_SLUICE_FORWARD_CERTIFICATE',
      `the certificate is refused: ${verdict.reason}`,
      peer,
    );
  } catch (error) {
    socket?.on('error', () => undefined); // it has been given up
    socket?.destroy();
    addresses.forget();
    throw error instanceof Error && error.name === 'AbortError' ? (signal.reason as Error) : error;
  }
}
