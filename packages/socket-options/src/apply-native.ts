import type { KernelOption, KernelOptionName } from './constants.js';
import { SocketOptionUnsupportedError } from './errors.js';
import { noteUnsupported, type Draft } from './draft.js';
import type { Native } from './native.js';
import type { SocketOptionName, ValidatedSocketOptions } from './options.js';
import type { Linger } from './values.js';

interface Mapping {
  readonly kernel: KernelOptionName;
  /** From seconds or bytes to what the kernel takes; as it is where absent. */
  readonly encode?: (value: never) => unknown;
  /** And back; undefined is: nothing in the kernel. */
  readonly decode?: (value: never) => unknown;
}

/** In the order in which they are set: keepalive has to be on before its times are. */
const mappings: readonly (readonly [SocketOptionName, Mapping])[] = [
  [
    'lingerTimeout',
    {
      kernel: 'SO_LINGER',
      // A positive SO_LINGER would make close(2) stall the event loop.
      encode: (seconds: number): Linger => ({ on: seconds === 0, seconds: 0 }),
      decode: ({ on, seconds }: Linger) => (on ? seconds : undefined),
    },
  ],
  ['recvTimeout', { kernel: 'SO_RCVTIMEO' }],
  ['sendTimeout', { kernel: 'SO_SNDTIMEO' }],
  ['sendKeepalivePacket', { kernel: 'SO_KEEPALIVE' }],
  ['keepaliveIdle', { kernel: 'TCP_KEEPIDLE' }],
  ['keepaliveInterval', { kernel: 'TCP_KEEPINTVL' }],
  ['keepaliveCount', { kernel: 'TCP_KEEPCNT' }],
  [
    'userTimeout',
    {
      kernel: 'TCP_USER_TIMEOUT',
      // Rounded up, because 0 would mean the system's default.
      encode: (seconds: number) => Math.ceil(Number((seconds * 1000).toFixed(3))),
      decode: (milliseconds: number) => milliseconds / 1000,
    },
  ],
  ['noDelay', { kernel: 'TCP_NODELAY' }],
  ['receiveBufferSize', { kernel: 'SO_RCVBUF' }],
  ['sendBufferSize', { kernel: 'SO_SNDBUF' }],
];

const kernelNames = new Set<string>(mappings.map(([option]) => option));

/** Whether any of these options is more than a promise that timers and lookups keep. @internal */
export function needsKernel(options: ValidatedSocketOptions): boolean {
  for (const option in options) {
    if (kernelNames.has(option) || option === 'nonblock' || option === 'reusePort') return true;
  }
  return false;
}

/** Sets options on a descriptor, and reads them back unless told not to. @internal */
export function applyNative(
  backend: Native,
  fd: number,
  options: ValidatedSocketOptions,
  draft: Draft,
  readBack = true,
): void {
  for (const [option, { kernel, encode, decode }] of mappings) {
    const value = options[option];
    if (value === undefined) continue;
    try {
      const place = placeOf(backend, kernel);
      backend.set(fd, place, encode === undefined ? value : encode(value as never));
      draft.set[option] = value;
      if (!readBack) continue;
      const raw = backend.get(fd, place);
      const actual = decode === undefined ? raw : decode(raw as never);
      if (actual !== undefined) draft.actual[option] = actual;
    } catch (error) {
      noteUnsupported(draft, option, error);
    }
  }
  if (options.nonblock !== undefined) {
    draft.set.nonblock = true; // libuv made it so
    const actual = readBack ? backend.isNonblocking(fd) : undefined;
    if (actual !== undefined) draft.actual.nonblock = actual;
  }
  if (options.reusePort !== undefined) checkReusePort(backend, fd, options.reusePort, draft);
}

/** SO_REUSEPORT counts when a socket is bound, which this one is. */
function checkReusePort(backend: Native, fd: number, wanted: boolean, draft: Draft): void {
  try {
    const actual = backend.get(fd, placeOf(backend, 'SO_REUSEPORT'));
    draft.actual.reusePort = actual;
    if (actual === wanted) draft.set.reusePort = wanted;
    else throw new SocketOptionUnsupportedError('reusePort', 'it has to be set before bind');
  } catch (error) {
    noteUnsupported(draft, 'reusePort', error);
  }
}

function placeOf(backend: Native, kernel: KernelOptionName): KernelOption {
  const place = backend.platform.options.get(kernel);
  if (place !== undefined) return place;
  throw new SocketOptionUnsupportedError(kernel, `${process.platform} has no ${kernel}`);
}
