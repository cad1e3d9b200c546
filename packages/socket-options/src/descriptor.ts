import dgram from 'node:dgram';
import net from 'node:net';
import tls from 'node:tls';
import type { SocketProtocol } from './options.js';

/** What options can be set on: a listener, a connection (TLS too), or a UDP socket. */
export type SocketTarget = net.Server | net.Socket | dgram.Socket;

/**
 * What Node keeps under a socket. It is not documented, but has been the same since Node 0.10, and
 * every use here copes with its absence.
 * @internal
 */
export interface Handle {
  readonly fd?: number;
  /** Under a TLS wrapper, the handle of the transport. */
  readonly _parent?: Handle;
  /** Bytes received, and bytes handed over to be sent (those that libuv still holds included). */
  readonly bytesRead?: number;
  readonly bytesWritten?: number;
  /** Bytes that libuv holds because the kernel did not take them yet. */
  readonly writeQueueSize?: number;
}

interface WithHandle {
  readonly _handle?: Handle | null;
}

let datagramState: symbol | undefined;

/** The handle of the transport, under TLS if there is any; undefined once closed. @internal */
export function handleOf(target: SocketTarget): Handle | undefined {
  let handle: Handle | null | undefined;
  if (target instanceof dgram.Socket) {
    // Not `socket._handle`, whose getter prints DEP0112.
    datagramState ??= Object.getOwnPropertySymbols(target).find(
      (symbol) => symbol.description === 'state symbol',
    );
    if (datagramState === undefined) return undefined;
    const state = (target as unknown as Record<symbol, { handle?: Handle | null } | undefined>)[
      datagramState
    ];
    handle = state?.handle;
  } else {
    handle = (target as unknown as WithHandle)._handle;
  }
  while (handle?._parent !== undefined) handle = handle._parent;
  return handle ?? undefined;
}

/**
 * The descriptor right now: `closed` where the socket has none (any more, or yet), `hidden` where
 * it is open but its descriptor is elsewhere (Windows; the listener of a cluster worker, which the
 * primary holds). It is asked for at each call and never kept: after a close, the system gives the
 * same number to somebody else.
 * @internal
 */
export function descriptorOf(target: SocketTarget): number | 'closed' | 'hidden' {
  const handle = handleOf(target);
  if (handle === undefined) return 'closed';
  const { fd } = handle;
  if (typeof fd === 'number' && fd >= 0) return fd;
  return typeof fd !== 'number' || process.platform === 'win32' ? 'hidden' : 'closed';
}

/** The protocol that a socket speaks. @internal */
export function protocolOf(target: SocketTarget): SocketProtocol {
  if (target instanceof dgram.Socket) return 'udp';
  if (target instanceof net.Server) {
    if (typeof target.address() === 'string') return 'unix';
    return target instanceof tls.Server ? 'tls' : 'tcp';
  }
  if (isPipe(target)) return 'unix';
  return target instanceof tls.TLSSocket ? 'tls' : 'tcp';
}

/** True for a Unix socket (on Windows, a named pipe). @internal */
export function isPipe(socket: net.Socket): boolean {
  return handleOf(socket)?.constructor.name === 'Pipe';
}
