// Replaced by @sluice/socket-options once it is there.
import type { Socket } from 'node:net';

export interface SocketOptions {
  resolveName?: boolean | undefined;
  lingerTimeout?: number | undefined;
}

export function closeWithLinger(socket: Socket, seconds: number, raw: Socket): void {
  if (seconds === 0) {
    raw.resetAndDestroy();
    socket.destroy();
  } else {
    socket.end();
    socket.resume();
    setTimeout(() => raw.resetAndDestroy(), seconds * 1000).unref();
  }
}
