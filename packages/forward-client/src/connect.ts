import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';
import type { ClientTls } from '@sluice/tls';
import { Addresses } from './addresses.js';
import { ForwardClientError } from './errors.js';
import { explainTls } from './tls-errors.js';

/** Where a server is, and how to connect to it. */
export interface Target {
  /** `host:port`, or the path of the Unix socket: its name in messages. */
  readonly peer: string;
  /** The name that its certificate has to be for. */
  readonly name: string;
  /** Name or address to connect to, where there is no `path`. */
  readonly host: string;
  /** 1 to 65535, where there is no `path`. */
  readonly port: number;
  /** A Unix socket in place of host and port. */
  readonly path: string | undefined;
  /** Those of the host, looked up when they are needed. */
  readonly addresses: Addresses;
  /** What a connection is encrypted with; undefined for plain TCP. */
  readonly tls: ClientTls | undefined;
}

/** What a {@link Target} is made from. */
export interface TargetOptions {
  /** Default: 127.0.0.1. */
  readonly host?: string | undefined;
  /** Default: 24224. */
  readonly port?: number | undefined;
  /** A Unix socket in place of host and port. */
  readonly path?: string | undefined;
  /** The name that its certificate has to be for. Default: the host. */
  readonly name?: string | undefined;
  /** From `createClientContext` of `@sluice/tls`. Default: no TLS. */
  readonly tls?: ClientTls | undefined;
  /** Seconds to remember addresses. Default: until a connection fails. 0: look up every time. */
  readonly expireDnsCache?: number | undefined;
  /** Take the addresses of the host in turn. Default: false. */
  readonly dnsRoundRobin?: boolean | undefined;
}

/** A server to connect to. */
export function targetOf(options: TargetOptions): Target {
  const { host = '127.0.0.1', port = 24_224, path } = options;
  return {
    peer: path ?? `${host}:${port}`,
    name: options.name ?? host,
    host,
    port,
    path,
    addresses: new Addresses(host, options.expireDnsCache, options.dnsRoundRobin ?? false),
    tls: options.tls,
  };
}

/** How far a connection has come. */
interface Progress {
  connected: boolean;
  secured: boolean;
  failure: Error | undefined;
}

/**
 * Connects, and where TLS is wanted verifies the server, before anything is sent.
 *
 * @throws the system's error; ForwardClientError where the certificate is refused or TLS fails; the
 *   signal's reason
 */
export async function connect(target: Target, signal: AbortSignal): Promise<net.Socket> {
  const { host, port, path, name, peer, addresses } = target;
  signal.throwIfAborted();
  const where = path === undefined ? { host, port, lookup: addresses.lookup } : { path };
  const seen: Progress = { connected: false, secured: false, failure: undefined };
  const socket =
    target.tls === undefined
      ? net.connect({ ...where, noDelay: true })
      : tls.connect({ ...where, ...target.tls.connectOptions(name) });
  socket.on('error', (error) => {
    seen.failure ??= error;
    // Node leaves a socket open whose TLS fails after the handshake.
    socket.destroy();
  });
  try {
    if (target.tls === undefined || !(socket instanceof tls.TLSSocket)) {
      await once(socket, 'connect', { signal });
      return socket;
    }
    socket.setNoDelay(true);
    socket.once('connect', () => (seen.connected = true));
    await once(socket, 'secureConnect', { signal });
    seen.secured = true;
    const verdict = await target.tls.verifyPeer(socket, name);
    if (!verdict.ok) {
      throw new ForwardClientError(
        'ERR_SLUICE_FORWARD_CERTIFICATE',
        `the certificate is refused: ${verdict.reason}`,
        peer,
      );
    }
    signal.throwIfAborted();
    if (!socket.destroyed) return socket;
    throw (
      seen.failure ??
      new ForwardClientError(
        'ERR_SLUICE_FORWARD_CLOSED',
        'the server closed the connection after the TLS handshake',
        peer,
      )
    );
  } catch (error) {
    socket.destroy();
    addresses.forget();
    if (signal.aborted) throw signal.reason as Error;
    if (!seen.connected) throw error;
    throw explainTls(error as Error, peer, seen.secured ? 'established' : 'handshake');
  }
}
