import { lookup, type LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { promisify } from 'node:util';

const lookupAll = promisify(lookup);

/** The addresses of one host, remembered as `expire_dns_cache` says. */
export class Addresses {
  #known: LookupAddress[] | undefined;
  #since = 0;
  #turn = 0;

  constructor(
    /** Name or address that is looked up. */
    readonly host: string,
    /** Seconds; undefined: until {@link Addresses.forget}. */
    private readonly expire: number | undefined,
    private readonly roundRobin: boolean,
  ) {}

  /** All addresses, the one to try first in front. @throws the resolver's error */
  async all(): Promise<LookupAddress[]> {
    const now = performance.now();
    const fresh = this.expire === undefined || now - this.#since < this.expire * 1000;
    if (this.#known === undefined || !fresh) {
      this.#known = await lookupAll(this.host, { all: true });
      this.#since = now;
    }
    if (!this.roundRobin) return this.#known;
    const turn = this.#turn++ % this.#known.length;
    return [...this.#known.slice(turn), ...this.#known.slice(0, turn)];
  }

  /** For `net.connect`, which tries one address after the other. */
  readonly lookup: LookupFunction = (_host, options, done) => {
    this.all().then(
      (all) => {
        if (options.all === true) done(null, all);
        else done(null, all[0].address, all[0].family);
      },
      (error: unknown) => done(error as NodeJS.ErrnoException, ''),
    );
  };

  /** Look up again: what was known did not work. */
  forget(): void {
    this.#known = undefined;
  }
}
