/* eslint-disable */
// Replaced by @sluice/socket-options once it is there.
import type { Socket as UdpSocket } from 'node:dgram';
import type { Server, Socket } from 'node:net';

export interface SocketOptions {
  resolveName?: boolean | undefined;
  connect?: { address: string; port: number } | undefined;
  nonblock?: boolean | undefined;
  lingerTimeout?: number | undefined;
  recvTimeout?: number | undefined;
  sendTimeout?: number | undefined;
  sendKeepalivePacket?: boolean | undefined;
  receiveBufferSize?: number | undefined;
  sendBufferSize?: number | undefined;
  keepaliveIdle?: number | undefined;
  keepaliveInterval?: number | undefined;
  keepaliveCount?: number | undefined;
  userTimeout?: number | undefined;
  noDelay?: boolean | undefined;
  reusePort?: boolean | undefined;
}
export type ValidatedSocketOptions = Readonly<SocketOptions>;
export interface SocketOptionReport {
  unsupported: readonly string[];
}
export function validateSocketOptions(
  _protocol: string,
  options: SocketOptions,
): ValidatedSocketOptions {
  return options;
}
export function applySocketOptions(
  _target: Server | Socket | UdpSocket,
  _options: ValidatedSocketOptions,
): SocketOptionReport {
  return { unsupported: [] };
}
export function setSocketOption(_target: Socket, _name: string, _value: unknown): void {
  return;
}
export class NameResolver {
  lookup(address: string): string | undefined {
    return address === '' ? '' : undefined;
  }
  resolve(address: string): Promise<string> {
    return Promise.resolve(address);
  }
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
