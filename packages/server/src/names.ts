import { NameResolver } from './socket-seam.js';

/** Names of peers by reverse lookup: what a connection needs of a resolver. @internal */
export interface NameLookup {
  /** The name where it is known already. */
  cached(address: string): string | undefined;
  /** The name, or the address where there is none. Never rejects. */
  resolve(address: string): string | Promise<string>;
}

/** One cache for all servers of a helper. @internal */
export class PeerNames implements NameLookup {
  readonly #resolver = new NameResolver();

  cached(address: string): string | undefined {
    return this.#resolver.lookup(address);
  }

  resolve(address: string): string | Promise<string> {
    return this.#resolver.lookup(address) ?? this.#resolver.resolve(address);
  }
}
