import { plainAddress } from '@sluice/socket-options';
import type { Socket } from 'node:net';

/** Where a connection comes from. @internal */
export interface Source {
  readonly address: string;
  /** Undefined for Unix sockets. */
  readonly port: number | undefined;
}

/** The other end of a socket. @internal */
export function sourceOf(socket: Socket): Source {
  return { address: plainAddress(socket.remoteAddress ?? ''), port: socket.remotePort };
}

/** `192.0.2.1:24224`, `[2001:db8::1]:24224`, or the path of a Unix socket. */
export function formatPeer(address: string, port: number | undefined): string {
  if (port === undefined || address.startsWith('/') || address === '') {
    return `unix:${address}`;
  }
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
