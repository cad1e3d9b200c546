/** Names of peers by reverse lookup: what a connection needs of a resolver. @internal */
export interface NameLookup {
  /** The name where it is known already. */
  cached(address: string): string | undefined;
  /** The name, or the address where there is none. Never rejects. */
  resolve(address: string): string | Promise<string>;
}
