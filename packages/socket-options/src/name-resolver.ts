import { isIP } from 'node:net';
import { SocketOptionError } from './errors.js';
import { plainAddress } from './networks.js';
import { nameByService } from './name-service.js';

/** Options of a {@link NameResolver}. */
export interface NameResolverOptions {
  /** Addresses remembered at one time; the one that was asked for longest ago goes first. @defaultValue `1024` */
  maxEntries?: number | undefined;
  /** Seconds that a name is remembered. @defaultValue `300` */
  timeToLive?: number | undefined;
  /** Seconds that an address without a name, or a failed lookup, is remembered. @defaultValue `30` */
  negativeTimeToLive?: number | undefined;
  /** Lookups under way at one time; further addresses go without a name for now. @defaultValue `64` */
  maxLookups?: number | undefined;
  /** Seconds for one lookup. @defaultValue `5` */
  timeout?: number | undefined;
  /**
   * Reverse lookup of one address: the names, best first.
   * @defaultValue getnameinfo(3), which asks what the system asks: the hosts file, DNS, or what
   *   nsswitch.conf names. It uses at most half of the threads of Node's pool (two of four).
   */
  lookup?: ((address: string) => Promise<readonly string[]>) | undefined;
}

interface Entry {
  readonly name: string | undefined;
  readonly expires: number;
}

/**
 * The names of peers by reverse lookup, remembered with a bound and a time to live. It never
 * throws or rejects, and never makes data wait. Fluentd's `resolve_name`.
 */
export class NameResolver {
  readonly #maxEntries: number;
  readonly #maxLookups: number;
  readonly #timeToLive: number;
  readonly #negativeTimeToLive: number;
  readonly #timeout: number;
  readonly #lookup: (address: string) => Promise<readonly string[]>;
  // In the order of use: the first is the one to forget.
  readonly #entries = new Map<string, Entry>();
  readonly #pending = new Map<string, Promise<string>>();

  /** @throws {@link SocketOptionError} for a bound that is not a positive number */
  constructor(options: NameResolverOptions = {}) {
    const { lookup } = options;
    this.#maxEntries = positive('maxEntries', options.maxEntries ?? 1024);
    this.#maxLookups = positive('maxLookups', options.maxLookups ?? 64);
    this.#timeToLive = 1000 * positive('timeToLive', options.timeToLive ?? 300);
    this.#negativeTimeToLive =
      1000 * positive('negativeTimeToLive', options.negativeTimeToLive ?? 30);
    this.#timeout = Math.ceil(1000 * positive('timeout', options.timeout ?? 5));
    this.#lookup = lookup ?? ((address) => nameByService(address, this.#timeout));
  }

  /** Addresses that are remembered now. */
  get size(): number {
    return this.#entries.size;
  }

  /**
   * The name where it is known, else undefined; a lookup is then started, so that a later call
   * knows.
   */
  cached(address: string): string | undefined {
    const key = plain(address);
    const entry = this.#find(key);
    if (entry === undefined) void this.#start(key); // never rejects
    return entry?.name;
  }

  /**
   * The name, or the address as it was given where there is none; at once where it is known.
   * Never rejects.
   */
  resolve(address: string): string | Promise<string> {
    const key = plain(address);
    const entry = this.#find(key);
    if (entry !== undefined) return entry.name ?? address;
    const found = this.#start(key);
    return found === undefined ? address : found.then((name) => (name === key ? address : name));
  }

  /** Forgets everything. */
  clear(): void {
    this.#entries.clear();
  }

  #find(key: string): Entry | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#entries.delete(key);
    if (entry.expires <= performance.now()) return undefined;
    this.#entries.set(key, entry);
    return entry;
  }

  /** Undefined where it cannot be looked up (now). */
  #start(key: string): Promise<string> | undefined {
    const pending = this.#pending.get(key);
    if (pending !== undefined) return pending;
    if (this.#pending.size >= this.#maxLookups || isIP(key) === 0) return undefined;
    const started = this.#ask(key);
    this.#pending.set(key, started);
    return started;
  }

  async #ask(key: string): Promise<string> {
    let name: string | undefined;
    let timer: NodeJS.Timeout | undefined;
    try {
      const late = new Promise<undefined>((resolve) => {
        timer = setTimeout(resolve, this.#timeout, undefined).unref();
      });
      const names = await Promise.race([this.#lookup(key), late]);
      // A name is what somebody else wrote into their DNS: it must not break a log line.
      name = names?.find((each) => /^[\w.-]{1,253}$/.test(each));
    } catch {
      // No name, or no answer: the address stands for it, and is asked for again after a while.
    }
    clearTimeout(timer);
    this.#pending.delete(key);
    const life = name === undefined ? this.#negativeTimeToLive : this.#timeToLive;
    this.#entries.delete(key);
    this.#entries.set(key, { name, expires: performance.now() + life });
    if (this.#entries.size > this.#maxEntries) {
      this.#entries.delete(this.#entries.keys().next().value!);
    }
    return name ?? key;
  }
}

/** Without a zone (`fe80::1%eth0`): names do not depend on it. */
function plain(address: string): string {
  return plainAddress(address).split('%', 1)[0];
}

function positive(option: string, value: unknown): number {
  if (typeof value === 'number' && value > 0 && value <= 2_147_483) return value;
  throw new SocketOptionError('must be a number from above 0 to 2147483', option, value);
}
