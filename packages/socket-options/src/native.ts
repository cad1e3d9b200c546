import { platformTable, type KernelOption, type Platform } from './constants.js';
import {
  SocketClosedError,
  SocketOptionSystemError,
  SocketOptionUnsupportedError,
} from './errors.js';
import { loadLibc } from './libc.js';
import { decodeValue, encodeValue, sizeOf } from './values.js';

/** The functions of libc that this file calls, and the error of the last call. */
interface Calls {
  setsockopt(fd: number, level: number, name: number, value: Buffer, size: number): number;
  getsockopt(fd: number, level: number, name: number, value: Buffer, size: Buffer): number;
  ioctl(fd: number, request: number, type: string, value: Buffer): number;
  fcntl(fd: number, command: number): number;
  errno(): number;
  errorName(errno: number): string | undefined;
}

const F_GETFL = 3;
/** What kernels say where they do not know an option, or not for this kind of socket. */
const UNKNOWN = new Set(['ENOPROTOOPT', 'EOPNOTSUPP', 'ENOTSUP']);

/** The kernel's own calls, on a descriptor. @internal */
export class Native {
  readonly platform: Platform;
  readonly #libc: Calls;
  // One buffer for each argument: calls are synchronous, and results are copied out.
  readonly #value = Buffer.alloc(64);
  readonly #size = Buffer.alloc(4);

  constructor(platform: Platform, libc: Calls) {
    this.platform = platform;
    this.#libc = libc;
  }

  /** Throws where the kernel does not know the option, or refuses the value. */
  set(fd: number, option: KernelOption, value: unknown): void {
    const bytes = encodeValue(option, value);
    if (this.#libc.setsockopt(fd, option.level, option.number, bytes, bytes.length) !== 0) {
      throw this.#failure(option.name, 'setsockopt');
    }
  }

  get(fd: number, option: KernelOption): unknown {
    const size = this.#read(fd, option.level, option.number, sizeOf(option));
    if (size < 0) throw this.#failure(option.name, 'getsockopt');
    // The kernel may give a flag as one byte; the rest has been cleared.
    return decodeValue(option, this.#value.subarray(0, Math.max(size, 4)));
  }

  /** The O_NONBLOCK flag; undefined where it cannot be read. */
  isNonblocking(fd: number): boolean | undefined {
    const flags = this.#libc.fcntl(fd, F_GETFL);
    return flags < 0 ? undefined : (flags & this.platform.nonblockFlag) !== 0;
  }

  /** True once the peer has acknowledged all data and the FIN; undefined where unknown. */
  isTaken(fd: number): boolean | undefined {
    const { level, number, taken } = this.platform.state;
    if (this.#read(fd, level, number, 8) < 1) return undefined;
    return taken.includes(this.#value[0]);
  }

  /** Bytes in the kernel that the peer has not acknowledged; undefined where unknown. */
  unacknowledged(fd: number): number | undefined {
    const { queue } = this.platform;
    const known =
      'ioctl' in queue
        ? this.#libc.ioctl(fd, queue.ioctl, 'void *', this.#value) === 0
        : this.#read(fd, queue.level, queue.number, 4) >= 0;
    return known ? this.#value.readInt32LE(0) : undefined;
  }

  #read(fd: number, level: number, number: number, size: number): number {
    this.#value.fill(0, 0, Math.max(size, 4));
    this.#size.writeInt32LE(size);
    const failed = this.#libc.getsockopt(fd, level, number, this.#value, this.#size) !== 0;
    return failed ? -1 : this.#size.readInt32LE(0);
  }

  #failure(option: string, syscall: string): Error {
    const errno = this.#libc.errno();
    const name = this.#libc.errorName(errno) ?? String(errno);
    if (UNKNOWN.has(name)) {
      return new SocketOptionUnsupportedError(option, `the kernel says ${name}`);
    }
    if (name === 'EBADF' || name === 'ENOTSOCK') return new SocketClosedError(option);
    return new SocketOptionSystemError(option, syscall, name);
  }
}

/** Which way options are set: by libc's calls, by what Node has, or the first that works. */
export type BackendChoice = 'auto' | 'native' | 'plain';

/** What is in use, and where it is not the kernel's own calls, why. */
export interface BackendReport {
  /** `native`: the kernel's own calls; `plain`: only what Node offers. */
  readonly backend: 'native' | 'plain';
  /** Why the native backend is not in use; absent where it is. */
  readonly reason?: string;
}

let choice: BackendChoice = 'auto';
let loaded: Native | string | undefined;

/**
 * The native backend, loaded at the first call (10 to 60 ms), or why there is none.
 * @internal
 */
export function native(): Native | string {
  if (choice === 'plain') return 'the plain backend was chosen';
  return (loaded ??= load());
}

/** The native backend where it has been loaded already: never loads. @internal */
export function nativeIfLoaded(): Native | undefined {
  return choice !== 'plain' && typeof loaded === 'object' ? loaded : undefined;
}

/**
 * Chooses the backend of this process: `auto` (what a process starts with) is native where koffi
 * and this platform allow it, else plain; `plain` never loads koffi.
 *
 * Except for `plain` this loads koffi at once (10 to 60 ms), so that no later call has to.
 *
 * @returns what is in use now, and why
 * @throws {@link SocketOptionUnsupportedError} for `native` where it cannot be had
 */
export function selectBackend(backend: BackendChoice = 'auto'): BackendReport {
  const before = choice;
  choice = backend;
  const found = native();
  if (typeof found === 'object') return { backend: 'native' };
  if (backend === 'native') {
    choice = before;
    throw new SocketOptionUnsupportedError('native backend', found);
  }
  return { backend: 'plain', reason: found };
}

function load(): Native | string {
  const platform = platformTable();
  if (platform === undefined) {
    return `there are no constants for ${process.platform} on ${process.arch}`;
  }
  const libc = loadLibc();
  if (typeof libc === 'string') return libc;
  return new Native(platform, {
    setsockopt: libc.func('int setsockopt(int, int, int, void *, uint32_t)'),
    getsockopt: libc.func('int getsockopt(int, int, int, void *, void *)'),
    ioctl: libc.func('int ioctl(int, unsigned long, ...)'),
    fcntl: libc.func('int fcntl(int, int, ...)'),
    errno: () => libc.errno(),
    errorName: (errno) => libc.errorName(errno),
  });
}
