import dgram from 'node:dgram';
import net from 'node:net';
import { kernelOptionNames, type KernelOption, type KernelOptionName } from './constants.js';
import { descriptorOf, handleOf, type SocketTarget } from './descriptor.js';
import { SocketClosedError, SocketOptionError, SocketOptionUnsupportedError } from './errors.js';
import { native, type Native } from './native.js';
import { getPlain, setPlain } from './plain.js';
import type { KernelOptionValue } from './values.js';

const HIDDEN = 'the descriptor is not in this process';

/**
 * Reads one option back from the kernel, named as in the manual pages: `SO_RCVBUF`,
 * `TCP_KEEPIDLE`, … Reading SO_ERROR clears it.
 *
 * @returns booleans for switches, `{ on, seconds }` for SO_LINGER, seconds for SO_RCVTIMEO and
 *   SO_SNDTIMEO, a string for TCP_CONGESTION and SO_BINDTODEVICE, else the kernel's integer in the
 *   kernel's unit (TCP_USER_TIMEOUT: milliseconds)
 * @throws {@link SocketOptionError} for an unknown name
 * @throws {@link SocketOptionUnsupportedError} where this platform or the plain backend cannot
 * @throws {@link SocketClosedError} for a socket that is closed, or not open yet
 * @throws {@link SocketOptionSystemError} where the kernel refuses for another reason
 */
export function getSocketOption<N extends KernelOptionName>(
  target: SocketTarget,
  name: N,
): KernelOptionValue<N> {
  checkName(name);
  const backend = native();
  if (typeof backend === 'string') {
    if (handleOf(target) === undefined) throw new SocketClosedError(name);
    return getPlain(target, name, backend) as KernelOptionValue<N>;
  }
  const [fd, option] = find(backend, target, name);
  return backend.get(fd, option) as KernelOptionValue<N>;
}

/**
 * Sets one option, named as in the manual pages; values as {@link getSocketOption} gives them.
 * What the kernel made of it (a buffer size that it doubled or cut, say) is read with
 * {@link getSocketOption}.
 *
 * A positive SO_LINGER makes the close of the socket stall the whole process for up to that time;
 * use {@link closeWithLinger} instead.
 *
 * @throws as {@link getSocketOption}, and {@link SocketOptionError} for a value of a wrong type
 */
export function setSocketOption<N extends KernelOptionName>(
  target: SocketTarget,
  name: N,
  value: KernelOptionValue<N>,
): void {
  checkName(name);
  const backend = native();
  if (typeof backend === 'string') {
    if (handleOf(target) === undefined) throw new SocketClosedError(name);
    setPlain(target, name, value, backend);
    return;
  }
  const [fd, option] = find(backend, target, name);
  backend.set(fd, option, value);
}

function checkName(name: string): void {
  if (!(kernelOptionNames as readonly string[]).includes(name)) {
    throw new SocketOptionError('unknown option', name, undefined);
  }
}

function find(
  backend: Native,
  target: SocketTarget,
  name: KernelOptionName,
): [fd: number, option: KernelOption] {
  const option = backend.platform.options.get(name);
  if (option === undefined) {
    throw new SocketOptionUnsupportedError(name, `${process.platform} does not have it`);
  }
  if (!(
    target instanceof net.Server ||
    target instanceof net.Socket ||
    target instanceof dgram.Socket
  )) {
    throw new SocketOptionError(
      'the target must be a net or dgram socket, or a net.Server',
      name,
      target,
    );
  }
  const fd = descriptorOf(target);
  if (fd === 'closed') throw new SocketClosedError(name);
  if (fd === 'hidden') throw new SocketOptionUnsupportedError(name, HIDDEN);
  return [fd, option];
}
