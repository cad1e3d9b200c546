import { SocketOptionUnsupportedError } from './errors.js';
import type { SocketOptionName, ValidatedSocketOptions } from './options.js';

/** An option that this platform, this socket or the backend in use cannot do. */
export interface UnsupportedOption {
  /** As in {@link SocketOptions}. */
  readonly option: SocketOptionName;
  /** Why not, for people. */
  readonly reason: string;
}

/** What {@link applySocketOptions} did. */
export interface SocketOptionReport {
  /** The options that are in force now, as they were asked for. */
  readonly set: ValidatedSocketOptions;
  /**
   * Values read back from the kernel, in the units of {@link SocketOptions}. What the kernel does
   * not hold is absent: `resolveName`, `connect`, a `lingerTimeout` above 0, and all but UDP's
   * buffer sizes under the plain backend.
   */
  readonly actual: ValidatedSocketOptions;
  /** What could not be done, and why. */
  readonly unsupported: readonly UnsupportedOption[];
  /**
   * Options of a listener that accepted sockets cannot inherit here (plain backend, or a cluster
   * worker, whose listener the primary holds), and that are set on each one as it is accepted.
   */
  readonly perConnection: readonly SocketOptionName[];
}

/** A report in the making. @internal */
export interface Draft {
  set: Record<string, unknown>;
  actual: Record<string, unknown>;
  unsupported: UnsupportedOption[];
  perConnection: SocketOptionName[];
}

/** @internal */
export function newDraft(): Draft {
  return { set: {}, actual: {}, unsupported: [], perConnection: [] };
}

/** Notes that one option is not supported; the others are set all the same. @internal */
export function noteUnsupported(draft: Draft, option: SocketOptionName, error: unknown): void {
  if (!(error instanceof SocketOptionUnsupportedError)) throw error;
  draft.unsupported.push({ option, reason: error.reason });
}
