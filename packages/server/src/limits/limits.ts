import { Networks } from '@sluice/socket-options';
import { ServerArgumentError } from '../errors.js';
import type { LimitOptions } from '../options/options.js';

/** The bounds of one server, with their defaults. */
export interface Limits {
  maxConnections: number;
  maxConnectionsPerAddress: number;
  /** Milliseconds; `Infinity` for none. */
  handshakeTimeout: number;
  /** Seconds (0: no limit), like the next two. */
  idleTimeout: number;
  firstByteTimeout: number;
  closeTimeout: number;
  maxWriteBuffer: number;
  allowed: Networks | undefined;
  proxies: Networks | undefined;
}

/** Checks the bounds. @throws ServerArgumentError @internal */
export function checkLimits(options: LimitOptions): Limits {
  const seconds = (name: keyof LimitOptions, fallback: number): number =>
    numberOf(options, name, fallback, false);
  return {
    maxConnections: numberOf(options, 'maxConnections', 65_536, true, 1),
    maxConnectionsPerAddress: unbounded(numberOf(options, 'maxConnectionsPerAddress', 0, true)),
    handshakeTimeout: unbounded(seconds('handshakeTimeout', 10)) * 1000,
    idleTimeout: seconds('idleTimeout', 0),
    firstByteTimeout: seconds('firstByteTimeout', 0),
    closeTimeout: seconds('closeTimeout', 30),
    maxWriteBuffer: numberOf(options, 'maxWriteBuffer', 16 * 1024 * 1024, true, 1),
    allowed: networks('allowedNetworks', options.allowedNetworks),
    proxies: networks('proxyProtocolFrom', options.proxyProtocolFrom),
  };
}

function unbounded(value: number): number {
  return value === 0 ? Infinity : value;
}

function networks(option: string, entries: unknown): Networks | undefined {
  if (entries === undefined || entries === null) return undefined;
  if (!Array.isArray(entries)) {
    const message = `${option} must be an array of addresses and networks`;
    throw new ServerArgumentError(message, option, entries);
  }
  return new Networks(entries, option);
}

function numberOf(
  options: LimitOptions,
  name: keyof LimitOptions,
  fallback: number,
  whole: boolean,
  least = 0,
): number {
  const value: unknown = options[name] ?? fallback;
  const most = whole ? Number.MAX_SAFE_INTEGER : 0x7fffffff / 1000; // what a timer can hold
  const right =
    typeof value === 'number' &&
    value >= least &&
    value <= most &&
    (!whole || Number.isInteger(value));
  if (!right) {
    const kind = whole ? 'a whole number' : 'a number of seconds';
    throw new ServerArgumentError(`${name} must be ${kind} of at least ${least}`, name, value);
  }
  return value;
}

/** Counts connections per address, where that is bounded. @internal */
export class AddressCounter {
  readonly #counts = new Map<string, number>();
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  /** False where the address has as many as it may have. */
  take(address: string): boolean {
    if (this.#most === Infinity) return true;
    const count = this.#counts.get(address) ?? 0;
    if (count >= this.#most) return false;
    this.#counts.set(address, count + 1);
    return true;
  }

  give(address: string): void {
    if (this.#most === Infinity) return;
    const count = this.#counts.get(address);
    if (count === undefined) return;
    if (count > 1) this.#counts.set(address, count - 1);
    else this.#counts.delete(address);
  }
}
