import dgram from 'node:dgram';
import net from 'node:net';
import type { KernelOptionName } from './constants.js';
import type { SocketTarget } from './descriptor.js';
import { SocketOptionError, SocketOptionUnsupportedError } from './errors.js';

/**
 * Sets what Node has a method for.
 * @param why the reason for not having the native backend, for the error
 * @internal
 */
export function setPlain(
  target: SocketTarget,
  name: KernelOptionName,
  value: unknown,
  why: string,
): void {
  if (target instanceof net.Socket) {
    switch (name) {
      case 'SO_KEEPALIVE':
        requireType(name, value, 'boolean');
        target.setKeepAlive(value as boolean);
        return;
      case 'TCP_NODELAY':
        requireType(name, value, 'boolean');
        target.setNoDelay(value as boolean);
        return;
      case 'TCP_KEEPIDLE':
        requireType(name, value, 'number');
        target.setKeepAlive(true, (value as number) * 1000);
        return;
      default:
    }
  } else if (target instanceof dgram.Socket) {
    switch (name) {
      case 'SO_RCVBUF':
        requireType(name, value, 'number');
        target.setRecvBufferSize(value as number);
        return;
      case 'SO_SNDBUF':
        requireType(name, value, 'number');
        target.setSendBufferSize(value as number);
        return;
      case 'SO_BROADCAST':
        requireType(name, value, 'boolean');
        target.setBroadcast(value as boolean);
        return;
      default:
    }
  }
  throw unsupported(name, why);
}

/** Reads what Node has a method for. @internal */
export function getPlain(target: SocketTarget, name: KernelOptionName, why: string): unknown {
  if (target instanceof dgram.Socket) {
    if (name === 'SO_RCVBUF') return target.getRecvBufferSize();
    if (name === 'SO_SNDBUF') return target.getSendBufferSize();
  }
  throw unsupported(name, why);
}

function unsupported(name: KernelOptionName, why: string): SocketOptionUnsupportedError {
  return new SocketOptionUnsupportedError(name, `Node has no call for it, and ${why}`);
}

function requireType(name: string, value: unknown, type: 'boolean' | 'number'): void {
  if (typeof value !== type) throw new SocketOptionError(`must be a ${type}`, name, value);
}
