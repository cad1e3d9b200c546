import { createRequire } from 'node:module';

/** The C library of this process, called through koffi. */
export interface Libc {
  /**
   * Declares a function by its C prototype, such as `int flock(int fd, int operation)`. A C string
   * or a pointer takes a string or a Buffer; what the function returns is a number.
   */
  func(prototype: string): (...parameters: unknown[]) => number;
  /** The number of the error of the last call. Read it before the next call. */
  errno(): number;
  /** `EPERM` for its number; undefined where the number has no name. */
  errorName(errno: number): string | undefined;
}

let loaded: Libc | string | undefined;

/**
 * The C library, for calls that Node does not have. The first call loads the optional package
 * koffi (10 to 60 ms); later calls cost nothing. It is the same whatever backend
 * {@link selectBackend} has chosen for socket options.
 *
 * @returns the library, or a text that says why it cannot be had: koffi is not installed, or has
 *   no build for this platform
 */
export function loadLibc(): Libc | string {
  return (loaded ??= load());
}

function load(): Libc | string {
  try {
    const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi');
    const library = koffi.load(null);
    const names = new Map(Object.entries(koffi.os.errno).map(([name, value]) => [value, name]));
    return {
      func: (prototype) => library.func(prototype) as (...parameters: unknown[]) => number,
      errno: () => koffi.errno(),
      errorName: (errno) => names.get(errno),
    };
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n', 1)[0] : String(error);
    return `koffi cannot be loaded (${reason})`;
  }
}
