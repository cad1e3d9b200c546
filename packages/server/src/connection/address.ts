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
